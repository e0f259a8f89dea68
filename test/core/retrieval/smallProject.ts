// A few files, read by the real parser into the real symbol table; in one of them `|` is the cursor.
import { readProjectFacts } from '../../bench/context/projectFacts.ts';
import type { SymbolSource } from '../../../server/core/retrieval/facts.ts';
import { collectFileEvidence } from '../../../server/core/retrieval/fileEvidence.ts';
import { type Cursor, type PreparedEvidence, prepareEvidence } from '../../../server/core/retrieval/rankDefinitions.ts';

/** Near enough to a real count, and the same everywhere. */
export const countTokens = (text: string) => Math.ceil(text.length / 4);

export interface Situation {
  readonly source: SymbolSource;
  readonly evidence: PreparedEvidence;
  readonly cursor: Cursor;
}

export async function situationIn(files: Readonly<Record<string, string>>): Promise<Situation> {
  const [path, marked] = Object.entries(files).find(([, text]) => text.includes('|')) ?? [];
  if (path === undefined || marked === undefined) throw new Error('No file has a cursor.');
  const texts = new Map(Object.entries({ ...files, [path]: marked.replace('|', '') }));
  const language = path.endsWith('.py') ? 'python' : 'typescript';
  const text = texts.get(path) as string;
  const { source, usage, withOpen } = await readProjectFacts({ name: 'small', folder: '', language, files: texts });
  const evidence = await withOpen(path, text, () => collectFileEvidence(source, usage, path));
  if (!evidence) throw new Error(`There are no facts of ${path}.`);
  const line = marked.slice(0, marked.indexOf('|')).split('\n').length - 1;
  const nearText = text
    .split('\n')
    .slice(Math.max(0, line - 30), line + 11)
    .join('\n');
  return { source, evidence: prepareEvidence(evidence, countTokens), cursor: { line, nearText } };
}
