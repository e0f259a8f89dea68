// Ends by lines and by indentation: what is the answer, where it ends, and that no piece is ever shown that has to be taken back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AnswerEnd } from '../../native/answerEnd.ts';
import type { LineStops } from '../../native/protocol/messages.ts';
import { endOfBlock } from '../../server/core/completion/shape.ts';

interface Streamed {
  readonly text: string;
  readonly stopped: boolean;
  /** UTF-16 units that were needed. */
  readonly used: number;
}

function stream(pieces: readonly string[], lineStops: LineStops | undefined, stop: string[] = []): Streamed {
  const end = new AnswerEnd(lineStops ? { stop, lineStops } : { stop });
  let text = '';
  let used = 0;
  for (const piece of pieces) {
    const step = end.push(piece);
    text += step.text;
    used += piece.length;
    if (step.stopped) return { text, stopped: true, used };
  }
  const rest = end.end('');
  return { text: text + rest.text, stopped: rest.stopped, used };
}

/** `|` is where the answer ends and `^` the last character that is needed to know it; without `^` the text ends by itself. */
const cases: readonly [name: string, stops: LineStops, marked: string][] = [
  ['one line ends before its line break', { maxLines: 1 }, 'foo|\n^bar'],
  ['two lines', { maxLines: 2 }, 'foo\n  bar|\n^baz'],
  ['blank lines before the first text do not count', { maxLines: 1 }, '\n  \n foo|\n^bar'],
  ['blank lines behind it do', { maxLines: 2 }, 'foo\n|\n^bar'],
  ['fewer lines than allowed end by themselves', { maxLines: 3 }, 'foo\nbar\n|'],
  ['the line break of Windows is cut whole', { maxLines: 1 }, 'foo|\r\n^bar'],
  ['a carriage return alone is text', { maxLines: 1 }, 'foo\rbar|'],
  ['a carriage return at the very end stays', { maxLines: 1 }, 'foo\r|'],
  ['a line with less indentation ends the block', { dedentBelow: 4 }, 'a\n    b|\n  c^d'],
  ['a line with as much does not', { dedentBelow: 4 }, 'a\n    b\n    c|'],
  ['the first line has no say', { dedentBelow: 4 }, 'a\n     b|'],
  ['blank lines before the end belong to the answer', { dedentBelow: 2 }, 'a\n  b\n\n|\nc^'],
  ['a blank line with blanks, too', { dedentBelow: 4 }, 'a\n  \n    b\n |\nc^'],
  ['a blank line never ends a block', { dedentBelow: 4 }, '    a\n\n \n    b|'],
  ['a block that begins with a line break', { dedentBelow: 4 }, '\n    a|\n  b^'],
  ['nothing of the block when its first later line is out', { dedentBelow: 4 }, '|\n  b^'],
  ['a tab goes to the next multiple of four', { dedentBelow: 4 }, 'a\n \tb|\n   c^'],
  ['a tab of eight', { dedentBelow: 8, tabSize: 8 }, 'a\n\tb|\n       c^'],
  ['a tab of two', { dedentBelow: 4, tabSize: 2 }, 'a\n\t\tb|\n\tc^'],
  ['blanks before a tab are part of its columns', { dedentBelow: 5 }, 'a|\n   \tb^'],
  ['Windows line breaks and a dedent', { dedentBelow: 4 }, 'a\r\n    b|\r\nc^'],
  ['Windows line breaks and a blank line', { dedentBelow: 4 }, 'a\r\n    b\r\n|\r\nc^'],
  ['other blanks are no indentation', { dedentBelow: 2 }, 'a|\n\u00a0 \u00a0b^'],
  ['0 columns end nothing', { dedentBelow: 0 }, 'a\nb\nc|'],
  ['the indentation ends before the number of lines', { maxLines: 5, dedentBelow: 2 }, 'a\n  b|\nc^'],
  ['the number of lines ends before the indentation', { maxLines: 2, dedentBelow: 2 }, 'a\n  b|\n^c'],
  ['trailing blanks of an unfinished line stay', { dedentBelow: 4 }, 'a\n  |'],
];

function parse(marked: string) {
  const text = marked.replace(/[|^]/g, '');
  const answer = marked.slice(0, marked.indexOf('|')).replace('^', '');
  const known = marked.replace('|', '').indexOf('^');
  return { text, answer, known };
}

for (const [name, stops, marked] of cases) {
  const { text, answer, known } = parse(marked);
  test(name, () => {
    const characters = stream(Array.from(text), stops);
    assert.deepEqual({ text: characters.text, stopped: characters.stopped }, { text: answer, stopped: known >= 0 });
    if (known >= 0) assert.equal(characters.used, known, 'it ends as soon as it can be known');
    for (let at = 0; at <= text.length; at++) {
      const { text: inTwo, stopped } = stream([text.slice(0, at), text.slice(at)], stops);
      assert.deepEqual({ text: inTwo, stopped }, { text: answer, stopped: known >= 0 }, `split at ${at}`);
    }
  });
}

