// Places where an answer repeats what follows the cursor, wrongly, and places where a repetition is right: what a filter must tell apart. `|` is
// the cursor, a real bar is written `¦`. The tests take our filters through them, the completion bench those of others as well.

export interface Hazard {
  readonly name: string;
  readonly marked: string;
  /** What the model wrote. */
  readonly text: string;
  readonly languageId: string;
}

/** `wanted`: the part of the answer that is new. More of it is a wrong duplicate. */
export interface Duplicate extends Hazard {
  readonly wanted: string;
}

type DuplicateRow = readonly [name: string, marked: string, text: string, wanted: string, languageId?: string];
const duplicateRows: readonly DuplicateRow[] = [
  ['the closing brace below', 'function f() {\n  |\n}\n', 'return 1;\n}', 'return 1;'],
  ['the closing brace and what follows it', 'function f() {\n  |\n}\n\nexport const a = 1;\n', 'return 1;\n}\n\nexport const a = 1;', 'return 1;'],
  ['the next line alone', '  const a = 1;\n  |\n  return compute(a);\n', 'return compute(a);', ''],
  ['a new line and then the next one', '  const a = 1;\n  |\n  return compute(a);\n', 'log(a);\n  return compute(a);', 'log(a);'],
  [
    'the next lines, and another end',
    '  |\n  open(file);\n  read(file);\n  close(file);\n',
    'check(file);\n  open(file);\n  read(file);\n  done();',
    'check(file);',
  ],
  ['across a blank line', 'const a = 1;\n|\n\nconst total = sum(a);\n', 'const b = 2;\n\nconst total = sum(a);', 'const b = 2;'],
  ['a parenthesis that stands there', 'call(|)', 'one, two)', 'one, two'],
  ['parenthesis and semicolon', 'call(|);', 'one, two);', 'one, two'],
  ['two closers', 'outer(inner(|));', 'value));', 'value'],
  ['a bracket in an array', 'const list = [|];', '1, 2, 3];', '1, 2, 3'],
  ['a quote that stands there', "import x from '|';", "./x.ts';", './x.ts'],
  ['the rest of the line', 'const total = |+ tax(order);', 'price(order) + tax(order);', 'price(order) '],
  ['the arguments that follow', 'draw(|, width, height);', 'canvas, width, height);', 'canvas'],
  ['a brace at the end of a one-line body', 'const f = () => { return | };', 'a + b };', 'a + b'],
  ['the brace of an object, on the same line', 'const a = { one: | };', '1 };', '1'],
  ['the parenthesis on the next line', 'call(\n  one,\n  |\n);\n', 'two,\n);', 'two,'],
  ['the bracket on the next line', 'const list = [\n  1,\n  |\n];\n', '2,\n];', '2,'],
  ['a template literal’s end', 'log(`total: ${|}`);', 'sum(items)}`);', 'sum(items)'],
  ['the next case', "  case 'a':\n    |\n    break;\n  case 'b':\n    two();\n", "one();\n    break;\n  case 'b':\n    two();", 'one();'],
  ['the next method', 'class A {\n  one() {\n    |\n  }\n\n  two() {\n    return 2;\n  }\n}\n', 'return 1;\n  }\n\n  two() {\n    return 2;\n  }', 'return 1;'],
  ['the next definition in Python', 'def one():\n    |\n\n\ndef two():\n    return 2\n', 'return 1\n\n\ndef two():\n    return 2', 'return 1', 'python'],
  ['the next statement in Python', 'def one(a):\n    b = |\n    return a + b\n', 'a * 2\n    return a + b', 'a * 2', 'python'],
  ['the return in Python, alone', 'def one(a):\n    |\n    return finish(a)\n', 'return finish(a)', '', 'python'],
  ['a dictionary’s end in Python', "config = {\n    'a': 1,\n    |\n}\n", "'b': 2,\n}", "'b': 2,", 'python'],
  ['an end in Ruby', 'def one\n  |\nend\n', 'puts 1\nend', 'puts 1', 'ruby'],
  ['a closing tag', '<ul>\n  |\n</ul>\n', '<li>one</li>\n</ul>', '<li>one</li>', 'html'],
  ['the next key in JSON', '{\n  "a": 1,\n  |\n  "version": "1.0"\n}\n', '"b": 2,\n  "version": "1.0"', '"b": 2,', 'json'],
  ['the next field of a struct', 'type A struct {\n\tName string\n\t|\n\tAge int\n}\n', 'Mail string\n\tAge int\n}', 'Mail string', 'go'],
  ['a comment that follows', '// one\n|\n// three is the last of them\nrun();\n', '// two\n// three is the last of them', '// two'],
  ['in a file with CRLF', 'function f() {\r\n  |\r\n  return finish();\r\n}\r\n', 'start();\n  return finish();\n}', 'start();'],
];
export const duplicates: readonly Duplicate[] = duplicateRows.map(([name, marked, text, wanted, languageId = 'typescript']) => ({
  name,
  marked,
  text,
  wanted,
  languageId,
}));

