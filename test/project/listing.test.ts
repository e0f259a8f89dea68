// Which files are listed and which are left out: real folders, real git.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { test } from 'node:test';
import { decodeText } from '../../server/project/decodeText.ts';
import { listFiles as listUnordered, type Listing } from '../../server/project/listing.ts';
import { isSecretPath, skipByName, skipByText } from '../../server/project/skipRules.ts';
import { readCoChanges } from '../../server/project/history.ts';
import { TemporaryProject } from './temporaryProject.ts';

/** In order, since git and the walk have orders of their own. */
async function listFiles(...args: Parameters<typeof listUnordered>): Promise<Listing> {
  const listing = await listUnordered(...args);
  return { ...listing, paths: [...listing.paths].sort() };
}

const options = { signal: new AbortController().signal, maxFiles: 1000, gitTimeoutMs: 20_000 };

test('in a work tree git decides, and `.ignore` and `.tramontaneignore` count besides', async () => {
  await using project = new TemporaryProject({
    '.gitignore': 'dist/\n*.log\n!keep.log\n',
    'a.ts': '1',
    'dist/out.js': '1',
    'noise.log': '1',
    'keep.log': '1',
    'sub/.gitignore': 'b.ts\n',
    'sub/b.ts': '1',
    'sub/c.ts': '1',
    '.tramontaneignore': 'private/\n',
    'private/d.ts': '1',
    'sub/.ignore': 'e.ts\n',
    'sub/e.ts': '1',
    'e.ts': '1',
  });
  project.git('init', '--quiet');
  project.git('add', 'a.ts');
  const { paths, source } = await listFiles(project.root, options);
  assert.equal(source, 'git');
  assert.deepEqual(paths, ['.gitignore', '.tramontaneignore', 'a.ts', 'e.ts', 'keep.log', 'sub/.gitignore', 'sub/.ignore', 'sub/c.ts']);
});

test('elsewhere the walk honours nested ignore files', async () => {
  await using project = new TemporaryProject({
    '.gitignore': 'out\n/only-root.ts\n*.tmp\n',
    'a.ts': '1',
    'only-root.ts': '1',
    'x/only-root.ts': '1',
    'x/out/y.ts': '1',
    'x/.gitignore': '!important.tmp\n',
    'x/important.tmp': '1',
    'x/other.tmp': '1',
    'node_modules/pkg/index.js': '1',
    '.tramontaneignore': 'z.ts\n',
    'z.ts': '1',
  });
  const { paths, source } = await listFiles(project.root, options);
  assert.equal(source, 'walk');
  assert.deepEqual(paths, ['.gitignore', '.tramontaneignore', 'a.ts', 'x/.gitignore', 'x/important.tmp', 'x/only-root.ts']);
});

test('links that make a circle or lead out of the folder are not followed', async () => {
  await using outside = new TemporaryProject({ 'secret.ts': '1', 'folder/also.ts': '1' });
  await using project = new TemporaryProject({ 'a.ts': '1', 'deep/b.ts': '1' });
  symlinkSync(project.root, project.at('deep/circle'));
  symlinkSync(outside.at('secret.ts'), project.at('out.ts'));
  symlinkSync(outside.at('folder'), project.at('outFolder'));
  symlinkSync(project.at('a.ts'), project.at('inside.ts'));
  symlinkSync('self.ts', project.at('self.ts'));
  assert.deepEqual((await listFiles(project.root, options)).paths, ['a.ts', 'deep/b.ts', 'inside.ts']);
});

test('submodules and nested repositories list their own files; an empty submodule lists none', async () => {
  await using other = new TemporaryProject({ 'lib.ts': '1', '.gitignore': 'no.ts\n' });
  other.commitAll();
  await using project = new TemporaryProject({ 'a.ts': '1', 'nested/n.ts': '1' });
  project.commitAll();
  project.git('submodule', '--quiet', 'add', other.root, 'sub');
  project.write({ 'sub/no.ts': '1', 'sub/new.ts': '1' });
  project.git('clone', '--quiet', other.root, 'own');
  const { paths } = await listFiles(project.root, options);
  assert.deepEqual(paths, ['.gitmodules', 'a.ts', 'nested/n.ts', 'own/.gitignore', 'own/lib.ts', 'sub/.gitignore', 'sub/lib.ts', 'sub/new.ts']);
  project.git('submodule', '--quiet', 'deinit', '--force', 'sub');
  assert.deepEqual((await listFiles(project.root, options)).paths, ['.gitmodules', 'a.ts', 'nested/n.ts', 'own/.gitignore', 'own/lib.ts']);
});

test('a folder that the work tree around it ignores is walked', async () => {
  await using project = new TemporaryProject({ '.gitignore': 'ignored/\n', 'ignored/a.ts': '1', 'b.ts': '1' });
  project.commitAll();
  const { paths, source } = await listFiles(project.at('ignored'), options);
  assert.deepEqual({ paths, source }, { paths: ['a.ts'], source: 'walk' });
});

