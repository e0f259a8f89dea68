// From an answer to a changed text: the hazards of facts/edits.md, and properties that hold for every file.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { documentLines, type LineRange } from '../../../server/core/edit/documentLines.ts';
import { placeBlocks, type Placement } from '../../../server/core/edit/placeBlocks.ts';
import { parseSearchReplace } from '../../../server/core/edit/parseEdits/searchReplace.ts';
import { matchEdit } from '../../../server/core/edit/matchEdit.ts';
import { resolveShownPath, type ShownFile } from '../../../server/core/edit/shownFile.ts';

function shownFile(text: string, { path = 'a.ts', region }: { path?: string; region?: LineRange | undefined } = {}): ShownFile {
  const document = documentLines(text);
  return { path, languageId: 'typescript', document, region: region ?? { start: 0, end: document.lines.length } };
}

/** What an editor makes of the edits: an implementation that is not ours. */
function applied(text: string, placement: Placement): string {
  assert.equal(placement.kind, 'placed', JSON.stringify(placement));
  if (placement.kind !== 'placed') throw new Error();
  const [file] = placement.files;
  return TextDocument.applyEdits(TextDocument.create('file:///a', '', 0, text), file?.edits.map(({ range, newText }) => ({ range, newText })) ?? []);
}

const block = (search: string, replace: string): string =>
  `<<<<<<< SEARCH\n${search}${search === '' ? '' : '\n'}=======\n${replace}${replace === '' ? '' : '\n'}>>>>>>> REPLACE`;

interface Case {
  readonly text: string;
  readonly answer: string;
  readonly path?: string;
  readonly region?: LineRange;
  /** The text afterwards, or the reasons of the refusal and a part of its first message. */
  readonly expected: string | { readonly reasons: readonly string[]; readonly says?: RegExp };
}

function check(name: string, { text, answer, path, region, expected }: Case): void {
  test(name, () => {
    const placement = placeBlocks(parseSearchReplace(answer, ['a.ts']), [shownFile(text, { path, region })]);
    if (typeof expected === 'string') {
      assert.equal(applied(text, placement), expected);
      return;
    }
    assert.equal(placement.kind, 'refused');
    if (placement.kind !== 'refused') return;
    assert.deepEqual(
      placement.refusals.map(({ reason }) => reason),
      expected.reasons,
    );
    if (expected.says) assert.match(placement.refusals[0]?.message ?? '', expected.says);
  });
}

// The place.
check('one place is changed', { text: 'a\nb\nc\n', answer: block('b', 'B'), expected: 'a\nB\nc\n' });
check('two equal places are refused and named', {
  text: 'x\nb\ny\nb\n',
  answer: block('b', 'B'),
  expected: { reasons: ['severalMatches'], says: /lines 2, 4/ },
});
check('a line around it tells two equal places apart', { text: 'x\nb\ny\nb\n', answer: block('y\nb', 'y\nB'), expected: 'x\nb\ny\nB\n' });
check('places that overlap each other are several', { text: 'a\na\na\n', answer: block('a\na', 'b'), expected: { reasons: ['severalMatches'] } });
check('a part of a line is no match', { text: 'const ab = 1;\n', answer: block('const a', 'const c'), expected: { reasons: ['noMatch'] } });
check('a stale value is refused, with the nearest line', {
  text: 'const x = 0;\nconst timeoutMs = 500;\n',
  answer: block('const timeoutMs = 300;', 'const timeoutMs = 900;'),
  expected: { reasons: ['noMatch'], says: /2 \| const timeoutMs = 500;/ },
});
check('a near-miss name is refused, however alike', {
  text: 'function getUserById(id: string) {\n  return users.get(id);\n}\n',
  answer: block('function getItemById(id: string) {\n  return users.get(id);\n}', 'function getItemById(id: number) {\n  return users.get(id);\n}'),
  expected: { reasons: ['noMatch'], says: /getUserById/ },
});
check('another case is refused', { text: 'const Name = 1;\n', answer: block('const name = 1;', 'const name = 2;'), expected: { reasons: ['noMatch'] } });
check('what already stands there is said', {
  text: 'const a = 2;\n',
  answer: block('const a = 1;', 'const a = 2;'),
  expected: { reasons: ['noMatch'], says: /already stands at line 1/ },
});
check('an exact place wins over one with other blanks at its end', { text: 'b  \nb\n', answer: block('b', 'B'), expected: 'b  \nB\n' });
check('joined tokens are refused', { text: 'return x;\n', answer: block('returnx;', 'return y;'), expected: { reasons: ['noMatch'] } });

