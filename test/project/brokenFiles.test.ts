// Half-typed and damaged texts: parsing never fails, finds what stands before the damage, and after any edits says the same as a fresh parse.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { languageIdOf } from '../../server/project/languageIds.ts';
import { Parsing } from '../../server/project/parsing.ts';
import { grammars } from './temporaryProject.ts';

const parsing = new Parsing(grammars);
const repository = path.resolve(import.meta.dirname, '../..');
const samples = path.join(repository, 'test/fixtures/shop');

const files = [
  ...readdirSync(samples).map((name) => path.join(samples, name)),
  path.join(repository, 'server/project/imports/typescript.ts'),
  path.join(repository, 'server/project/fileSet.ts'),
];

for (const file of files) {
  test(`${path.basename(file)} cut at every 50th character gives the definitions that stand whole before the cut`, async () => {
    const text = readFileSync(file, 'utf8');
    const languageId = languageIdOf(file);
    const whole = await parsing.parse(text, languageId, 'hash');
    const offsets = lineOffsets(text);
    let wanted = 0;
    let found = 0;
    for (let cut = 50; cut < text.length; cut += 50) {
      const facts = await parsing.parse(text.slice(0, cut), languageId, 'hash');
      const names = new Set(facts.definitions.map((item) => `${item.container ?? ''} ${item.name}`));
      for (const item of whole.definitions) {
        if ((offsets[item.endLine + 1] ?? text.length) > cut || item.container !== undefined) continue;
        wanted++;
        if (names.has(`${item.container ?? ''} ${item.name}`)) found++;
      }
    }
    assert.ok(wanted > 20, `only ${wanted} definitions were to be found`);
    // Where a brace is missing, the parser may take a few lines for something else.
    assert.ok(found / wanted > 0.95, `${found} of ${wanted}`);
  });
}

test('any text in any language is parsed without an error, twice alike', async () => {
  const languageId = fc.constantFrom('typescript', 'typescriptreact', 'javascript', 'python', 'go', 'rust', 'java', 'c', 'cpp', 'csharp', 'plaintext');
  const piece = fc.constantFrom(
    'class A',
    ' extends ',
    'B',
    '{',
    '}',
    '(',
    ')',
    'function f',
    'def f',
    ':',
    '\n',
    '    ',
    'import ',
    "'x'",
    '"',
    '`',
    '/*',
    '*/',
    '//',
    '#',
    '😀',
    '\ud800',
    '\r',
    '=>',
    ' = ',
    'impl',
    '<',
    '>',
    'export ',
    'from ',
  );
  await fc.assert(
    fc.asyncProperty(languageId, fc.array(piece, { maxLength: 60 }), async (language, pieces) => {
      const text = pieces.join('');
      const once = await parsing.parse(text, language, 'hash');
      assert.deepEqual(await parsing.parse(text, language, 'hash'), once);
      for (const item of once.definitions) assert.ok(item.startLine <= item.endLine && item.endLine < once.lineCount && item.signature.length <= 1300);
    }),
    { numRuns: 150 },
  );
});

/** After these, the parts of the old tree that tree-sitter keeps hide two definitions that a parse anew finds. */
const editsThatLoseDefinitions = [
  { at: 1_299_829_370, remove: 31, insert: '😀' },
  { at: 0, remove: 13, insert: '\n' },
  { at: 26_189_683, remove: 0, insert: '\n' },
  { at: 0, remove: 1, insert: 'const y = new Box();\n' },
  { at: 2_066_321_000, remove: 1, insert: '/*' },
  { at: 367_407_137, remove: 30, insert: '' },
];

test('an open document that is edited has the same facts as one that is parsed anew', async () => {
  const text = readFileSync(path.join(samples, 'shop.ts'), 'utf8');
  const edit = fc.record({
    at: fc.nat(),
    remove: fc.nat(40),
    insert: fc.constantFrom('', 'x', '\n', '}', '{ ', 'const y = new Box();\n', '😀', 'class Z {}\n', '/*'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 8 }), async (edits) => {
      let current = text;
      parsing.forget('edited');
      await parsing.parseOpen('edited', current, 'typescript');
      for (const { at, remove, insert } of edits) {
        const start = at % (current.length + 1);
        current = current.slice(0, start) + insert + current.slice(start + remove);
        const incremental = await parsing.parseOpen('edited', current, 'typescript');
        parsing.forget('fresh');
        assert.deepEqual(incremental, await parsing.parseOpen('fresh', current, 'typescript'));
      }
    }),
    { numRuns: 40, examples: [[editsThatLoseDefinitions]] },
  );
});

function lineOffsets(text: string): number[] {
  const offsets = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) offsets.push(at + 1);
  return offsets;
}