type RepetitionRow = readonly [name: string, marked: string, text: string, languageId?: string];
const repetitionRows: readonly RepetitionRow[] = [
  ['the brace of an inner block before that of the outer one', 'function f() {\n  if (a) {|\n}\n', '\n    b();\n  }'],
  ['a brace, though another function ends further below', 'function f() {|\n\nfunction g() {\n}\n', '\n  a();\n}'],
  ['the end of a block that the answer opens', 'function f() {\n  |\n}\n', 'if (a) {\n    b();\n  }'],
  ['a call in a run of equal calls', 'tick();\ntick();\n|\ntick();\n', 'tick();'],
  ['rows of numbers', 'const m = [\n  0, 0, 0,\n  |\n  0, 0, 0,\n];\n', '0, 0, 0,'],
  ['two equal elements', '<div>\n  <br />\n  |\n  <br />\n</div>\n', '<br />', 'html'],
  ['a break before the next case’s break', "  case 'a':\n    one();\n    |\n  case 'b':\n    two();\n    break;\n", 'break;'],
  ['else before what begins with else', 'if (a) b();\n|\nelse c();\n', 'else if (d) e();'],
  ['a line that only begins like the next one', '|\nconst total = 1;\n', 'const tot = 1;'],
  ['the same call with another argument', "  set('a', 1);\n  |\n  set('c', 1);\n", "set('b', 1);"],
  ['the same end of a line as the next one', '  const a = |\n  const b = read(file);\n', 'read(file);'],
  ['a parenthesis that closes an inner call', 'outer(inner(|);', 'value)'],
  ['a quote where the string is open', "say('|);", "hello'"],
  ['a bracket of its own before one that stands there', 'call(|)', 'list[0]'],
  ['a call of its own before a parenthesis', 'call(|)', 'read(file)'],
  ['a second return', 'function f(a) {\n  if (a) |\n  return null;\n}\n', 'return a;'],
  ['the same call in an inner block', 'def f(text):\n    if text:\n        |\n    return run(text)\n', 'return run(text)', 'python'],
  ['a rule of a table', '¦ a ¦ b ¦\n|\n¦ 1 ¦ 2 ¦\n', '¦ --- ¦ --- ¦', 'markdown'],
  ['pass before another pass', 'class A:\n    |\n\n\nclass B:\n    pass\n', 'pass', 'python'],
  ['the same line in another branch', 'if a:\n    |\nelse:\n    run(a)\n', 'run(b)', 'python'],
  ['an inner end before an outer one', 'def f\n  if a|\nend\n', '\n    1\n  end', 'ruby'],
  ['an equal property in the next object', 'const a = {\n  |\n};\nconst b = {\n  kind: 1,\n};\n', 'kind: 1,'],
  ['an equal statement one block further down', 'function f() {\n  |\n}\nfunction g() {\n  start(now);\n}\n', 'start(now);'],
];
export const repetitions: readonly Hazard[] = repetitionRows.map(([name, marked, text, languageId = 'typescript']) => ({ name, marked, text, languageId }));

/** The text before and behind the cursor. */
export function split(marked: string): readonly [before: string, after: string] {
  const at = marked.indexOf('|');
  return [marked.slice(0, at).replaceAll('¦', '|'), marked.slice(at + 1).replaceAll('¦', '|')];
}