// Blanks.
check('blanks at line ends are ignored, and kept on lines that stay', { text: 'a  \nb\t\nc\n', answer: block('a\nb\nc', 'a\nB\nc'), expected: 'a  \nB\nc\n' });
check('a block written at the margin moves to where the file has it', {
  text: 'class A {\n    f() {\n        return 1;\n    }\n}\n',
  answer: block('f() {\n    return 1;\n}', 'f() {\n    log();\n\n    return 1;\n}'),
  expected: 'class A {\n    f() {\n        log();\n\n        return 1;\n    }\n}\n',
});
check('a block written too deep moves back', {
  text: 'f() {\n  g();\n}\n',
  answer: block('    f() {\n      g();\n    }', '    f() {\n      h();\n    }'),
  expected: 'f() {\n  h();\n}\n',
});
check('spaces become the tabs of the file', {
  text: 'f() {\n\tif (x) {\n\t\tg();\n\t}\n}\n',
  answer: block('f() {\n    if (x) {\n        g();', 'f() {\n    if (x) {\n        g();\n        h();'),
  expected: 'f() {\n\tif (x) {\n\t\tg();\n\t\th();\n\t}\n}\n',
});
check('tabs become the spaces of the file', { text: 'f() {\n  g();\n}\n', answer: block('f() {\n\tg();', 'f() {\n\th();'), expected: 'f() {\n  h();\n}\n' });
check('indentation that is shifted unevenly is refused', {
  text: 'a:\n    b\n        c\n',
  answer: block('a:\n  b\n  c', 'a:\n  b\n  d'),
  expected: { reasons: ['noMatch'] },
});
check('two places that differ only in depth are several', { text: '  a\n    a\n', answer: block('a', 'b'), expected: { reasons: ['severalMatches'] } });
check('a replacement that cannot follow the shift is refused', { text: 'f();\n', answer: block('  f();', 'g();'), expected: { reasons: ['noMatch'] } });
check('blank lines around a block do not matter', { text: 'a\nb\n', answer: block('\nb\n', '\nB\n'), expected: 'a\nB\n' });
check('blank lines alone are no place', { text: 'a\n\nb\n', answer: block('\n', 'x'), expected: { reasons: ['noMatch'] } });

// Signs.
check('straight quotes find curly ones', { text: 'say(“hi”);\ng();\n', answer: block('say("hi");\ng();', 'say("hi");\nh();'), expected: 'say(“hi”);\nh();\n' });
check('a plain blank finds one that does not break', { text: 'a\u00a0b\nc\n', answer: block('a b\nc', 'a b\nd'), expected: 'a\u00a0b\nd\n' });
check('an invisible sign is a difference', { text: 'a\u200bb\n', answer: block('ab', 'c'), expected: { reasons: ['noMatch'] } });
check('dollar signs are written as they are', { text: 'x\n', answer: block('x', "$& $1 $$ $` $' \\1"), expected: "$& $1 $$ $` $' \\1\n" });
check('signs outside the basic plane keep positions right', {
  text: '𝒳 = "😀"\nold\n😀\n',
  answer: block('old\n😀', 'new\n😀😀'),
  expected: '𝒳 = "😀"\nnew\n😀😀\n',
});

// Line ends.
check('CRLF is kept', { text: 'a\r\nb\r\nc\r\n', answer: block('b', 'B1\nB2'), expected: 'a\r\nB1\r\nB2\r\nc\r\n' });
check('CR alone is kept', { text: 'a\rb\rc\r', answer: block('b', 'B1\nB2'), expected: 'a\rB1\rB2\rc\r' });
check('mixed line ends are kept line by line', { text: 'a\r\nb\nc\r\nd\n', answer: block('b\nc', 'B\nC\nD'), expected: 'a\r\nB\nC\r\nD\r\nd\n' });
check('an insertion takes the line end of the line before', { text: 'a\r\nb\nc\n', answer: block('a\nb', 'a\nx\nb'), expected: 'a\r\nx\r\nb\nc\n' });
check('a byte order mark is kept', { text: '\ufeffa\nb\n', answer: block('a', 'A'), expected: '\ufeffA\nb\n' });
check('a byte order mark is kept before an insertion', { text: '\ufeffa\n', answer: block('a', 'x\na'), expected: '\ufeffx\na\n' });
check('a missing final newline stays missing', { text: 'a\nb', answer: block('b', 'b\nc'), expected: 'a\nb\nc' });
check('a missing final newline stays missing when the last line goes', { text: 'a\nb', answer: block('b', ''), expected: 'a' });
check('a final newline stays when the last line goes', { text: 'a\nb\n', answer: block('b', ''), expected: 'a\n' });
check('lines are appended before the final newline', { text: 'a\r\n', answer: block('a', 'a\nb'), expected: 'a\r\nb\r\n' });
check('everything can be deleted', { text: '\ufeffa\nb', answer: block('a\nb', ''), expected: '\ufeff' });

