// Where C#'s `using` leads in an index of real files: a namespace is wherever files declare it.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import type { Project } from '../../server/project/project.ts';
import { symbolsOf, TemporaryProject } from './temporaryProject.ts';

const many = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`Models/Model${at}.cs`, `namespace My.Models;\npublic class Model${at} { }\n`]));
const files = {
  ...many,
  // Another file of the name that a type has in the namespace.
  'Other/Model1.cs': 'namespace My.Other { public class Model1 { } }\n',
  'Nested.cs': 'namespace A {\n  namespace B { public class Deep { public class Inner { } } }\n  namespace C.D { public class Deeper { } }\n}\n',
  'Tools.cs': 'namespace A.B\n{\n  public static class Tools { public static int Twice(int a) => 2 * a; }\n}\n',
  'Program.cs': [
    'using System.Linq;',
    'using My.Models;',
    'using A.B;',
    'using A.C.D;',
    'using static A.B.Tools;',
    'using One = My.Models.Model1;',
    'using In = A.B.Deep.Inner;',
    'using M = My.Models;',
    'using Numbers = System.Collections.Generic.List<int>;',
    'using Pair = (int a, int b);',
    'using static global::A.B.Deep;',
    'namespace App;',
    'public class Program { int Run() => Twice(new Model1().Size); }',
  ].join('\n'),
};

const resolved = (project: Project, path: string) =>
  (symbolsOf(project).file(path)?.imports ?? []).map(({ local, specifier, resolvedPaths }) => `${local} ${specifier}: ${[...resolvedPaths].sort().join(' ')}`);

for (const storage of [undefined, ''] as const) {
  const where = storage === undefined ? 'in a database' : 'in memory';

  test(`namespaces, nested ones, aliases and static types lead to their files, however many there are, ${where}`, async () => {
    await using project = new TemporaryProject(files);
    const index = await project.index(storage === undefined ? {} : { storage });
    const all = Object.keys(many).sort().join(' ');
    assert.deepEqual(resolved(index, 'Program.cs'), [
      '* System.Linq: ',
      `* My.Models: ${all}`,
      '* A.B: Nested.cs Tools.cs',
      '* A.C.D: Nested.cs',
      '* A.B.Tools: Tools.cs',
      'One My.Models.Model1: Models/Model1.cs',
      'In A.B.Deep.Inner: Nested.cs',
      `M My.Models: ${all}`,
      'Numbers System.Collections.Generic.List: ',
      '* A.B.Deep: Nested.cs',
    ]);
    const symbols = symbolsOf(index);
    const namesOf = (local: string) => {
      const binding = symbols.file('Program.cs')?.imports.find((one) => one.local === local);
      return binding && symbols.definitionsOfImport(binding).map(({ name, path }) => `${path}: ${name}`);
    };
    assert.deepEqual(namesOf('One'), ['Models/Model1.cs: Model1']);
    assert.equal(namesOf('M')?.length, 40);
    assert.deepEqual(symbols.importersOf('Models/Model7.cs'), ['Program.cs']);
    assert.deepEqual(symbols.importersOf('Tools.cs'), ['Program.cs']);
    assert.deepEqual(symbols.importersOf('Other/Model1.cs'), []);
  });
}

test('an import leads to a file that declares the namespace later, and no longer to one that is gone', async () => {
  await using project = new TemporaryProject({ 'Program.cs': 'using My.Models;\n', 'Models/A.cs': 'namespace My.Models { class A { } }\n', 'B.cs': '\n' });
  const index = await project.index();
  assert.deepEqual(resolved(index, 'Program.cs'), ['* My.Models: Models/A.cs']);
  project.write({ 'B.cs': 'namespace My.Models;\nclass B { }\n' });
  index.noteChanged([project.at('B.cs')]);
  await index.whenIdle();
  assert.deepEqual(resolved(index, 'Program.cs'), ['* My.Models: B.cs Models/A.cs']);
  rmSync(project.at('Models/A.cs'));
  index.noteChanged([project.at('Models/A.cs')]);
  await index.whenIdle();
  assert.deepEqual(resolved(index, 'Program.cs'), ['* My.Models: B.cs']);
});

test('a `using` inside a namespace may leave out what that begins with', async () => {
  await using project = new TemporaryProject({
    'Inside.cs': 'namespace My.App.Web\n{\n  using Models;\n  using static Tools.Text;\n  using System.Linq;\n  class Inside { }\n}\n',
    'OfFile.cs': 'namespace My.App;\nusing Models;\n',
    'Above.cs': 'using Models;\nnamespace My.App { }\n',
    'Elsewhere.cs': 'namespace Other;\nusing Models;\n',
    'Inner.cs': 'namespace My.App.Models { class Inner { } }\n',
    'Outer.cs': 'namespace My.Tools { static class Text { } }\n',
  });
  const index = await project.index();
  assert.deepEqual(resolved(index, 'Inside.cs'), ['* Models: Inner.cs', '* Tools.Text: Outer.cs', '* System.Linq: ']);
  assert.deepEqual(resolved(index, 'OfFile.cs'), ['* Models: Inner.cs']);
  for (const path of ['Above.cs', 'Elsewhere.cs']) assert.deepEqual(resolved(index, path), ['* Models: '], path);
  assert.deepEqual([...symbolsOf(index).importersOf('Inner.cs')].sort(), ['Inside.cs', 'OfFile.cs']);
  assert.deepEqual(symbolsOf(index).importersOf('Outer.cs'), ['Inside.cs']);
});
