// What an open document imports, found before the folder is listed: real folders, and a git that holds the list back until it is told to go on.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { listedAmong } from '../../server/project/listedAmong.ts';
import { listFiles } from '../../server/project/listing.ts';
import { symbolsOf, TemporaryProject, until } from './temporaryProject.ts';

const options = { signal: new AbortController().signal, maxFiles: 1000, gitTimeoutMs: 20_000 };

const awkward = {
  '.gitignore': 'dist/\n*.log.ts\n!keep.log.ts\n',
  '.tramontaneignore': 'private/\n',
  'a.ts': '1',
  'dist/out.ts': '1',
  'noise.log.ts': '1',
  'keep.log.ts': '1',
  'sub/.gitignore': 'b.ts\n',
  'sub/.ignore': 'e.ts\n',
  'sub/b.ts': '1',
  'sub/c.ts': '1',
  'sub/e.ts': '1',
  'private/d.ts': '1',
  'node_modules/pkg/index.ts': '1',
  '*.ts': '1',
};

for (const isWorkTree of [true, false]) {
  test(`asked about every file, the answer is the list's own, ${isWorkTree ? 'in a work tree' : 'elsewhere'}`, async () => {
    await using project = new TemporaryProject(awkward);
    if (isWorkTree) {
      project.git('init', '--quiet');
      project.git('add', 'a.ts');
    }
    const listed = await listFiles(project.root, options);
    assert.deepEqual([...(await listedAmong(project.root, Object.keys(awkward), options))].sort(), [...listed.paths].sort());
    assert.deepEqual(await listedAmong(project.root, ['../a.ts', 'gone.ts'].slice(0, isWorkTree ? 2 : 1), options), []);
  });
}

test('imports are known before the list is, without any file that the list will leave out, and then the list counts', {
  skip: process.platform === 'win32',
}, async () => {
  await using outside = new TemporaryProject({ 'far.ts': 'export class Far {}', 'near.ts': 'export class Near {}' });
  const importing = ['./a', './ignored', './own', './link/far', './linked', './credentials.json', './later', '@lib/deep', 'pkg'];
  const text = importing.map((from, index) => `import { X${index} } from '${from}';`).join('\n');
  await using files = new TemporaryProject({
    '.gitignore': 'ignored.ts\nnode_modules/\n',
    '.tramontaneignore': 'own.ts\n',
    'main.ts': text,
    'a.ts': "import { B } from './b';\nexport class A extends B {}",
    'b.ts': 'export class B {}',
    'ignored.ts': 'export class Ignored {}',
    'own.ts': 'export class Own {}',
    'credentials.json': '{"password": "hunter2"}',
    'tsconfig.json': '{"compilerOptions": {"paths": {"@lib/*": ["./lib/*"]}}}',
    'lib/deep.ts': 'export class Deep {}',
    'other.ts': 'export class Other {}',
    'node_modules/pkg/index.ts': 'export class Pkg {}',
  });
  symlinkSync(outside.root, files.at('link'));
  symlinkSync(outside.at('near.ts'), files.at('linked.ts'));
  files.commitAll();
  // Only the list of the whole folder waits, as it does where git looks for untracked files in a large tree.
  const go = path.join(outside.root, 'go');
  const real = execFileSync('/bin/sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
  outside.write({
    'bin/git': `#!/bin/sh\ncase " $* " in\n*" --literal-pathspecs "*) ;;\n*" ls-files "*) while [ ! -e '${go}' ]; do sleep 0.02; done ;;\nesac\nexec '${real}' "$@"\n`,
  });
  chmodSync(outside.at('bin/git'), 0o755);
  const usual = process.env['PATH'];
  process.env['PATH'] = `${outside.at('bin')}:${usual}`;
  try {
    const project = files.project();
    await project.open([files.root]);
    const symbols = symbolsOf(project);
    project.openDocument(files.at('main.ts'), 'typescript', text);
    await until(project, () => symbols.file('b.ts') !== undefined && symbols.definitionsNamed('Deep').length > 0);
    assert.equal(project.status[0]?.isComplete, false);
    assert.deepEqual([...symbols.paths()].sort(), ['a.ts', 'b.ts', 'lib/deep.ts', 'tsconfig.json']);
    const resolved = () => symbols.file('main.ts')?.imports.map(({ resolvedPaths }) => resolvedPaths[0]);
    assert.deepEqual(resolved(), ['a.ts', undefined, undefined, undefined, undefined, undefined, undefined, 'lib/deep.ts', undefined]);
    for (const name of ['Ignored', 'Own', 'Far', 'Near', 'Pkg', 'Other']) assert.deepEqual(symbols.definitionsNamed(name), [], name);
    files.write({ 'later.ts': 'export class Later {}' });
    writeFileSync(go, '');
    await project.whenIdle();
    const left = ['credentials.json', 'link', 'linked.ts'];
    const { paths } = await listFiles(files.root, options);
    assert.deepEqual([...symbols.paths()].sort(), [...paths].filter((file) => !left.includes(file)).sort());
    assert.deepEqual(resolved(), ['a.ts', undefined, undefined, undefined, undefined, 'credentials.json', 'later.ts', 'lib/deep.ts', undefined]);
    assert.deepEqual(project.status[0]?.skippedByReason, { secret: 1 });
    assert.equal(symbols.definitionsNamed('Later').length, 1);
    for (const name of ['Ignored', 'Own', 'Far', 'Near', 'Pkg']) assert.deepEqual(symbols.definitionsNamed(name), [], name);
  } finally {
    process.env['PATH'] = usual;
  }
});