// The format.
check('text that looks like the divider does not mislead', {
  text: 'Title\n=======\nold\n',
  answer: block('Title\n=======\nold', 'Title\n=======\nnew'),
  expected: 'Title\n=======\nnew\n',
});
check('a merge conflict is resolved', {
  text: 'x\n<<<<<<< HEAD\na\n=======\nb\n>>>>>>> t\n',
  answer: block('<<<<<<< HEAD\na\n=======\nb\n>>>>>>> t', 'a'),
  expected: 'x\na\n',
});
check('lines that the file holds are no divider', { text: 'a\nT\n=======\nT\n', answer: block('a\nT\n=======\nT', 'b'), expected: 'b\n' });
check('a divider that is written new is none of the block', { text: 'a\n', answer: block('a', 'T\n=======\na'), expected: 'T\n=======\na\n' });
check('fenced parts are read without their fences', { text: 'old\n', answer: block('```ts\nold\n```', '```ts\nnew\n```'), expected: 'new\n' });
check('fences that are the text itself stay', { text: '```js\nx\n```\n', answer: block('```js\nx\n```', '```ts\nx\n```'), expected: '```ts\nx\n```\n' });
check('a fence on one side only is text', { text: '```\nx\n```\n', answer: block('```\nx\n```', 'x'), expected: 'x\n' });
check('an elided SEARCH part is refused', { text: 'a\nb\nc\n', answer: block('a\n...\nc', 'd'), expected: { reasons: ['noMatch'], says: /leaves lines out/ } });
for (const line of [
  '// ...',
  '// ... existing code ...',
  '# ... rest of the function',
  '/* … */',
  '<!-- ... -->',
  '...',
  '  // rest of code...',
  '{/* ... */}',
]) {
  check(`an elided REPLACE part is refused: ${line}`, {
    text: 'a\nb\nc\n',
    answer: block('a\nb\nc', `x\n${line}\nc`),
    expected: { reasons: ['noMatch'], says: /would delete/ },
  });
}
check('an ellipsis that the file has itself is text', { text: 'a\n// ...\nc\n', answer: block('a\n// ...\nc', 'b\n// ...\nc'), expected: 'b\n// ...\nc\n' });
check('a comment that ends in dots is text', { text: 'a\n', answer: block('a', '// Loading...\na'), expected: '// Loading...\na\n' });
check('three dots are code in Python', { text: 'def f():\n    pass\n', path: 'a.py', answer: block('    pass', '    ...'), expected: 'def f():\n    ...\n' });

// Several blocks.
check('blocks are all meant for the text as it was', { text: 'a\nb\nc\n', answer: `${block('a', 'b')}\n${block('c', 'a')}`, expected: 'b\nb\na\n' });
check('one refused block refuses all', { text: 'a\nb\n', answer: `${block('a', 'A')}\n${block('x', 'y')}`, expected: { reasons: ['noMatch'] } });
check('blocks that change the same line are refused', {
  text: 'a\nb\nc\n',
  answer: `${block('a\nb', 'a\nB')}\n${block('b\nc', 'X\nc')}`,
  expected: { reasons: ['overlap'], says: /line 2/ },
});
check('blocks that share lines which stay are applied', {
  text: 'a\nb\nc\n',
  answer: `${block('a\nb', 'A\nb')}\n${block('b\nc', 'b\nC')}`,
  expected: 'A\nb\nC\n',
});
check('two insertions between two lines keep the order of their lines', {
  text: 'a\nb\n',
  answer: `${block('b', 'y\nb')}\n${block('a', 'a\nx')}`,
  expected: 'a\nx\ny\nb\n',
});
check('two insertions whose order is not clear are refused', {
  text: 'a\nb\n',
  answer: `${block('a\nb', 'a\nx\nb')}\n${block('a\nb', 'a\ny\nb')}`,
  expected: { reasons: ['overlap'] },
});
check('a repeated block is done once', { text: 'a\nb\n', answer: `${block('a', 'x\na')}\n${block('a', 'x\na')}`, expected: 'x\na\nb\n' });
check('a block that changes nothing is refused', { text: 'a\n', answer: block('a', 'a'), expected: { reasons: ['noChange'] } });
check('a block that changes nothing does not stop the others', { text: 'a\nb\n', answer: `${block('a', 'a')}\n${block('b', 'B')}`, expected: 'a\nB\n' });
check('a cut off block refuses all', {
  text: 'a\nb\n',
  answer: `${block('a', 'A')}\n<<<<<<< SEARCH\nb\n=======\nB`,
  expected: { reasons: ['unreadable'], says: /cut off/ },
});

