// Cuts an answer where it spells what models are controlled with: the tokens of some family's format, or the fence that ends a chat answer's code.
// Engines never print their own control tokens; a model that was asked in another family's format, or badly converted, writes them as text. It knows
// spellings; it must not know which model is asked. A file that holds such text already is about it, and then nothing is cut.

/** `<|endoftext|>`, `<|fim_suffix|>`, `<fim_middle>`, `<｜fim▁hole｜>`, `<PRE>`; names in square brackets are left alone: code has those. */
const spelledToken = /<\|[a-z][a-z_]{1,30}\|>|<｜[^｜\n]{1,30}｜>|<\/?(?:fim_(?:prefix|suffix|middle|pad)|file_sep|repo_name|unk)>|<(?:PRE|SUF|MID|EOT)>/;
/** The end of a text for many models; elsewhere a tag. */
const sentenceEnd = /\s*<\/s>\s*$/;
const fence = /(?:^|\n)[ \t]*```/;

/** Where angle brackets and fences are what people write. */
const markup = new Set([
  'markdown',
  'html',
  'xml',
  'vue',
  'svelte',
  'javascriptreact',
  'typescriptreact',
  'restructuredtext',
  'asciidoc',
  'plaintext',
  'latex',
]);

/** @param near text around the cursor */
export function cutControlText(text: string, { languageId, near }: { readonly languageId: string; readonly near: string }): string {
  const token = spelledToken.exec(text);
  const cut = token && !near.includes(token[0]) ? text.slice(0, token.index) : text;
  if (markup.has(languageId)) return cut;
  const ended = near.includes('</s>') ? cut : cut.replace(sentenceEnd, '');
  const end = near.includes('```') ? -1 : ended.search(fence);
  return end < 0 ? ended : ended.slice(0, end);
}
