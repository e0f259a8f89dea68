// Where imports lead, as a table over sets of paths: pure functions, no disk.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FileSet, joinPath } from '../../server/project/fileSet.ts';
import { importTails, resolveImport, tailsOfPath } from '../../server/project/imports/resolveImport.ts';
import type { Surroundings } from '../../server/project/imports/surroundings.ts';
import { languageIdOf } from '../../server/project/languageIds.ts';

type Texts = Readonly<Record<string, string>>;

function surroundings(paths: readonly string[], configs: Texts = {}, namespaces: Readonly<Record<string, readonly string[]>> = {}): Surroundings {
  const computed = new Map<string, unknown>();
  return {
    files: new FileSet([...paths, ...Object.keys(configs)]),
    readConfig: (path) => configs[path],
    filesOfNamespace: (name, type) => (Object.hasOwn(namespaces, name) ? (namespaces[name] ?? []) : []).filter((path) => !type || path.endsWith(`${type}.cs`)),
    remember: (key, compute) => {
      if (!computed.has(key)) computed.set(key, compute());
      return computed.get(key) as ReturnType<typeof compute>;
    },
  };
}

/** Each line is `specifier` or `specifier:imported` and the paths it leads to. */
function check(from: string, around: Surroundings, expected: Readonly<Record<string, string>>): void {
  for (const [wanted, paths] of Object.entries(expected)) {
    const [specifier = '', imported = '*'] = wanted.split(' ');
    assert.equal(resolveImport({ path: from, languageId: languageIdOf(from) }, { specifier, imported }, around).join(' '), paths, `${wanted} from ${from}`);
  }
}

test('TypeScript: relative paths with and without extensions, folders, and compiled names', () => {
  const around = surroundings(['src/a.ts', 'src/b.tsx', 'src/c/index.ts', 'src/d.d.ts', 'src/e.mts', 'root.js', 'src/data.json', 'src/f.ts', 'src/f/index.ts']);
  check('src/a.ts', around, {
    './b': 'src/b.tsx',
    './b.js': 'src/b.tsx',
    './a.js': 'src/a.ts',
    './c': 'src/c/index.ts',
    './c/index.js': 'src/c/index.ts',
    './d': 'src/d.d.ts',
    './e.mjs': 'src/e.mts',
    '../root': 'root.js',
    './data.json': 'src/data.json',
    './f': 'src/f.ts',
    './none': '',
    '../../outside': '',
    react: '',
  });
});

test('TypeScript: paths of tsconfig, with extends, baseUrl, comments and references', () => {
  const around = surroundings(['app/src/x.ts', 'app/src/ui/button.tsx', 'shared/index.ts', 'shared/deep/one.ts', 'app/lib/tool.ts'], {
    'tsconfig.base.json': '{ "compilerOptions": { "paths": { "@shared": ["./shared/index.ts"], "@shared/*": ["./shared/*"], }, /* x */ } }',
    'app/tsconfig.json': '{ // solution\n "files": [], "references": [{ "path": "./tsconfig.app.json" }] }',
    'app/tsconfig.app.json': '{ "extends": "../tsconfig.base", "compilerOptions": { "baseUrl": "lib" } }',
    'other/tsconfig.json': '{ "compilerOptions": { "paths": { "~/*": ["../app/src/*"] } } }',
    'broken/tsconfig.json': '{ "compilerOptions": { "paths": 5, "baseUrl": [] }, "extends": 7, "references": 3 ',
  });
  check('app/src/x.ts', around, { '@shared/deep/one': '', tool: 'app/lib/tool.ts' });
  check('other/y.ts', around, { '~/ui/button': 'app/src/ui/button.tsx', '~/none': '' });
  check('broken/z.ts', around, { '~/ui/button': '' });
  const plain = surroundings(['app/x.ts', 'shared/index.ts', 'shared/deep/one.ts'], {
    'tsconfig.base.json': '{ "compilerOptions": { "paths": { "@shared": ["./shared/index.ts"], "@shared/*": ["./shared/*"], }, /* x */ } }',
    'app/tsconfig.json': '{ "extends": "../tsconfig.base.json" }',
  });
  check('app/x.ts', plain, { '@shared': 'shared/index.ts', '@shared/deep/one': 'shared/deep/one.ts' });
});