// New text, selections, files.
check('an empty SEARCH part fills an empty file', { text: '', answer: block('', 'a\nb'), expected: 'a\nb\n' });
check('an empty SEARCH part is refused in a file with text', { text: 'a\n', answer: block('', 'b'), expected: { reasons: ['noMatch'], says: /empty SEARCH/ } });
check('only the selection may change, and it decides between equal lines', {
  text: 'b\nb\nb\n',
  region: { start: 1, end: 2 },
  answer: block('b', 'B'),
  expected: 'b\nB\nb\n',
});
check('a place outside the selection is refused and named', {
  text: 'a\nb\nc\n',
  region: { start: 1, end: 2 },
  answer: block('c', 'C'),
  expected: { reasons: ['noMatch'], says: /at line 3, outside the selection/ },
});
check('a place that leaves the selection is refused', {
  text: 'a\nb\nc\n',
  region: { start: 1, end: 2 },
  answer: block('b\nc', 'B\nc'),
  expected: { reasons: ['noMatch'] },
});
check('a file that was not shown is refused', {
  text: 'a\n',
  answer: `../../.bashrc\n${block('a', 'b')}`,
  expected: { reasons: ['unknownFile'], says: /not shown/ },
});
check('a shortened path means the only file that ends with it', {
  text: 'a\n',
  path: 'src/deep/a.ts',
  answer: `deep/a.ts\n${block('a', 'b')}`,
  expected: 'b\n',
});
check('a lengthened path is another file', { text: 'a\n', answer: `other/a.ts\n${block('a', 'b')}`, expected: { reasons: ['unknownFile'] } });

test('only the lines that change are replaced', () => {
  const placement = placeBlocks(parseSearchReplace(block('a\nb\nc\nd\ne', 'a\nB\nc\nD\ne')), [shownFile('a\nb\nc\nd\ne\n')]);
  assert.deepEqual(placement.kind === 'placed' && placement.files[0]?.edits, [
    { range: { start: { line: 1, character: 0 }, end: { line: 1, character: 1 } }, newText: 'B' },
    { range: { start: { line: 3, character: 0 }, end: { line: 3, character: 1 } }, newText: 'D' },
  ]);
});

test('blocks without a path are refused when several files were shown', () => {
  const placement = placeBlocks(parseSearchReplace(block('a', 'b')), [shownFile('a\n', { path: 'a.ts' }), shownFile('a\n', { path: 'b.ts' })]);
  assert.equal(placement.kind === 'refused' && placement.refusals[0]?.reason, 'unknownFile');
});

test('changes of neighbouring lines become one edit', () => {
  const placement = placeBlocks(parseSearchReplace(`${block('a', 'A')}\n${block('b', '')}\n${block('c', 'x\nc')}`), [shownFile('a\nb\nc\n')]);
  assert.deepEqual(placement.kind === 'placed' && placement.files[0]?.edits, [
    { range: { start: { line: 0, character: 0 }, end: { line: 1, character: 1 } }, newText: 'A\nx' },
  ]);
});

test('blank lines alone are no place even where there is only one', () => {
  assert.equal(matchEdit(['a', '', 'b'], { search: [''], replace: ['x'] }).kind, 'noMatch');
});

test('a path means the only file that it names or ends, and never one outside', () => {
  const paths = ['src/a.ts', 'lib/a.ts', 'src/b.ts', 'b.ts'];
  const expected: readonly [string | null, number | undefined][] = [
    ['src/a.ts', 0],
    ['./lib/a.ts', 1],
    ['src\\b.ts', 2],
    ['b.ts', 3],
    ['a.ts', undefined],
    ['', undefined],
    ['/src/a.ts', undefined],
    ['../src/a.ts', undefined],
    ['other/src/a.ts', undefined],
    ['rc/a.ts', undefined],
    [null, undefined],
  ];
  for (const [written, index] of expected) assert.equal(resolveShownPath(written, paths), index, String(written));
  assert.equal(resolveShownPath(null, ['one.ts']), 0);
  assert.equal(resolveShownPath('../a.ts', ['x/a.ts']), undefined);
});

