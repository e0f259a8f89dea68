// What is shown is whole: cut back or closed. Texts in, texts out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finishStatement } from '../../../server/core/completion/postprocess/finishStatement.ts';

interface Given {
  readonly languageId?: string;
  readonly linePrefix?: string;
  readonly lineSuffix?: string;
  readonly isGrowing?: boolean;
  readonly scope?: 'code' | 'string' | 'comment';
  readonly following?: string;
}

const cases: readonly [name: string, text: string, expected: string, given?: Given][] = [
  ['what is whole stays', 'foo(a, b);', 'foo(a, b);'],
  ['a whole block stays', 'if (a) {\n    b();\n  }', 'if (a) {\n    b();\n  }'],
  ['an increment is no operator that waits', 'i++', 'i++'],
  ['a generic type ends in no operator', 'const a: Map<string', 'const a: Map<string'],
  ['an operator at the end is taken away', 'return a.length === 0 &&', 'return a.length === 0'],
  ['and a dot', 'const a = foo.', 'const a = foo'],
  ['and one inside a call that is closed then', 'if (this.has(x) && ', 'if (this.has(x)) {\n  }'],
  ['an assignment of nothing is none', 'x =', 'x'],
  ['a call is closed', 'return new Date(1000,', 'return new Date(1000)'],
  ['a bracket alone is nothing', '{', '', { linePrefix: '  return ' }],
  ['a call of nothing is a name', 'isIt(', 'isIt', { linePrefix: '  return ', lineSuffix: ';' }],
  ['a head is closed', 'if (x > 0) {', 'if (x > 0) {\n  }'],
  ['a block that is not is closed on a line of its own', 'each((a) => {\n    b(a);', 'each((a) => {\n    b(a);\n  })'],
  ['what stands whole before what does not is kept alone', 'a();\n  if (b) {\n    c(', 'a();'],
  ['what grows is cut back', 'a();\n  if (b) {\n    c(', 'a();', { isGrowing: true }],
  ['and shows nothing before it is whole', 'if (b) {\n    c();', '', { isGrowing: true }],
  ['in the middle of a line an operator may go on', 'a +', 'a +', { linePrefix: 'x = ', lineSuffix: ' b;' }],
  ['a comment says what it likes', '// this and', '// this and'],
  ['also behind its beginning', 'this and', 'this and', { linePrefix: '  // ' }],
  ['a text ends in any word', '"this and"', '"this and"'],
  ['a comment of several lines is closed', '/**\n   * Adds.', '/**\n   * Adds.\n   */'],
  ['a docstring is closed', '"""Adds.', '"""Adds."""', { languageId: 'python', linePrefix: '    ' }],
  ['one of several lines on a line of its own', '"""Adds.\n\n    More', '"""Adds.\n\n    More\n    """', { languageId: 'python', linePrefix: '    ' }],
  ['one that is closed below is not closed again', '"""Adds.', '"""Adds.', { languageId: 'python', linePrefix: '    ', following: '    """\n    x' }],
  ['nor one that is closed behind the cursor', 'Adds.', 'Adds.', { languageId: 'python', linePrefix: '    """', lineSuffix: '"""' }],
  ['but one before another function’s', '"""Adds.', '"""Adds."""', { languageId: 'python', linePrefix: '    ', following: 'def f():\n    """Two."""' }],
  ['inside a docstring a sentence keeps its full stop', 'A node in the graph.', 'A node in the graph.', { languageId: 'python', scope: 'string' }],
  ['and one that ends it is not opened again', 'A node."""', 'A node."""', { languageId: 'python', scope: 'string' }],
  ['inside a comment of several lines, too', '* Adds (a', '* Adds (a', { scope: 'comment', linePrefix: '   ' }],
  ['a head in Python needs a body', 'if a:', '', { languageId: 'python', linePrefix: '    ' }],
  ['and may have one', 'if a:\n        b()', 'if a:\n        b()', { languageId: 'python', linePrefix: '    ' }],
  ['prose has no operators', 'one and', 'one and', { languageId: 'markdown', linePrefix: '' }],
];
for (const [name, text, expected, given] of cases) {
  const input = { languageId: 'typescript', linePrefix: '  ', lineSuffix: '', following: '', isGrowing: false, scope: 'code' as const, ...given };
  test(name, () => assert.equal(finishStatement(text, input), expected));
}
