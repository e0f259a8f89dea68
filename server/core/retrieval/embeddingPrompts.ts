// What embedding models want to read before a question and before what is searched: each was trained with words of its own, and finds less without them. It
// knows names of models; it must not know how vectors are made.

export interface EmbeddingPrompts {
  readonly question: string;
  readonly passage: string;
}

const none: EmbeddingPrompts = { question: '', passage: '' };
const sentence: EmbeddingPrompts = { question: 'Represent this sentence for searching relevant passages: ', passage: '' };
const instruct: EmbeddingPrompts = { question: 'Instruct: Given a question about code, retrieve the code that answers it\nQuery: ', passage: '' };

/** From the models' own descriptions; the first one that fits counts. */
const known: readonly (readonly [name: RegExp, prompts: EmbeddingPrompts])[] = [
  [/nomic-embed-code/, { question: 'Represent this query for searching relevant code: ', passage: '' }],
  [/nomic-embed/, { question: 'search_query: ', passage: 'search_document: ' }],
  [/embedding-?gemma/, { question: 'task: code retrieval | query: ', passage: 'title: none | text: ' }],
  [/qwen\d*-embedding|gte-qwen|e5-mistral|sfr-embedding/, instruct],
  [/jina-code-embeddings/, { question: 'Find the most relevant code snippet given the following query:\n', passage: 'Candidate code snippet:\n' }],
  [/(?:^|[^a-z])e5-/, { question: 'query: ', passage: 'passage: ' }],
  [/arctic-embed.*v2/, { question: 'query: ', passage: '' }],
  [/arctic-embed|mxbai-embed|bge-(?:small|base|large)-en/, sentence],
];

/** @param names what the file says the model is called, and the file's own name */
export function embeddingPromptsOf(names: readonly string[]): EmbeddingPrompts {
  const text = names.map((name) => name.toLowerCase().replaceAll(/[\s_]+/g, '-')).join('\n');
  return known.find(([name]) => name.test(text))?.[1] ?? none;
}
