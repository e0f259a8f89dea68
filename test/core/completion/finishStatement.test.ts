// What is shown is whole: cut back or closed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openAbove } from '../../../server/core/completion/openAbove.ts';
import { finishStatement } from '../../../server/core/completion/postprocess/finishStatement.ts';
import { cursorIn } from './cursor.ts';

interface Over {
  readonly languageId?: string;
  readonly isGrowing?: boolean;
}

function check(marked: string, text: string, expected: string, { languageId = 'typescript', isGrowing = false }: Over = {}): void {
  const site = cursorIn(marked);
  const { linePrefix, lineSuffix, following } = site;
  assert.equal(finishStatement(text, { languageId, linePrefix, lineSuffix, following, isGrowing, openAbove: openAbove(site, languageId) }), expected);
}

const python = { languageId: 'python' };
const cases: readonly [name: string, marked: string, text: string, expected: string, over?: Over][] = [
  ['what is whole stays', '  |', 'foo(a, b);', 'foo(a, b);'],
  ['a whole block stays', '  |', 'if (a) {\n    b();\n  }', 'if (a) {\n    b();\n  }'],
  ['an increment is no operator that waits', '  |', 'i++', 'i++'],
  ['a generic type ends in no operator', '  |', 'const a: Map<string', 'const a: Map<string'],
  ['an operator at the end is taken away', '  |', 'return a.length === 0 &&', 'return a.length === 0'],
  ['and a dot', '  |', 'const a = foo.', 'const a = foo'],
  ['and one inside a call that is closed then', '  |', 'if (this.has(x) && ', 'if (this.has(x)) {\n  }'],
  ['an assignment of nothing is none', '  |', 'x =', 'x'],
  ['a call is closed', '  |', 'return new Date(1000,', 'return new Date(1000)'],
  ['a bracket alone is nothing', '  return |', '{', ''],
  ['a call of nothing is a name', '  return |;', 'isIt(', 'isIt'],
  ['a head is closed', '  |', 'if (x > 0) {', 'if (x > 0) {\n  }'],
  ['a block that is not is closed on a line of its own', '  |', 'each((a) => {\n    b(a);', 'each((a) => {\n    b(a);\n  })'],
  ['what stands whole before what does not is kept alone', '  |', 'a();\n  if (b) {\n    c(', 'a();'],
  ['what grows is cut back', '  |', 'a();\n  if (b) {\n    c(', 'a();', { isGrowing: true }],
  ['and shows nothing before it is whole', '  |', 'if (b) {\n    c();', '', { isGrowing: true }],
  ['in the middle of a line an operator may go on', 'x = | b;', 'a +', 'a +'],
  ['a comment says what it likes', '  |', '// this and', '// this and'],
  ['also behind its beginning', '  // |', 'this and', 'this and'],
  ['inside a comment of several lines, too', '/**\n * One\n |\n */\n', '* Adds (a', '* Adds (a'],
  ['a text ends in any word', '  |', '"this and"', '"this and"'],
  ['a comment of several lines is closed', '  |', '/**\n   * Adds.', '/**\n   * Adds.\n   */'],
  ['a docstring is closed', '    |', '"""Adds.', '"""Adds."""', python],
  ['one of several lines on a line of its own', '    |', '"""Adds.\n\n    More', '"""Adds.\n\n    More\n    """', python],
  ['one that is closed below is not closed again', 'def f():\n    |\n    """\n    x', '"""Adds.', '"""Adds.', python],
  ['nor one that is closed behind the cursor', 'def f():\n    """|"""', 'Adds.', 'Adds.', python],
  ['but one before another function’s', 'def e():\n    |\ndef f():\n    """Two."""', '"""Adds.', '"""Adds."""', python],
  ['inside a docstring a sentence keeps its full stop', 'def f():\n    """One\n    |\n    """', 'A node in the graph.', 'A node in the graph.', python],
  ['and one that ends it is not opened again', 'def f():\n    """One\n    |\n    return 1', 'A node."""', 'A node."""', python],
  ['a text that the user has begun is the user’s to end', 'def f():\n    """|', 'Adds (a', 'Adds (a', python],
  ['a template of several lines keeps its words', 'const a = `\n  |\n`;', 'it (if any) of', 'it (if any) of'],
  ['in its hole there is code', 'const a = `\n  ${|\n`;', 'f(a) +', 'f(a)'],
  ['a comment that is closed below is not closed again', '  |\n   */', '/**\n   * Adds.', '/**\n   * Adds.'],
  ['a comment in Lua is closed by its own sign', '|', '--[[ Adds.', '--[[ Adds. ]]', { languageId: 'lua' }],
  ['what is multiplied is no comment', '  |', '*p = f(a', '*p = f(a)', { languageId: 'c' }],
  ['an operator behind the cursor’s own ends in nothing either', '  x = a |', '+', ''],
  ['a regular expression ends in no operator', '  |', 'const a = / /', 'const a = / /'],
  ['a head with its statement has a body', '  |', 'if (a) return f(b)', 'if (a) return f(b)'],
  ['a condition of two brackets is one', '  |', 'if (a) && f(b)', 'if (a) && f(b) {\n  }', { languageId: 'go' }],
  ['the end of a loop is no head', '  |', 'do {\n    a();\n  } while (b)', 'do {\n    a();\n  } while (b)'],
  ['a language without braces gets none', '  |', 'while ready?(a)', 'while ready?(a)', { languageId: 'ruby' }],
  ['a comment at the end of a line is no head', '    |', 'x = 1  # so:', 'x = 1  # so:', python],
  ['before a brace that stands there the last line break stays', 'function f() {|}', '\n    a();\n  ', '\n    a();\n  '],
  ['half the head of a loop is nothing', '  |', 'for (let i = 0;', ''],
  ['a head in Python needs a body', '    |', 'if a:', '', python],
  ['and may have one', '    |', 'if a:\n        b()', 'if a:\n        b()', python],
  ['prose has no operators', '|', 'one and', 'one and', { languageId: 'markdown' }],
];
for (const [name, ...row] of cases) test(name, () => check(...row));
