// When an answer that is one fenced text is taken for the whole new text.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentLines } from '../../../server/core/edit/documentLines.ts';
import { parseWholeText } from '../../../server/core/edit/parseEdits/wholeText.ts';
import { placeWholeText } from '../../../server/core/edit/placeBlocks.ts';

/** `expected` is the number of edits; `refused`, or undefined where the answer is not taken for a whole text. */
function check(
  name: string,
  { text, answer, region, expected }: { text: string; answer: string; region?: [number, number]; expected: number | 'refused' | undefined },
): void {
  test(name, () => {
    const document = documentLines(text);
    const range = { start: region?.[0] ?? 0, end: region?.[1] ?? document.lines.length };
    const whole = parseWholeText(answer, { lines: document.lines.slice(range.start, range.end), paths: ['a.ts'], languages: ['ts', 'typescript'] });
    const placement = whole && placeWholeText(whole, [{ path: 'a.ts', languageId: 'typescript', document, region: range }]);
    assert.equal(placement?.kind === 'placed' ? placement.files[0]?.edits.length : placement?.kind, expected);
  });
}

const long = Array.from({ length: 20 }, (_, index) => `line ${index}`);
const fenced = (lines: readonly string[], info = 'ts'): string => `Here:\n\`\`\`${info}\n${lines.join('\n')}\n\`\`\`\nDone.`;
const changed = long.with(3, 'x').with(10, 'y');

check('a whole text becomes its differences', { text: long.join('\n'), answer: fenced(changed), expected: 2 });
check('a fence without a language is taken', { text: long.join('\n'), answer: fenced(changed, ''), expected: 2 });
check('a fence with the path is taken', { text: long.join('\n'), answer: fenced(changed, 'ts a.ts'), expected: 2 });
check('the path of another file is not taken', { text: long.join('\n'), answer: fenced(changed, 'ts b.ts'), expected: undefined });
check('a fence of another language is not taken', { text: long.join('\n'), answer: fenced(changed, 'bash'), expected: undefined });
check('a fence that does not end is not taken', { text: long.join('\n'), answer: `\`\`\`ts\n${changed.join('\n')}`, expected: undefined });
check('two fences are not taken', { text: long.join('\n'), answer: `${fenced(changed)}\n${fenced(['x'])}`, expected: undefined });
check('a text whose end is lost is not taken', { text: long.join('\n'), answer: fenced(changed.slice(0, 14)), expected: undefined });
check('a text of which most is gone in the middle is not taken', {
  text: long.join('\n'),
  answer: fenced([...changed.slice(0, 4), ...changed.slice(16)]),
  expected: undefined,
});
check('a piece of the text is not taken', { text: long.join('\n'), answer: fenced(changed.slice(9, 12)), expected: undefined });
check('a text with an elision is not taken', {
  text: long.join('\n'),
  answer: fenced([...changed.slice(0, 8), '// ... rest of the code ...', ...changed.slice(10)]),
  expected: undefined,
});
check('a text without any change is refused', { text: long.join('\n'), answer: fenced(long), expected: 'refused' });
check('an empty text is not taken', { text: 'a\nb\n', answer: fenced([]), expected: undefined });
check('only the selection is replaced', { text: long.join('\n'), region: [4, 6], answer: fenced(['line 4', 'new', 'line 5']), expected: 1 });
check('a short selection may be written anew', { text: long.join('\n'), region: [4, 6], answer: fenced(['all', 'new']), expected: 1 });

test('a selection that the model moved to the margin moves back', () => {
  const whole = parseWholeText(fenced(['if (x) {', '', '  y();', '}']), { lines: ['    if (x) {', '      z();', '    }'], paths: ['a.ts'], languages: ['ts'] });
  assert.deepEqual(whole?.lines, ['    if (x) {', '', '      y();', '    }']);
});
