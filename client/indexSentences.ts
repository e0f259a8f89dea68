// The state of the project's index in words. It knows the status message; it must not know where it is shown.
import type { Status } from '../server/protocol/status.ts';

type IndexStatus = NonNullable<Status['index']>;
type Skipped = NonNullable<IndexStatus['skipped']>;

/** What follows the number of files. */
const reasons: Readonly<Record<keyof Skipped, string>> = {
  secret: 'that may hold secrets',
  binary: 'binary',
  tooLarge: 'larger than 1 MB',
  minified: 'minified',
  generated: 'generated',
  unreadable: 'that cannot be read',
  tooSlow: 'that took too long to parse',
  unindexedKind: 'of other kinds',
};

export function indexSentences({ files, isComplete, store, skipped = {}, problem, embeddings }: IndexStatus): string {
  const where = store === 'memory' ? ', in memory only' : '';
  const sentences = [`Project: ${files} ${files === 1 ? 'file' : 'files'}, ${isComplete ? 'indexed' : 'being indexed'}${where}.`, ...leftOut(skipped)];
  if (embeddings) sentences.push(`Questions find ${embeddings.files} of them by meaning.`);
  if (embeddings?.problem !== undefined) sentences.push(embeddings.problem);
  if (problem !== undefined) sentences.push(problem);
  return sentences.join(' ');
}

/** One sentence, with the most frequent reason first; none where no file is left out. */
function leftOut(skipped: Skipped): readonly string[] {
  const counts = (Object.keys(reasons) as (keyof Skipped)[]).map((reason) => ({ reason, count: skipped[reason] ?? 0 })).filter(({ count }) => count > 0);
  counts.sort((a, b) => b.count - a.count);
  const all = counts.reduce((sum, { count }) => sum + count, 0);
  if (all === 0) return [];
  return [`${all} ${all === 1 ? 'file is' : 'files are'} left out: ${counts.map(({ reason, count }) => `${count} ${reasons[reason]}`).join(', ')}.`];
}
