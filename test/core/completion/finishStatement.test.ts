// What is shown is whole: cut back or closed. Texts in, texts out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finishStatement } from '../../../server/core/completion/postprocess/finishStatement.ts';

interface Given {
  readonly languageId?: string;
  readonly linePrefix?: string;
  readonly lineSuffix?: string;
  readonly isGrowing?: boolean;
}

const check = (name: string, text: string, expected: string, given: Given = {}) =>
  test(name, () => assert.equal(finishStatement(text, { languageId: 'typescript', linePrefix: '  ', lineSuffix: '', isGrowing: false, ...given }), expected));

check('what is whole stays', 'foo(a, b);', 'foo(a, b);');
check('a whole block stays', 'if (a) {\n    b();\n  }', 'if (a) {\n    b();\n  }');
check('an increment is no operator that waits', 'i++', 'i++');
check('a generic type ends in no operator', 'const a: Map<string', 'const a: Map<string');
check('an operator at the end is taken away', 'return a.length === 0 &&', 'return a.length === 0');
check('and a dot', 'const a = foo.', 'const a = foo');
check('and one inside a call that is closed then', 'if (this.has(x) && ', 'if (this.has(x)) {\n  }');
check('an assignment of nothing is none', 'x =', 'x');
check('a call is closed', 'return new Date(1000,', 'return new Date(1000)');
check('a bracket alone is nothing', '{', '', { linePrefix: '  return ' });
check('a call of nothing is a name', 'isIt(', 'isIt', { linePrefix: '  return ', lineSuffix: ';' });
check('a head is closed', 'if (x > 0) {', 'if (x > 0) {\n  }');
check('a block that is not is closed on a line of its own', 'each((a) => {\n    b(a);', 'each((a) => {\n    b(a);\n  })');
check('what stands whole before what does not is kept alone', 'a();\n  if (b) {\n    c(', 'a();');
check('what grows is cut back', 'a();\n  if (b) {\n    c(', 'a();', { isGrowing: true });
check('and shows nothing before it is whole', 'if (b) {\n    c();', '', { isGrowing: true });
check('in the middle of a line an operator may go on', 'a +', 'a +', { linePrefix: 'x = ', lineSuffix: ' b;' });
check('a comment says what it likes', '// this and', '// this and');
check('also behind its beginning', 'this and', 'this and', { linePrefix: '  // ' });
check('a text ends in any word', '"this and"', '"this and"');
check('a comment of several lines is closed', '/**\n   * Adds.', '/**\n   * Adds.\n   */');
check('a docstring is closed', '"""Adds.', '"""Adds."""', { languageId: 'python', linePrefix: '    ' });
check('one of several lines on a line of its own', '"""Adds.\n\n    More', '"""Adds.\n\n    More\n    """', { languageId: 'python', linePrefix: '    ' });
check('a head in Python needs a body', 'if a:', '', { languageId: 'python', linePrefix: '    ' });
check('and may have one', 'if a:\n        b()', 'if a:\n        b()', { languageId: 'python', linePrefix: '    ' });
check('prose has no operators', 'one and', 'one and', { languageId: 'markdown', linePrefix: '' });
