// The state of the project's index in words. It knows the status message; it must not know where it is shown.
import type { Status } from '../server/protocol/status.ts';

export function indexSentences({ files, isComplete, store, problem, embeddings }: NonNullable<Status['index']>): string {
  const where = store === 'memory' ? ', in memory only' : '';
  const sentences = [`Project: ${files} ${files === 1 ? 'file' : 'files'}, ${isComplete ? 'indexed' : 'being indexed'}${where}.`];
  if (embeddings) sentences.push(`Questions find ${embeddings.files} of them by meaning.`);
  if (embeddings?.problem !== undefined) sentences.push(embeddings.problem);
  if (problem !== undefined) sentences.push(problem);
  return sentences.join(' ');
}
