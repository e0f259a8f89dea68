// Source texts with the token ids that Mistral's own library gives them (test/fixtures/tekken). It knows the fixture's form; it must not know who
// tokenizes besides.
import { readFileSync } from 'node:fs';
import path from 'node:path';

const fixtures = path.resolve(import.meta.dirname, '../../fixtures');

export interface TekkenGolden {
  readonly name: string;
  readonly text: string;
  readonly ids: readonly number[];
}

export function tekkenGoldens(): readonly TekkenGolden[] {
  const cases = JSON.parse(readFileSync(path.join(fixtures, 'tekken/ids.json'), 'utf8')) as readonly { file?: string; text?: string; ids: number[] }[];
  return cases.map(({ file, text, ids }) => ({ name: file ?? 'awkward', text: text ?? readFileSync(path.join(fixtures, file ?? ''), 'utf8'), ids }));
}
