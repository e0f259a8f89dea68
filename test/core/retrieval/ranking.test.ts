// What speaks for a definition puts it before another that nothing speaks for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Cursor, rankDefinitions } from '../../../server/core/retrieval/rankDefinitions.ts';
import { membersOfTypes } from '../../../server/core/retrieval/receiver.ts';
import { situationIn } from './smallProject.ts';

async function namesIn(files: Readonly<Record<string, string>>): Promise<string[]> {
  const { evidence, cursor } = await situationIn(files);
  return rankDefinitions(evidence, cursor)
    .toSorted((a, b) => b.chance - a.chance)
    .map(({ definition }) => (definition.container === undefined ? definition.name : `${definition.container}.${definition.name}`));
}

function check(
  name: string,
  files: Readonly<Record<string, string>>,
  expected: { readonly before: readonly [string, string] } | { readonly first: string },
): void {
  test(name, async () => {
    const names = await namesIn(files);
    if ('first' in expected) assert.equal(names[0], expected.first, names.join(' '));
    else {
      const [one, other] = expected.before.map((wanted) => names.indexOf(wanted)) as [number, number];
      assert.ok(one >= 0 && other >= 0 && one < other, `${expected.before.join(' before ')} in ${names.join(' ')}`);
    }
  });
}

const shapes =
  'export function area(w: number): number { return w; }\nexport function border(w: number): number { return w; }\nexport function corner(): void {}\n';

check(
  'what is imported by name comes before the rest of its file',
  { 'shapes.ts': shapes, 'main.ts': "import { border } from './shapes';\n\nfunction draw() {\n  |\n}\n" },
  { first: 'border' },
);
check(
  'of two imported names the one used nearer to the cursor comes first',
  { 'shapes.ts': shapes, 'main.ts': `import { area, border } from './shapes';\nborder(1);\n${'\n'.repeat(40)}area(1);\n|\n` },
  { before: ['area', 'border'] },
);
check(
  'a name in the file that a file elsewhere defines is found without an import',
  { 'far/other.ts': 'export function settle(): void {}\nexport function unsettle(): void {}\n', 'main.ts': 'settle();\n|\n' },
  { first: 'settle' },
);
check(
  'members of a base class in another file come before members of a class that nothing has to do with',
  {
    'base.py': 'class Base:\n    def prepare(self):\n        pass\n\nclass Other:\n    def abandon(self):\n        pass\n',
    'main.py': 'from base import Base\n\nclass Mine(Base):\n    def run(self):\n        |\n',
  },
  { before: ['Base.prepare', 'Other.abandon'] },
);
check(
  "members of a variable's type come before those of a type whose variable is far away",
  {
    'near.ts': 'export class Near {\n  one(): void {}\n}\n',
    'far.ts': 'export class Far {\n  two(): void {}\n}\n',
    'main.ts': `import { Near } from './near';\nimport { Far } from './far';\nconst a: Far = make();\n${'\n'.repeat(60)}const b: Near = make();\n|\n`,
  },
  { before: ['Near.one', 'Far.two'] },
);
check(
  'of members with one name that of an imported type comes first',
  {
    'a.ts': 'export class Alpha {\n  open(): void {}\n}\n',
    'b.ts': 'export class Beta {\n  open(): void {}\n}\n',
    'main.ts': "import { Beta } from './b';\nexport function go(x: Beta) {\n  x.open();\n  |\n}\n",
  },
  { before: ['Beta.open', 'Alpha.open'] },
);
check(
  'a word of the text around the cursor speaks for definitions with that word',
  { 'shapes.ts': shapes, 'main.ts': "import { area } from './shapes';\narea(1);\n// now round each corner\n|\n" },
  { before: ['corner', 'border'] },
);

const operator = (name: string) =>
  `import { operate } from '../util/lift';\nimport { subscribe } from '../util/subscriber';\nexport function ${name}() {\n  return operate(subscribe());\n}\n`;
check(
  'what all files of the folder import and this one does not is expected here too',
  {
    'util/lift.ts': 'export function operate(x: unknown): unknown { return x; }\n',
    'util/subscriber.ts': 'export function subscribe(): void {}\n',
    'util/unused.ts': 'export function unused(): void {}\n',
    'operators/map.ts': operator('map'),
    'operators/scan.ts': operator('scan'),
    'operators/tap.ts': operator('tap'),
    'operators/new.ts': "import { subscribe } from '../util/subscriber';\nexport function fresh() {\n  subscribe();\n  |\n}\n",
  },
  { before: ['operate', 'map'] },
);

