// What a model would be told at the cursor, as a Markdown text for a person. It knows the answer of the server; it must not know the editor.
import type { ContextItem, ContextResult } from '../server/protocol/context.ts';

export function contextDocument(result: ContextResult, place: string): string {
  if (result.outcome === 'cancelled') return '# Context\n\nThe request was cancelled.\n';
  if (result.outcome !== 'ok') return `# Context\n\n${result.cause} ${result.action}\n`;
  const { items, tokens, timings, isComplete, notTold } = result;
  const told = notTold === undefined ? 'What a model is told of the project here' : `**${notTold}**\n\nWhat one with more room would be told`;
  const head = `# Context for ${place}\n\n${told}: ${items.length} ${items.length === 1 ? 'piece' : 'pieces'}, about ${tokens} tokens, found in ${timings.totalMs.toFixed(1)} ms.`;
  const note = isComplete ? '' : '\n\nThe project is still being indexed: more may come.';
  const files = new Map<string, ContextItem[]>();
  for (const item of items) files.set(item.path, [...(files.get(item.path) ?? []), item]);
  const none = items.length === 0 ? '\n\nNothing of the project seems to be needed here.' : '';
  return `${head}${note}${none}\n${[...files].map(([path, pieces]) => `\n## ${path}\n\n${pieces.map(shownPiece).join('\n')}`).join('')}`;
}

function shownPiece({ range, kind, name, text, tokens, reason }: ContextItem): string {
  const [first, last] = [range.start.line + 1, Math.max(range.start.line + 1, range.end.line)];
  const lines = first === last ? `line ${first}` : `lines ${first}-${last}`;
  // The fence is longer than any in the text, so that the text cannot close it.
  const longest = Math.max(2, ...(text.match(/`{3,}/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${name === undefined ? kind : `${kind} \`${name}\``}, ${lines}, ${tokens} tokens: ${reason}\n\n${fence}\n${text}\n${fence}\n`;
}
