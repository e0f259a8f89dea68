// Texts that a repository may hold to keep the server busy: whatever reads them takes four times as long for four times as much, not sixteen.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { typesBeforeDot } from '../../server/core/retrieval/receiver.ts';
import { FileSet } from '../../server/project/fileSet.ts';
import { IgnoreRules } from '../../server/project/ignoreRules.ts';
import { parseJsonWithComments } from '../../server/project/imports/configText.ts';
import { resolveImport } from '../../server/project/imports/resolveImport.ts';
import { firstSentence, simpleTypeName } from '../../server/project/languages/extraction.ts';
import { findReferences } from '../../server/project/languages/references.ts';
import { languageIdOf } from '../../server/project/languageIds.ts';
import { isSecretPath, skipByName, skipByText } from '../../server/project/skipRules.ts';
import { readProjectFacts } from '../bench/context/projectFacts.ts';

/** Processor time of this process, which nothing else on the machine adds to, ms. */
function cpuOf(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Below that, what is measured is the machine: what takes the square of a length takes seconds for these. */
const leastMs = 40;
const length = 32 * 1024;

function check(what: string, work: (length: number) => unknown): void {
  test(`${what} takes a time that grows with its length, not with its square`, () => {
    // What is compiled on first use is compiled now.
    work(64);
    const once = cpuOf(() => work(length));
    const more = cpuOf(() => work(4 * length));
    assert.ok(more <= 8 * Math.max(leastMs, once), `${once} ms, and ${more} ms for four times as much`);
  });
}

const fill = (piece: string, size: number) => piece.repeat(Math.ceil(size / piece.length)).slice(0, size);

/** Where an import leads that makes this configuration be read. */
function resolveWith(config: string, text: string, [from, specifier]: readonly [string, string]): readonly string[] {
  const computed = new Map<string, unknown>();
  return resolveImport(
    { path: from, languageId: languageIdOf(from) },
    { specifier, imported: '*' },
    {
      files: new FileSet([from, config]),
      readConfig: () => text,
      filesOfNamespace: () => [],
      remember: (key, compute) => {
        if (!computed.has(key)) computed.set(key, compute());
        return computed.get(key) as ReturnType<typeof compute>;
      },
    },
  );
}

const go = ['main.go', 'example.org/x'] as const;
for (const piece of ['\n', ' \n', 'module\n', 'module ', '\nm'])
  check(`a go.mod of ${JSON.stringify(piece)}`, (size) => resolveWith('go.mod', fill(piece, size), go));
const rust = ['src/main.rs', 'other::x'] as const;
for (const piece of ['\n', '\n\t', '\nname', '\nname =', 'name = "', '[package]\n', '\n[package'])
  check(`a Cargo.toml of ${JSON.stringify(piece)}`, (size) => resolveWith('Cargo.toml', `[package]${fill(piece, size)}`, rust));
for (const piece of ['/* ', '/', '//', '"', '"\\', '\\"', ',', ', ', ', /**/', '[', ',]', '{"a":'])
  check(`a configuration of ${JSON.stringify(piece)}`, (size) => parseJsonWithComments(fill(piece, size)));
const typescript = ['a.ts', '@x/y'] as const;
check('a tsconfig.json with a pattern of stars', (size) =>
  resolveWith(
    'tsconfig.json',
    JSON.stringify({ compilerOptions: { paths: { [`${fill('*', size)}\n`]: ['a'], [`${fill('*', size)}\n*`]: ['b'] } } }),
    typescript,
  ),
);
// Shorter, since with the third power it would never end.
for (const piece of ['\t', ' ', '>', '\t>', 'a', 'a.', 'Task<', "&'a "])
  check(`a type of ${JSON.stringify(piece)}`, (size) => simpleTypeName(`Task<${fill(piece, size / 64)}u`));
for (const piece of ['\t', ' *', '*/', '.', 'a. ', '"""'])
  check(`a comment of ${JSON.stringify(piece)}`, (size) => firstSentence(`/** x${fill(piece, size)}y`));
for (const piece of ['/*', '"\\', "'\\", '"', "'''", '"""', '$', 'é'])
  for (const language of ['typescript', 'python', 'rust'])
    check(`${language} of ${JSON.stringify(piece)}`, (size) => findReferences(fill(piece, size), language, { isFirstOnly: true, limit: 2000 }));
for (const piece of ['-----BEGIN ', '-----BEGIN PRIVATE KEY-----', 'do not edit ', 'code generated '])
  check(`a file of ${JSON.stringify(piece)}`, (size) => skipByText(fill(`${piece}\n`, size)));
for (const piece of ['serviceaccount', '.env', 'id_rsa', '.bak', '.key', '_', 'secret-', '.generated', '.min'])
  check(`a path of ${JSON.stringify(piece)}`, (size) => [isSecretPath(fill(piece, size)), skipByName(`${fill(piece, size)}.json`)]);

const { source } = await readProjectFacts({ name: 'small', folder: '', language: 'typescript', files: new Map([['a.ts', 'export class A {}\n']]) });
const facts = source.file('a.ts');
for (const piece of ['a', '$', '0f', 'a.', 'a?.', 'a(', 'a().', ')', '().', '(', '1.'])
  check(`a line of ${JSON.stringify(piece)} before the cursor`, (size) => facts && typesBeforeDot(source, facts, { line: 0, linePrefix: fill(piece, size) }));

test('a pattern of an ignore file with many `**` is judged in no more than some steps for each folder of a path', () => {
  for (const pattern of ['**/a/**/a/**/a/**/a/**/a/**/a/**/a/**/b', 'a/**/a/**/*a/**/a*/**/[a]/**/?/**/b', '!**/a/**/a/**/a/**/a/**/a/**/b']) {
    const rules = IgnoreRules.none.within('', [`x\n${pattern}\ny`]);
    const judge = (depth: number) => cpuOf(() => rules.ignores(`${'a/'.repeat(depth)}a`, false));
    judge(8);
    const [once, more] = [judge(16), judge(64)];
    assert.ok(more <= 8 * Math.max(leastMs, once), `${pattern}: ${once} ms, and ${more} ms for four times as much`);
  }
});
check('an ignore file whose patterns are brackets', (size) =>
  IgnoreRules.none.within('', [fill('\\[', size), fill('[', size), fill('\\ ', size)]).ignores('a', false),
);