test('names with spaces, other scripts and 255 bytes are listed, by git and by the walk', async () => {
  const names = ['with space.ts', 'ünï-码.ts', `${'n'.repeat(252)}.ts`, 'quo\'te".ts', '-dash.ts', '[brackets].ts'];
  await using project = new TemporaryProject(Object.fromEntries(names.map((name) => [name, '1'])));
  const walked = await listFiles(project.root, options);
  project.commitAll();
  const listed = await listFiles(project.root, options);
  assert.deepEqual(listed.paths, [...names].sort());
  assert.deepEqual(walked.paths, listed.paths);
});

test('a bound on the number of files cuts the list and says so', async () => {
  await using project = new TemporaryProject(Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`f${at}.ts`, '1'])));
  const { paths, isCut } = await listFiles(project.root, { ...options, maxFiles: 10 });
  assert.equal(paths.length, 10);
  assert.equal(isCut, true);
});

test('an empty and a missing folder have no files', async () => {
  await using project = new TemporaryProject();
  mkdirSync(project.at('empty'));
  assert.deepEqual((await listFiles(project.at('empty'), options)).paths, []);
  assert.deepEqual((await listFiles(project.at('missing'), options)).paths, []);
});

test('names of secrets are known, and examples of them are not taken for any', () => {
  for (const name of [
    '.env',
    'a/.env.local',
    'prod.env',
    '.npmrc',
    'x/id_rsa',
    'id_ed25519',
    'server.key',
    'a.pem',
    'credentials.json',
    '.aws/credentials',
    'x/.ssh/config',
    'app-secrets.yaml',
    'terraform.tfstate',
    '.netrc',
    'gcp-service-account.json',
    '.git-credentials',
    'ID_RSA',
  ])
    assert.ok(isSecretPath(name), name);
  for (const name of ['.env.example', 'environment.ts', 'keys.ts', 'src/credentials.ts', 'secretService.py', 'id_rsa.pub', 'monkey.ts', '.env.sample'])
    assert.ok(!isSecretPath(name), name);
});

test('binary, minified and generated files are recognised', () => {
  assert.equal(skipByName('a/logo.PNG'), 'binary');
  assert.equal(skipByName('jquery.min.js'), 'minified');
  assert.equal(skipByName('package-lock.json'), 'generated');
  assert.equal(skipByName('api/user.pb.go'), 'generated');
  assert.equal(skipByName('a.ts'), undefined);
  assert.equal(skipByText('a\0b'), 'binary');
  assert.equal(skipByText(`${'var a=1;'.repeat(1000)}`), 'minified');
  assert.equal(skipByText('// Code generated by protoc-gen-go. DO NOT EDIT.\npackage x\n'), 'generated');
  assert.equal(skipByText('# This is a normal file\nx = 1\n'.repeat(200)), undefined);
});

test('text is read in UTF-8, UTF-16 and Latin-1, and nothing else is taken for text', () => {
  const latin = Buffer.from('// Größe: naïve café\nint x;\n', 'latin1');
  assert.equal(decodeText(latin), '// Größe: naïve café\nint x;\n');
  assert.equal(decodeText(Buffer.from('\ufeffconst a = 1;', 'utf16le')), 'const a = 1;');
  assert.equal(decodeText(Buffer.from('\ufeffconst a = 1;', 'utf16le').swap16()), 'const a = 1;');
  assert.equal(decodeText(Buffer.from('\ufeffconst ä = 1;', 'utf8')), 'const ä = 1;');
  assert.equal(decodeText(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0])), undefined);
  assert.equal(decodeText(Buffer.from(Array.from({ length: 2000 }, (_, at) => (at % 251) + 1))), undefined);
});

test('no program that a repository names in its configuration is run', async () => {
  await using project = new TemporaryProject({ 'a.ts': '1', 'b.ts': '1' });
  project.commitAll();
  const canary = `${project.storage}-canary`;
  project.write({ 'evil.sh': `#!/bin/sh\ntouch '${canary}'\nexit 1\n` });
  chmodSync(project.at('evil.sh'), 0o755);
  for (const name of ['core.fsmonitor', 'gpg.program', 'core.sshCommand', 'core.pager', 'diff.external', 'core.editor'])
    project.git('config', name, project.at('evil.sh'));
  project.git('config', 'log.showSignature', 'true');
  // A commit that claims to be signed.
  const commit = project.git('cat-file', 'commit', 'HEAD').replace('\n\n', '\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\n');
  const id = execFileSync('git', ['hash-object', '-t', 'commit', '-w', '--stdin'], { cwd: project.root, input: commit, encoding: 'utf8' }).trim();
  project.git('update-ref', 'HEAD', id);
  // Without the precautions the program does run.
  project.git('log', '-n', '1');
  assert.ok(existsSync(canary), 'the bait works');
  rmSync(canary);
  const { paths, source } = await listFiles(project.root, options);
  assert.deepEqual({ paths, source }, { paths: ['a.ts', 'b.ts', 'evil.sh'], source: 'git' });
  assert.equal((await readCoChanges(project.root, () => true, { timeoutMs: 20_000, signal: options.signal }))?.size, 2);
  assert.ok(!existsSync(canary));
});
