// Which files an instruction names and a file imports, and which are looked at with more care.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importedFiles, isSensitive, namedFiles } from '../../client/editPaths.ts';

const files = ['src/a.ts', 'src/b.ts', 'src/deep/b.ts', 'src/deep/index.ts', 'README.md', 'lib/x.py', 'lib/sub/__init__.py', 'c/main.h', '.env', 'my file.ts'];

function check(name: string, { instruction, expected }: { instruction: string; expected: readonly string[] }): void {
  test(name, () => assert.deepEqual(namedFiles(instruction, files), expected));
}

check('a whole path is named', { instruction: 'move f to src/b.ts', expected: ['src/b.ts'] });
check('a name that one file has is enough', { instruction: 'also update README.md.', expected: ['README.md'] });
check('a name that two files have is not', { instruction: 'change b.ts', expected: [] });
check('more of the path tells them apart', { instruction: 'change deep/b.ts', expected: ['src/deep/b.ts'] });
check('quotes, brackets and signs around a name do not matter', {
  instruction: 'see `src/a.ts`, (README.md): "lib\\x.py"?',
  expected: ['src/a.ts', 'README.md', 'lib/x.py'],
});
check('a word without an extension is no file', { instruction: 'rename a to README', expected: [] });
check('part of a name is no file', { instruction: 'change main.hpp and xa.ts', expected: [] });
check('a file whose name begins with a dot is named', { instruction: 'add KEY to .env', expected: ['.env'] });

test('relative imports are found in several languages, once each, and never the file itself', () => {
  const script = `import { x } from './b';\nimport y from "./b.js";\nexport * from './deep';\nconst z = require('./missing');\nawait import('../README.md');\nimport './a.ts'; import fs from 'fs';`;
  assert.deepEqual(importedFiles('src/a.ts', script, files), ['src/b.ts', 'src/deep/index.ts', 'README.md']);
  assert.deepEqual(importedFiles('lib/y.py', 'from .x import f\nfrom . import sub\nfrom .sub import g\n', files), ['lib/x.py', 'lib/sub/__init__.py']);
  assert.deepEqual(importedFiles('c/main.c', '#include "main.h"\n#include <stdio.h>\n', files), ['c/main.h']);
  assert.deepEqual(importedFiles('src/a.ts', "import x from '../../../etc/passwd';", files), []);
});

test('what configures the editor, runs by itself or holds secrets is sensitive', () => {
  for (const path of [
    '.vscode/settings.json',
    'a/.git/hooks/pre-commit',
    '.env',
    'x/.env.local',
    'a.code-workspace',
    '.github/workflows/ci.yml',
    'package.json',
    '.eslintrc.js',
    'Makefile',
    '.husky/pre-push',
  ]) {
    assert.ok(isSensitive(path), path);
  }
  for (const path of ['src/a.ts', 'env.ts', 'git/a.ts', 'src/package.jsonc', 'environment.md', 'src/vscode/x.ts']) assert.ok(!isSensitive(path), path);
});