test('a package gives away what it imports by name and what a star import brings in, and nothing else', async () => {
  const names = await namesIn({
    'app/__init__.py': '',
    'app/models/__init__.py': 'from app.models.fields import *\nfrom app.models.options import Options\n',
    'app/models/fields.py': 'class IntegerField:\n    pass\n\nclass _Hidden:\n    pass\n',
    'app/models/options.py': 'class Options:\n    pass\n\nclass Unnamed:\n    pass\n',
    'main.py': 'from app import models\n\nclass Box(models.Base):\n    |\n',
  });
  assert.deepEqual(names.toSorted(), ['IntegerField', 'Options']);
});
check(
  'of two imported modules the one whose name is used nearer to the cursor comes first',
  {
    'near.py': 'def alpha():\n    pass\n',
    'far.py': 'def omega():\n    pass\n',
    'main.py': `import near\nimport far\nfar.x()\n${'\n'.repeat(60)}near.x()\n|\n`,
  },
  { before: ['alpha', 'omega'] },
);
check(
  'members of the type of an imported value that is used nearby come before those of one that is far away',
  {
    'signals.py': 'from dispatch import Signal\n\nfinished = Signal()\n',
    'dispatch.py': 'class Signal:\n    def connect(self):\n        pass\n',
    'wires.py': 'from metal import Wire\n\nstretched = Wire()\n',
    'metal.py': 'class Wire:\n    def solder(self):\n        pass\n',
    'main.py': `from signals import finished\nfrom wires import stretched\nhold(stretched)\n${'\n'.repeat(60)}hold(finished)\n|\n`,
  },
  { before: ['Signal.connect', 'Wire.solder'] },
);
check(
  'members of a type that is called like a variable nearby come before those of one whose namesake is far away',
  {
    'words.py': 'class Dictionary:\n    def one(self):\n        pass\n',
    'sql.py': 'class QueryCompiler:\n    def two(self):\n        pass\n',
    'main.py': `def find(dictionary):\n    print(dictionary)\n${'\n'.repeat(60)}def run(query_compiler):\n    print(query_compiler)\n    |\n`,
  },
  { before: ['QueryCompiler.two', 'Dictionary.one'] },
);
check(
  'a name of very many definitions is found where a type that the file can reach has it',
  {
    ...Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`type${at}.ts`, `export class Type${at} {\n  next(): void {}\n}\n`])),
    'zeal.ts': 'export class Zeal {\n  next(): void {}\n}\n',
    'make.ts': "import { Zeal } from './zeal';\nexport function make(): Zeal { return new Zeal(); }\n",
    'main.ts': "import { make } from './make';\nmake().next();\n|\n",
  },
  { before: ['Zeal.next', 'Type3.next'] },
);

test('a second signature of a function comes after what nobody has seen yet', async () => {
  const overloads = Array.from({ length: 8 }, (_, at) => `export function pick(a${at}: string): void;\n`).join('');
  const { evidence, cursor } = await situationIn({
    'pick.ts': `${overloads}export function pick(a: string): void {}\nexport function peck(a: string): void {}\n`,
    'main.ts': "import { pick, peck } from './pick';\npick('a');\npeck('a');\n|\n",
  });
  const names = rankDefinitions(evidence, cursor).map(({ definition }) => definition.name);
  assert.deepEqual(names.slice(0, 2).toSorted(), ['peck', 'pick']);
  assert.equal(names.filter((name) => name === 'pick').length, 9);
});

test('a file that names thousands of types is held to a bound and still answered', async () => {
  const count = 3000;
  const types = Array.from({ length: count }, (_, at) => `export class Kind${at} {\n  part${at}: number = 0;\n}\n`).join('');
  const uses = Array.from({ length: count }, (_, at) => `const one${at} = new Kind${at}();\n`).join('');
  const names = await namesIn({ 'kinds.ts': types, 'main.ts': `import * as kinds from './kinds';\n${uses}|\n` });
  assert.ok(names.length > 0 && names.length <= 1500);
});

test('members of what stands before the dot come first, candidates or not', async () => {
  const { source, evidence, cursor } = await situationIn({
    'a.ts': 'export class Alpha {\n  open(): void {}\n}\n',
    'b.ts': 'export function often(): void {}\n',
    'main.ts': "import { often } from './b';\noften();\n|\n",
  });
  const first = (more: Partial<Cursor>) => rankDefinitions(evidence, { ...cursor, ...more })[0]?.definition.name;
  assert.equal(first({}), 'often');
  assert.equal(first({ receiverMembers: membersOfTypes(source, ['Alpha']) }), 'open');
});

test('nothing from the file itself is a candidate', async () => {
  const names = await namesIn({
    'other.ts': 'export function there(): void {}\n',
    'main.ts': "import { there } from './other';\nfunction here() {}\nhere();\nthere();\n|\n",
  });
  assert.deepEqual(names, ['there']);
});

test('classes that inherit each other in a circle end', async () => {
  const names = await namesIn({
    'a.py': 'from b import B\nclass A(B):\n    def one(self): pass\n',
    'b.py': 'from a import A\nclass B(A):\n    def two(self): pass\n',
    'main.py': 'from a import A\nclass C(A):\n    def run(self):\n        |\n',
  });
  assert.ok(names.includes('A.one') && names.includes('B.two'), names.join(' '));
});
