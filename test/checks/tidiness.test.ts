// Dead exports, unused dependencies and unformatted files: planted once each, refused by knip and Biome.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { before, test } from 'node:test';
import { Overlay, repositoryRoot, type ToolRun } from './overlay.ts';

const entries: Readonly<Record<string, string>> = {
  'client/extension.ts': "import { sum } from '../server/protocol/sum.ts';\n\nexport const activate = () => sum(1, 2);\n",
  'server/protocol/sum.ts': 'export const sum = (a: number, b: number) => a + b;\n',
};

/** The overlay's package.json with no dependency but those named: knip reports each one that no file uses. */
function manifestWith(dependencies: Readonly<Record<string, string>>): string {
  const manifest = JSON.parse(readFileSync(path.join(repositoryRoot, 'package.json'), 'utf8')) as Record<string, unknown>;
  return JSON.stringify({ ...manifest, bin: undefined, main: undefined, scripts: {}, dependencies, devDependencies: {}, overrides: undefined });
}

async function runBoth(plants: Readonly<Record<string, string>>): Promise<{ readonly knip: ToolRun; readonly biome: ToolRun }> {
  using overlay = new Overlay();
  for (const [file, text] of Object.entries({ ...entries, ...plants })) overlay.plant(file, text);
  const biomeFiles = Object.keys({ ...entries, ...plants }).filter((file) => file.endsWith('.ts'));
  return {
    knip: await overlay.run('node_modules/knip/bin/knip.js', ['--no-config-hints', '--no-progress']),
    // No git repository stands around an overlay, so there is no ignore file to use.
    biome: await overlay.run('node_modules/@biomejs/biome/bin/biome', ['format', '--vcs-enabled=false', ...biomeFiles]),
  };
}

let broken: { readonly knip: ToolRun; readonly biome: ToolRun };
let clean: { readonly knip: ToolRun; readonly biome: ToolRun };
before(async () => {
  broken = await runBoth({
    'package.json': manifestWith({ diff: '9.0.0' }),
    'server/protocol/sum.ts': `${entries['server/protocol/sum.ts']}export const nobodyUsesThis = 1;\nexport type NorThis = 1;\n`,
    'server/core/orphan.ts': 'export const orphan = 1;\n',
    'server/core/undeclared.ts': "import * as v from 'valibot';\n\nexport const text = v.string();\n",
    'server/core/crooked.ts': 'export const crooked = {a:1,\n\n\n  b:"2"};\n',
    'client/extension.ts': `import '../server/core/undeclared.ts';\n${entries['client/extension.ts']}`,
  });
  clean = await runBoth({ 'package.json': manifestWith({}) });
});

for (const [what, pattern] of Object.entries({
  'an export that nobody uses': /nobodyUsesThis/,
  'an exported type that nobody uses': /NorThis/,
  'a file that nobody imports': /server\/core\/orphan\.ts/,
  'a dependency that nobody uses': /diff/,
  'a package that is not declared': /valibot/,
})) {
  test(`knip refuses ${what}`, () => {
    assert.notEqual(broken.knip.exitCode, 0);
    assert.match(broken.knip.output, pattern);
  });
}

test('Biome refuses a file that is not formatted, and only that one', () => {
  assert.notEqual(broken.biome.exitCode, 0);
  assert.match(broken.biome.output, /server\/core\/crooked\.ts format/);
  assert.doesNotMatch(broken.biome.output, /orphan\.ts format/);
});

test('knip and Biome accept clean files', () => {
  assert.equal(clean.knip.exitCode, 0, clean.knip.output);
  assert.equal(clean.biome.exitCode, 0, clean.biome.output);
});

test('the scripts ask Node for nothing that version 20 does not have: they run before a newer one is there', () => {
  const newer =
    /\b(?:globSync|fs\.glob|promises\.glob|stripTypeScriptTypes|registerHooks|getBuiltinModule|node:sqlite|Promise\.try|import\.meta\.main|mkdtempDisposable\w*)\b/;
  const folder = path.join(repositoryRoot, 'scripts');
  const scripts = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.mjs'));
  assert.ok(scripts.length > 10);
  for (const file of [...scripts.map((script) => path.join('scripts', script)), 'esbuild.js'])
    assert.equal(newer.exec(readFileSync(path.join(repositoryRoot, file), 'utf8'))?.[0], undefined, file);
});
