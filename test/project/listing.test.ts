// Which files are listed and which are left out: real folders, real git.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import ignore from 'ignore';
import { decodeText } from '../../server/project/decodeText.ts';
import { placeInWorkTree } from '../../server/project/ignoreFiles.ts';
import { IgnoreRules } from '../../server/project/ignoreRules.ts';
import { listedAmong } from '../../server/project/listedAmong.ts';
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

/** What the list has, and what is said of each file alone: the two must agree. */
async function listBothWays(root: string, files: readonly string[]): Promise<{ readonly listed: readonly string[]; readonly asked: readonly string[] }> {
  const { paths } = await listFiles(root, options);
  return { listed: paths, asked: [...(await listedAmong(root, files, options))].sort() };
}

test('`.ignore` and `.tramontaneignore` count also where git is told to ignore them', async () => {
  const files = {
    '.gitignore': '.ignore\n.tramontaneignore\n',
    '.tramontaneignore': 'private/\n',
    'private/a.ts': '1',
    'sub/.ignore': '*.gen.ts\n!keep.gen.ts\n',
    'sub/deep/b.gen.ts': '1',
    'sub/keep.gen.ts': '1',
    'sub/deep/.tramontaneignore': '/only-here.ts\n',
    'sub/deep/only-here.ts': '1',
    'sub/only-here.ts': '1',
  };
  await using project = new TemporaryProject(files);
  project.commitAll();
  const { listed, asked } = await listBothWays(project.root, Object.keys(files));
  assert.deepEqual(listed, ['.gitignore', 'sub/keep.gen.ts', 'sub/only-here.ts']);
  assert.deepEqual(asked, listed);
});

for (const isIgnored of [false, true])
  test(`they count in the folders above the one that is opened, up to the top of the work tree${isIgnored ? ', also where git ignores it' : ''}`, async () => {
    await using project = new TemporaryProject({
      // What git ignores is no work tree of its own, and the files above it count all the same.
      '.gitignore': `.tramontaneignore\n${isIgnored ? 'app/web/\n' : ''}`,
      '.tramontaneignore': '*.csv\n/app/web/only.ts\n/only.ts\n',
      'app/.ignore': 'web/notes/\n',
      'app/web/.ignore': '!keep.csv\n',
      'app/web/main.ts': '1',
      'app/web/only.ts': '1',
      'app/web/data/people.csv': '1',
      'app/web/data/keep.csv': '1',
      'app/web/notes/a.ts': '1',
      'only.ts': '1',
    });
    project.commitAll();
    const files = ['main.ts', 'only.ts', 'data/people.csv', 'data/keep.csv', 'notes/a.ts', '.ignore'];
    const { listed, asked } = await listBothWays(project.at('app/web'), files);
    assert.deepEqual(listed, ['.ignore', 'data/keep.csv', 'main.ts']);
    assert.deepEqual(asked, isIgnored ? [] : listed);
  });

test('a folder that they leave out has no files if it is opened by itself, and one above the work tree says nothing', async () => {
  await using project = new TemporaryProject({
    '.tramontaneignore': '*.ts\n',
    'repository/.tramontaneignore': 'private/\n',
    'repository/a.ts': '1',
    'repository/private/deep/b.ts': '1',
  });
  const inside = (...args: string[]) => execFileSync('git', args, { cwd: project.at('repository'), stdio: 'ignore' });
  inside('init', '--quiet');
  assert.deepEqual(await listBothWays(project.at('repository'), ['a.ts']), { listed: ['.tramontaneignore', 'a.ts'], asked: ['a.ts'] });
  assert.deepEqual(await listBothWays(project.at('repository/private/deep'), ['b.ts']), { listed: [], asked: [] });
});