test('TypeScript: packages of the workspace by name, exports and source folder', () => {
  const around = surroundings(
    [
      'packages/core/src/index.ts',
      'packages/core/src/feature/a.ts',
      'packages/core/src/feature/$&.ts',
      'packages/ui/lib/main.ts',
      'apps/web/x.ts',
      'apps/web/src/internal/y.ts',
    ],
    {
      'packages/core/package.json':
        '{ "name": "@acme/core", "exports": { ".": { "types": "./dist/index.d.ts", "import": "./dist/index.js" }, "./feature/*": "./dist/feature/*.js" } }',
      'packages/ui/package.json': '{ "name": "ui", "main": "./lib/main.js" }',
      'apps/web/package.json': '{ "name": "web", "imports": { "#internal/*": "./src/internal/*.ts" } }',
    },
  );
  check('apps/web/x.ts', around, {
    '@acme/core': 'packages/core/src/index.ts',
    '@acme/core/feature/a': 'packages/core/src/feature/a.ts',
    '@acme/core/feature/none': '',
    ui: 'packages/ui/lib/main.ts',
    '#internal/y': 'apps/web/src/internal/y.ts',
    '@acme/core/feature/$&': 'packages/core/src/feature/$&.ts',
    lodash: '',
  });
});

test('Python: relative dots, src layouts, packages, submodules and namespaces', () => {
  const around = surroundings([
    'src/app/__init__.py',
    'src/app/models/__init__.py',
    'src/app/models/user.py',
    'src/app/views.py',
    'src/app/api/v1.pyi',
    'tests/test_a.py',
    'tests/helper.py',
    'setup.py',
  ]);
  check('src/app/views.py', around, {
    '. models': 'src/app/models/__init__.py',
    '.models user': 'src/app/models/user.py',
    '.models User': 'src/app/models/__init__.py',
    '.models.user User': 'src/app/models/user.py',
    '.': 'src/app/__init__.py',
    'app.models.user': 'src/app/models/user.py',
    'app.api v1': 'src/app/api/v1.pyi',
    '.... x': '',
    os: '',
  });
  check('tests/test_a.py', around, { 'app.models user': 'src/app/models/user.py', helper: 'tests/helper.py' });
  check('src/app/models/user.py', around, { '..views index': 'src/app/views.py' });
});

test('Go: packages by the module path, nested modules first, tests left out', () => {
  const around = surroundings(['main.go', 'store/store.go', 'store/disk.go', 'store/store_test.go', 'tools/gen/gen.go'], {
    'go.mod': 'module example.org/shop\n\ngo 1.22\n',
    'tools/go.mod': '// comment\n\tmodule "example.org/shop/tools" // of the shop\n',
    'modules/go.mod': 'modules x\n// module no\n',
  });
  check('main.go', around, {
    'example.org/shop/store': 'store/store.go store/disk.go',
    'example.org/shop/tools/gen': 'tools/gen/gen.go',
    fmt: '',
    'example.org/shopping': '',
  });
});

test('Rust: crate, self, super, other crates of the workspace, modules in folders', () => {
  const around = surroundings(['a/src/lib.rs', 'a/src/net/mod.rs', 'a/src/net/tcp.rs', 'a/src/util.rs', 'b/src/main.rs', 'b/src/cli.rs', 'c/src/lib.rs'], {
    'a/Cargo.toml': '[package]\nauthors = ["a [b]"]\ninclude = [\n  ["x"],\n]\nname = "my-lib"\nversion = "1.0.0"\n',
    'b/Cargo.toml': "[package]\r\nversion = '1.0.0'\r\nname = 'tool' # [x]\r\n[dependencies]\r\nname = 'x'\r\n",
    'c/Cargo.toml': '[workspace]\nname = "no"\n[package.metadata]\nname = "nor"\n[[bin]]\nname = "this"\n',
  });
  check('a/src/net/tcp.rs', around, {
    'crate::util Helper': 'a/src/util.rs',
    'crate util': 'a/src/util.rs',
    'super Socket': 'a/src/net/mod.rs',
    'super::super util': 'a/src/util.rs',
    'std::io Read': '',
  });
  check('a/src/lib.rs', around, { 'self::net': 'a/src/net/mod.rs', 'net::tcp Stream': 'a/src/net/tcp.rs' });
  check('b/src/main.rs', around, {
    'my_lib::net Socket': 'a/src/net/mod.rs',
    'self::cli': 'b/src/cli.rs',
    'my_lib Error': 'a/src/lib.rs',
    'no Error': '',
    'nor Error': '',
    'this Error': '',
  });
});