const alphabet = fc.array(fc.constantFrom('a', 'b', ';', ' ', '\t', '\n', '\r', '\r\n', '\n  ', '\n    ', '\n\n'), { maxLength: 24 });
const lineStops: fc.Arbitrary<LineStops> = fc.record(
  { maxLines: fc.integer({ min: 1, max: 4 }), dedentBelow: fc.integer({ min: 0, max: 6 }), tabSize: fc.integer({ min: 1, max: 8 }) },
  { requiredKeys: [] },
);
const stopTexts = fc.array(fc.constantFrom('\n\n', 'ab', ';\n', '\nb', 'a', '\r\n', ' \n ', 'b;\n', ';', '\t', '\ta'), { maxLength: 3 });

test('however the text is cut into pieces, the answer and its end are the same', () => {
  fc.assert(
    fc.property(alphabet, lineStops, stopTexts, (pieces, lines, stop) => {
      const whole = stream([pieces.join('')], lines, stop);
      const inPieces = stream(pieces, lines, stop);
      const inCharacters = stream(Array.from(pieces.join('')), lines, stop);
      assert.deepEqual([inPieces.text, inPieces.stopped], [whole.text, whole.stopped]);
      assert.deepEqual([inCharacters.text, inCharacters.stopped], [whole.text, whole.stopped]);
    }),
    { numRuns: 3000 },
  );
});

/** The same by looking at the whole text at once. */
function plainly(text: string, { maxLines = Infinity, dedentBelow = 0, tabSize = 4 }: LineStops): { readonly text: string; readonly stopped: boolean } {
  const breaks = [...text.matchAll(/\r?\n/g)];
  let first = -1;
  for (let line = 0; line <= breaks.length; line++) {
    const from = line === 0 ? 0 : (breaks[line - 1]?.index ?? 0) + (breaks[line - 1]?.[0].length ?? 0);
    const content = text.slice(from, breaks[line]?.index ?? text.length);
    const cut = text.slice(0, line === 0 ? 0 : breaks[line - 1]?.index);
    if (first >= 0 && line - first >= maxLines) return { text: cut, stopped: true };
    if (content.trim() === '') continue;
    let columns = 0;
    for (const blank of /^[ \t]*/.exec(content)?.[0] ?? '') columns += blank === ' ' ? 1 : tabSize - (columns % tabSize);
    if (line > 0 && columns < dedentBelow) return { text: cut, stopped: true };
    if (first < 0) first = line;
  }
  return { text, stopped: false };
}

test('the answer is what looking at the whole text gives', () => {
  fc.assert(
    fc.property(alphabet, lineStops, (pieces, lines) => {
      const { text, stopped } = stream(pieces, lines);
      assert.deepEqual({ text, stopped }, plainly(pieces.join(''), lines));
    }),
    { numRuns: 3000 },
  );
});

test('a stop text and the lines: whichever comes first in the text ends it', () => {
  assert.equal(stream(Array.from('foo;bar\nbaz'), { maxLines: 1 }, [';']).text, 'foo');
  assert.equal(stream(Array.from('foo\nbar;baz'), { maxLines: 1 }, [';']).text, 'foo');
  assert.equal(stream(Array.from('foo\n  ;x'), { dedentBelow: 4 }, [';']).text, 'foo');
  assert.equal(stream(Array.from('foo\n  ;x'), { dedentBelow: 2 }, [';']).text, 'foo\n  ');
});

test('what may become a stop text does not delay an end that is certain', () => {
  assert.deepEqual(stream(Array.from('foo\nbar'), { maxLines: 1 }, ['\nbaz']), { text: 'foo', stopped: true, used: 4 });
  assert.deepEqual(stream(Array.from('foo;\nbar'), { maxLines: 1 }, [';\nbaz']), { text: 'foo;', stopped: true, used: 8 });
});

test('where the engine ends a block by its indentation, the server would have ended it with the same text', () => {
  const indents = fc.constantFrom('', '  ', '    ', '\t', '  \t', '      ');
  const line = fc.tuple(indents, fc.constantFrom('', 'a', 'b()', '}', 'end')).map(([indent, rest]) => indent + rest);
  fc.assert(
    fc.property(indents, fc.constantFrom('', 'if x:'), fc.array(line, { maxLength: 6 }), (indent, rest, later) => {
      const text = ['x', ...later].join('\n');
      const linePrefix = indent + rest;
      let columns = 0;
      for (const blank of indent) columns += blank === ' ' ? 1 : 4 - (columns % 4);
      const { text: ended, stopped, used } = stream(Array.from(text), { dedentBelow: columns, tabSize: 4 });
      if (!stopped) return;
      const whole = endOfBlock(text.slice(0, used), linePrefix);
      assert.equal(whole.isComplete, true);
      // Blanks at the end are not shown.
      assert.equal(endOfBlock(ended, linePrefix).text.trimEnd(), whole.text.trimEnd());
    }),
    { numRuns: 2000 },
  );
});