test('an ignore file that is a link counts only where it leads inside of the folder', async () => {
  for (const isWorkTree of [true, false]) {
    await using outside = new TemporaryProject({ rules: 'b.ts\n' });
    await using project = new TemporaryProject({ rules: 'a.ts\n', 'a.ts': '1', 'b.ts': '1', 'c.ts': '1' });
    symlinkSync(project.at('rules'), project.at('.tramontaneignore'));
    symlinkSync(outside.at('rules'), project.at('.ignore'));
    if (isWorkTree) project.git('init', '--quiet');
    const { listed, asked } = await listBothWays(project.root, ['a.ts', 'b.ts', 'c.ts', 'rules']);
    assert.deepEqual(
      listed.filter((file) => !file.startsWith('.')),
      ['b.ts', 'c.ts', 'rules'],
    );
    assert.deepEqual(asked, ['b.ts', 'c.ts', 'rules']);
  }
});

test('a work tree that a repository names elsewhere has no say', async () => {
  await using outside = new TemporaryProject({ '.tramontaneignore': '*.ts\n', 'sub/x.ts': '1' });
  await using project = new TemporaryProject({ 'a.ts': '1' });
  project.commitAll();
  project.git('config', 'core.worktree', outside.root);
  assert.equal(await placeInWorkTree(project.root, { signal: options.signal, timeoutMs: 20_000 }), undefined);
});

test('a list of git that names what no folder holds is cut to what may be there', async () => {
  await using project = new TemporaryProject({ 'a.ts': '1' });
  project.git('init', '--quiet');
  const blob = project.git('hash-object', '-w', 'a.ts').trim();
  for (const name of [`${'d/'.repeat(65)}b.ts`, `${'d/'.repeat(64)}c.ts`, `${'e'.repeat(1100)}.ts`])
    project.git('update-index', '--add', '--cacheinfo', `100644,${blob},${name}`);
  assert.deepEqual((await listFiles(project.root, options)).paths, ['a.ts', `${'d/'.repeat(64)}c.ts`]);
});