const word = fc.constantFrom('a', 'b', 'c', '  a', '\ta', 'x = 1;', '', '}', '😀', '“q”', '$&', '// z');
const lineBreak = fc.constantFrom('\n', '\r\n');
/** \r alone is not mixed with the others: before an empty line that ends in \n the two would read as one break. */
const file = fc
  .constantFrom(lineBreak, fc.constant('\r'))
  .chain((end) => fc.tuple(fc.boolean(), fc.array(fc.tuple(word, end), { minLength: 1, maxLength: 30 }), fc.boolean()))
  .map(([mark, lines, final]) => (mark ? '\ufeff' : '') + lines.map(([line, end], index) => line + (final || index < lines.length - 1 ? end : '')).join(''));

test('an exact block on a unique place changes its lines and not one unit elsewhere', () => {
  fc.assert(
    fc.property(file, fc.nat(), fc.nat(), fc.array(word, { maxLength: 5 }), (text, at, size, replace) => {
      const { lines, breaks, hasByteOrderMark } = documentLines(text);
      const start = at % Math.max(1, lines.length);
      const end = Math.min(lines.length, start + 1 + (size % 4));
      const search = lines.slice(start, end);
      const places = lines.filter((_, index) => search.every((line, offset) => lines[index + offset] === line)).length;
      fc.pre(places === 1 && search.some((line) => line.trim() !== '') && search.join('\n') !== replace.join('\n'));
      const result = applied(text, placeBlocks({ blocks: [{ path: null, readings: [{ search, replace }], answerLine: 1 }], broken: [] }, [shownFile(text)]));
      const after = documentLines(result);
      assert.equal(after.hasByteOrderMark, hasByteOrderMark);
      const unit = (index: number): string => (lines[index] ?? '') + (breaks[index] ?? '');
      const head =
        (hasByteOrderMark ? '\ufeff' : '') +
        lines
          .slice(0, start)
          .map((_, index) => unit(index))
          .join('');
      const tail = lines
        .slice(end)
        .map((_, index) => unit(end + index))
        .join('');
      if (replace.length === 0 && end === lines.length && breaks[end - 1] === '') assert.equal(result, head.replace(/(\r\n|\r|\n)$/, ''));
      else {
        assert.ok(result.startsWith(head), 'what stands before is kept');
        assert.ok(result.slice(head.length).endsWith(tail), 'what stands behind is kept');
        const middle = documentLines(result.slice(head.length, result.length - tail.length)).lines;
        // A blank last line without a break is no line of its own.
        assert.deepEqual(middle.join('\n').trimEnd(), replace.join('\n').trimEnd());
      }
    }),
    { numRuns: 2000 },
  );
});

test('several blocks give what their lines say, whatever is chosen', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('keep', 'change', 'drop', 'insert'), lineBreak), { minLength: 1, maxLength: 20 }), (plan) => {
      const text = plan.map(([, end], index) => `line ${index}${end}`).join('');
      const blocks = plan.flatMap(([what], index) => {
        const search = [`line ${index}`];
        if (what === 'keep') return [];
        const replace = what === 'change' ? [`new ${index}`] : what === 'drop' ? [] : [...search, `more ${index}`];
        return [{ path: 'a.ts', readings: [{ search, replace }], answerLine: 1 }];
      });
      fc.pre(blocks.length > 0);
      const expected = plan.map(([what, end], index) =>
        what === 'keep' ? `line ${index}${end}` : what === 'change' ? `new ${index}${end}` : what === 'drop' ? '' : `line ${index}${end}more ${index}${end}`,
      );
      const result = applied(text, placeBlocks({ blocks, broken: [] }, [shownFile(text)]));
      assert.deepEqual(documentLines(result).lines, documentLines(expected.join('')).lines);
    }),
    { numRuns: 500 },
  );
});

test('no blocks and no file make placing fail, and edits never overlap', () => {
  const part = fc.array(word, { maxLength: 4 });
  const reading = fc.record({ search: part, replace: part });
  const anyBlock = fc.record({
    path: fc.constantFrom(null, 'a.ts', 'b.ts', ''),
    readings: fc.array(reading, { minLength: 1, maxLength: 2 }),
    answerLine: fc.constant(1),
  });
  fc.assert(
    fc.property(file, fc.array(anyBlock, { minLength: 1, maxLength: 4 }), (text, blocks) => {
      const placement = placeBlocks({ blocks, broken: [] }, [shownFile(text)]);
      if (placement.kind === 'refused') {
        assert.ok(placement.refusals.every(({ message }) => message !== ''));
        return;
      }
      // `applyEdits` of vscode-languageserver-textdocument throws on overlap.
      applied(text, placement);
    }),
    { numRuns: 2000 },
  );
});