test('Java: classes under any source root, nested and static members, whole packages', () => {
  const around = surroundings(['src/main/java/a/b/C.java', 'src/main/java/a/b/D.java', 'src/test/java/a/b/CTest.java', 'x/aa/b/C.java']);
  check('src/main/java/a/X.java', around, {
    'a.b.C C': 'src/main/java/a/b/C.java',
    'a.b.C.Inner Inner': 'src/main/java/a/b/C.java',
    'a.b': 'src/main/java/a/b/C.java src/main/java/a/b/D.java src/test/java/a/b/CTest.java',
    'java.util.List List': '',
  });
});

test('C#: namespaces, types in them that an alias or `using static` names, nested types', () => {
  const models = ['src/User.cs', 'other/Order.cs'];
  const around = surroundings([...models, 'src/Tool.cs'], {}, { 'My.Models': models, My: ['src/Tool.cs'] });
  check('src/Program.cs', around, {
    'My.Models': 'src/User.cs other/Order.cs',
    'My.Models.User': 'src/User.cs',
    'My.Models.User User': 'src/User.cs',
    'My.Models.Order.Line Line': 'other/Order.cs',
    'My.Tool': 'src/Tool.cs',
    'My.None': '',
    'System.Linq': '',
    System: '',
    '__proto__.a': '',
  });
});

test('C: beside the file, in include folders, or the nearest ending', () => {
  const around = surroundings(['lib/a.c', 'lib/a.h', 'include/shop/b.h', 'third/zlib/zlib.h', 'other/zlib/zlib.h', 'third/string.h']);
  check('lib/a.c', around, { 'a.h': 'lib/a.h', '<shop/b.h>': 'include/shop/b.h', 'shop/b.h': 'include/shop/b.h', '<string.h>': '', 'none.h': '' });
  check('third/main.c', around, { 'zlib.h': 'third/zlib/zlib.h' });
});

test('an import is found again under a tail of the file it leads to', () => {
  const cases: [string, { specifier: string; imported: string }, string][] = [
    ['typescript', { specifier: './a/b.js', imported: 'x' }, 'src/a/b.ts'],
    ['typescript', { specifier: '../a', imported: '*' }, 'src/a/index.ts'],
    ['typescript', { specifier: '..', imported: '*' }, 'src/index.ts'],
    ['python', { specifier: '.', imported: 'mod' }, 'pkg/mod.py'],
    ['python', { specifier: 'pkg.sub', imported: 'name' }, 'pkg/sub/__init__.py'],
    ['python', { specifier: '..', imported: '*' }, 'pkg/__init__.py'],
    ['go', { specifier: 'example.org/store/v2', imported: '*' }, 'store/disk.go'],
    ['rust', { specifier: 'crate::net', imported: 'tcp' }, 'src/net/tcp.rs'],
    ['rust', { specifier: 'crate', imported: 'Error' }, 'src/lib.rs'],
    ['java', { specifier: 'a.b', imported: '*' }, 'src/a/b/C.java'],
    ['cpp', { specifier: '<shop/b.h>', imported: '*' }, 'include/shop/b.h'],
    ['csharp', { specifier: 'My.Models.User', imported: 'User' }, 'src/User.cs'],
  ];
  for (const [languageId, item, path] of cases) {
    const { anywhere, within } = tailsOfPath(path, undefined);
    const tails = [...anywhere, ...within.map(({ tail }) => tail)];
    assert.ok(
      importTails(item, languageId).some((tail) => tails.includes(tail)),
      `${item.specifier} ${path}`,
    );
  }
});

test('whatever an import says, nothing outside the set is answered and nothing fails', () => {
  const part = fc.constantFrom('a', 'b', '..', '.', '', '*', '@x', '#i', 'index', '__proto__', 'constructor', 'a.js', '::', '<', '>');
  const configs = {
    'tsconfig.json': '{"compilerOptions":{"paths":{"*":["../../*","./a/*"],"__proto__":["x"]}}}',
    'package.json': '{"name":"a","exports":{"./*":"../../../*"}}',
  };
  const around = surroundings(['a.ts', 'a/b.ts', 'a/index.ts', 'b/a.py', 'b/__init__.py', 'a/b.h', 'src/a.rs'], configs);
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 6 }),
      fc.constantFrom('a.ts', 'a/b.ts', 'b/a.py', 'a/b.h', 'src/a.rs', 'a/x.java', 'a/x.go'),
      fc.constantFrom('/', '.', '::'),
      (parts, from, separator) => {
        const paths = resolveImport({ path: from, languageId: languageIdOf(from) }, { specifier: parts.join(separator), imported: 'a' }, around);
        for (const path of paths) assert.ok(around.files.has(path), path);
      },
    ),
  );
  assert.equal(joinPath('a', '../..'), undefined);
  assert.equal(joinPath('a/b', '../c/./d'), 'a/c/d');
});