const names = fc.constantFrom('a', 'b', 'ab', 'c.ts', 'd');
const patternNames = fc.constantFrom('a', 'b', 'a*', '*', '?b', '[ab]', 'c.ts', '*.ts', '**', '**', '***');
test('a pattern with several `**` says what the library says of it', () => {
  let ignored = 0;
  fc.assert(
    fc.property(
      fc.array(patternNames, { minLength: 4, maxLength: 9 }),
      fc.array(fc.array(names, { minLength: 1, maxLength: 7 }), { minLength: 1, maxLength: 8 }),
      fc.constantFrom('', '/', '!'),
      fc.constantFrom('', '/'),
      (pattern, paths, begin, end) => {
        const line = begin + pattern.join('/') + end;
        const ours = IgnoreRules.none.within('', ['*\n!*/\n'.repeat(begin === '!' ? 1 : 0) + line]);
        const library = ignore({ allowRelativePaths: true }).add(begin === '!' ? `*\n!*/\n${line}` : line);
        for (const path of paths) {
          // Whoever asks has asked about the folders above.
          const isIgnored = path.some((_, at) => ours.ignores(path.slice(0, at + 1).join('/'), at < path.length - 1));
          assert.equal(isIgnored, library.ignores(path.join('/')), `${line} on ${path.join('/')}`);
          if (isIgnored) ignored++;
        }
      },
    ),
    { numRuns: 1000 },
  );
  assert.ok(ignored > 250, `${ignored} were ignored`);
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

const secretPaths = [
  ...['.env', 'a/.env.local', '.env-local', '.env_prod', '.env~', '.env.dist', '.env.default', '.env.example', '.envrc', '.ENV', 'prod.env', 'app.env.bak'],
  ...['.envs/.production/.django', '.envs/.production/postgres', '.env.d/mail', 'x/.ssh/config', '.aws/credentials', '.config/gcloud/some.db', '.kube/config'],
  ...['.secrets', '.secrets/token', 'secrets/db.txt', 'config/secrets/main.json', '.npmrc', '.netrc', '_netrc', '.pgpass', '.htpasswd', '.git-credentials'],
  ...['x/id_rsa', 'ID_RSA', 'id_ed25519', 'id_rsa_work', 'id_rsa.bak', 'id_ecdsa.old', 'deploy_rsa', 'github-ed25519', 'ssh_host_rsa_key', 'private_key'],
  ...['server.key', 'a.pem', 'key.pem.bak', 'key.pem~', 'AuthKey_ABC123.p8', 'a.keystore', 'release.jks', 'p.kdbx', 'home.ovpn', 'krb5.keytab', 'a.pfx'],
  ...['credentials', 'credentials.json', 'credentials.csv', 'credentials.json.example', 'db-credentials.yml', 'clientCredentials.json', 'app-secrets.yaml'],
  ...['secrets.yaml', 'secret.toml', 'secrets.yml.enc', 'client_secret_123-abc.apps.googleusercontent.com.json', 'clientSecret.json', 'passwords.txt'],
  ...['db_password', 'terraform.tfstate', 'terraform.tfstate.backup', 'terraform.tfvars', 'terraform.tfvars.json', 'prod.auto.tfvars', 'local.settings.json'],
  ...['kubeconfig', 'kubeconfig.yaml', 'prod.kubeconfig', 'gcp-service-account.json', 'my_serviceAccount.json', 'x-firebase-adminsdk-1.json', 'master.key'],
  ...['.bash_history', 'wp-config.php', 'secrets.sh', 'auth.json'],
];
const ordinaryPaths = [
  ...['environment.ts', 'env.ts', 'env.d.ts', 'vite-env.d.ts', 'config/env.py', 'keys.ts', 'key.rs', 'keyboard.ts', 'monkey.ts', 'token.ts', 'keymap.json'],
  ...[
    'src/credentials.ts',
    'credentials.go',
    'secrets.py',
    'secretService.py',
    'src/secrets/manager.ts',
    'SecretManager.java',
    'password.go',
    'passwords.test.ts',
  ],
  ...['id_rsa.pub', 'id_rsa_test.go', 'rsa.go', 'private_key.rs', 'kubeconfig.go', 'deploy_rsa.sh', 'netrc.ts', 'secrets.md', 'docs/secrets.md', 'secrets.tf'],
  ...[
    'package.json',
    'settings.json',
    'tsconfig.json',
    'a.env.ts',
    'credentials.ts.bak',
    'password-reset.txt',
    'token.json',
    'serviceaccount.yaml',
    'author.json',
  ],
  ...['environments/base.yaml', 'keychain.swift', 'README', 'Makefile', '.gitignore', '.editorconfig', 'LICENSE', 'secretary.json', 'passwordless.json'],
];
test('names of secrets are known, whatever was added to them', () => {
  for (const name of secretPaths) assert.ok(isSecretPath(name), name);
});
test('ordinary files are not taken for secrets, whatever they are about', () => {
  for (const name of ordinaryPaths) assert.ok(!isSecretPath(name), name);
});

const keyLines = `${'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj'}\n`.repeat(3);
for (const [what, text, reason] of [
  ['a private key', `-----BEGIN PRIVATE KEY-----\n${keyLines}-----END PRIVATE KEY-----\n`, 'secret'],
  ['an encrypted one', `-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,3F17F5316E2BAC89\n\n${keyLines}`, 'secret'],
  [
    'one behind a certificate',
    `-----BEGIN CERTIFICATE-----\n${keyLines.repeat(6)}-----END CERTIFICATE-----\n-----BEGIN EC PRIVATE KEY-----\n${keyLines}`,
    'secret',
  ],
  ['one in a field', `{"type": "x", "private_key": "-----BEGIN PRIVATE KEY-----\\n${keyLines.replaceAll('\n', '\\n')}"}`, 'secret'],
  ['one of PGP', `-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: x\n\n${keyLines}`, 'secret'],
  ['one of PuTTY', 'PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\n', 'secret'],
  ['a public key', `-----BEGIN PUBLIC KEY-----\n${keyLines}`, undefined],
  ['code that looks for one', "if (text.startsWith('-----BEGIN PRIVATE KEY-----')) throw new Error('No keys here, please.');\n", undefined],
] as const)
  test(`a file that holds ${what} is ${reason === 'secret' ? 'left out' : 'not left out'}, whatever it is called`, () =>
    assert.equal(skipByText(text), reason));

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
