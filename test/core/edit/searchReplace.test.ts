// How SEARCH/REPLACE blocks are read out of answers, well formed and bent.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { withoutReasoning } from '../../../server/core/edit/parseEdits/reasoning.ts';
import { type ParsedAnswer, parseSearchReplace } from '../../../server/core/edit/parseEdits/searchReplace.ts';

type Expected = readonly { path: string | null; search: string; replace: string }[];

function check(
  name: string,
  { answer, shown = ['src/a.ts'], expected, broken = [] }: { answer: string; shown?: string[]; expected: Expected; broken?: string[] },
): void {
  test(name, () => {
    const parsed = parseSearchReplace(answer, shown);
    assert.deepEqual(
      parsed.blocks.map(({ path, readings }) => ({ path, search: readings[0]?.search.join('\n'), replace: readings[0]?.replace.join('\n') })),
      expected,
    );
    assert.deepEqual(
      parsed.broken.map(({ problem }) => problem),
      broken,
    );
  });
}

const block = (search: string, replace: string): string => `<<<<<<< SEARCH\n${search}\n=======\n${replace}\n>>>>>>> REPLACE`;
const one = [{ path: 'src/a.ts', search: 'old', replace: 'new' }];

check('the trained form is read', { answer: `src/a.ts\n${block('old', 'new')}`, expected: one });
check('a leading blank before the path, as the chat template leaves it, is ignored', { answer: ` src/a.ts\n${block('old', 'new')}\n`, expected: one });
check('an empty REPLACE part has no lines', {
  answer: 'src/a.ts\n<<<<<<< SEARCH\nold\n=======\n>>>>>>> REPLACE',
  expected: [{ path: 'src/a.ts', search: 'old', replace: '' }],
});
check('several blocks of several files are read in order', {
  answer: `src/a.ts\n${block('1', '2')}\n\nsrc/b.ts\n${block('3', '4')}\n${block('5', '6')}`,
  shown: ['src/a.ts', 'src/b.ts'],
  expected: [
    { path: 'src/a.ts', search: '1', replace: '2' },
    { path: 'src/b.ts', search: '3', replace: '4' },
    { path: 'src/b.ts', search: '5', replace: '6' },
  ],
});
check('an answer without blocks has none', { answer: 'I would not change this.\n=======\n', expected: [] });
check('CRLF answers are read', { answer: `src/a.ts\n${block('old', 'new')}`.replaceAll('\n', '\r\n'), expected: one });
check('blanks behind markers are ignored', { answer: 'src/a.ts  \n<<<<<<< SEARCH  \nold\n=======\t\nnew\n>>>>>>> REPLACE ', expected: one });
check('five to nine signs make a marker', { answer: 'src/a.ts\n<<<<< SEARCH\nold\n=====\nnew\n>>>>>>>>> REPLACE', expected: one });
check('four signs make none', { answer: 'src/a.ts\n<<<< SEARCH\nold\n====\nnew\n>>>> REPLACE', expected: [] });
check('prose around the blocks is ignored', { answer: `Sure, here it is:\n\nsrc/a.ts\n${block('old', 'new')}\n\nI changed it.`, expected: one });
check('a missing path is null', { answer: block('old', 'new'), expected: [{ path: null, search: 'old', replace: 'new' }] });
check('prose is no path', {
  answer: `Now change the function (e.g. its name):\n${block('old', 'new')}`,
  expected: [{ path: null, search: 'old', replace: 'new' }],
});

for (const line of [
  '`src/a.ts`',
  '**src/a.ts**',
  '### src/a.ts',
  'File: src/a.ts',
  '**File:** `src/a.ts`',
  'src/a.ts:',
  'In src/a.ts:',
  '1. `src/a.ts`',
  'Here is the change to `src/a.ts`, as you asked:',
  'src/a.ts (lines 3-9)',
  '"src/a.ts"',
]) {
  check(`the path is found in ${line}`, { answer: `${line}\n${block('old', 'new')}`, expected: one });
}
for (const [above, below] of [
  ['```ts', '```'],
  ['```ts src/a.ts', '```'],
  ['```ts:src/a.ts', '```'],
  ['```src/a.ts', '```'],
  ['```ts title="src/a.ts"', '```'],
]) {
  check(`a fence around a block is taken away: ${above}`, { answer: `src/a.ts\n${above}\n${block('old', 'new')}\n${below}`, expected: one });
}
check('a path inside the fence is found', { answer: `\`\`\`ts\nsrc/a.ts\n${block('old', 'new')}\n\`\`\``, expected: one });
check('a path behind the marker is found', { answer: '<<<<<<< SEARCH src/a.ts\nold\n=======\nnew\n>>>>>>> REPLACE', expected: one });
check('the path of another file is kept as it is', {
  answer: `src/secret.ts\n${block('old', 'new')}`,
  expected: [{ path: 'src/secret.ts', search: 'old', replace: 'new' }],
});
check('a path that begins like a label is whole', {
  answer: `file.ts\n${block('1', '2')}\nin/path.ts\n${block('3', '4')}`,
  expected: [
    { path: 'file.ts', search: '1', replace: '2' },
    { path: 'in/path.ts', search: '3', replace: '4' },
  ],
});
check('code type in prose is no path', {
  answer: `I use \`user.name\` and \`a/b\` here:\n${block('old', 'new')}`,
  expected: [{ path: null, search: 'old', replace: 'new' }],
});
check('paths with blanks and brackets are found when they were shown', {
  answer: `app/(my group)/[id].tsx\n${block('old', 'new')}`,
  shown: ['app/(my group)/[id].tsx'],
  expected: [{ path: 'app/(my group)/[id].tsx', search: 'old', replace: 'new' }],
});

check('an answer that ends within a block is reported and not read', {
  answer: `src/a.ts\n${block('1', '2')}\n<<<<<<< SEARCH\n3\n=======\n4`,
  expected: [{ path: 'src/a.ts', search: '1', replace: '2' }],
  broken: ['truncated'],
});
check('a block without a divider is broken', { answer: 'src/a.ts\n<<<<<<< SEARCH\nold\n>>>>>>> REPLACE', expected: [], broken: ['noDivider'] });
check('a block that never ended before the next begins is broken', {
  answer: `src/a.ts\n<<<<<<< SEARCH\nold\n=======\n${block('1', '2')}`,
  expected: [{ path: 'src/a.ts', search: '1', replace: '2' }],
  broken: ['unclosed'],
});
check('an end written twice does not matter', { answer: `src/a.ts\n${block('old', 'new')}\n>>>>>>> REPLACE`, expected: one });
check('an end without a beginning is broken', { answer: 'src/a.ts\nold\n=======\nnew\n>>>>>>> REPLACE', expected: [], broken: ['strayMarker'] });

const conflict = '<<<<<<< HEAD\nours\n=======\ntheirs\n>>>>>>> topic';
check('a merge conflict in the file is text of the block', {
  answer: `src/a.ts\n${block(conflict, 'ours')}`,
  expected: [{ path: 'src/a.ts', search: conflict, replace: 'ours' }],
});
check('a merge conflict that is written is text of the block', {
  answer: `src/a.ts\n${block('ours', conflict)}`,
  expected: [{ path: 'src/a.ts', search: 'ours', replace: conflict }],
});
const documented = '<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE';
check('blocks that are text stand between longer markers', {
  answer: `src/a.ts\n<<<<<<<<< SEARCH\n${documented}\n=========\nnothing\n>>>>>>>>> REPLACE`,
  expected: [{ path: 'src/a.ts', search: documented, replace: 'nothing' }],
});

check('the divider is as long as the other markers, where one is', {
  answer: 'src/a.ts\n<<<<<<<<< SEARCH\nTitle\n=======\n=========\nOther\n=======\n>>>>>>>>> REPLACE',
  expected: [{ path: 'src/a.ts', search: 'Title\n=======', replace: 'Other\n=======' }],
});

test('two lines that could divide a block give two readings', () => {
  const { blocks } = parseSearchReplace(`a.md\n${block('Title\n=======\ntext', 'Title')}`, ['a.md']);
  assert.deepEqual(blocks[0]?.readings, [
    { search: ['Title'], replace: ['text', '=======', 'Title'] },
    { search: ['Title', '=======', 'text'], replace: ['Title'] },
  ]);
});

test('reasoning before the answer is left out, and an answer that is all reasoning is empty', () => {
  assert.equal(withoutReasoning('<think>draft</think>\nsrc/a.ts'), '\nsrc/a.ts');
  assert.equal(withoutReasoning('draft</think>answer'), 'answer');
  assert.equal(withoutReasoning('<think>draft'), '');
  assert.equal(withoutReasoning('plain'), 'plain');
  assert.equal(withoutReasoning(`a.ts\n${block('</think>', 'x')}`), `a.ts\n${block('</think>', 'x')}`);
});

const pieces = fc.constantFrom(
  '<<<<<<< SEARCH',
  '=======',
  '>>>>>>> REPLACE',
  '<<<<<<< HEAD',
  '>>>>>>> x',
  '```',
  '```ts',
  'src/a.ts',
  '',
  '\r',
  '<<<<<<<<< SEARCH',
  '\u0000',
  'x',
);

test('no answer makes the parser fail, and what it reads is text of the answer', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.array(pieces).map((lines) => lines.join('\n')),
      ),
      (answer) => {
        const parsed: ParsedAnswer = parseSearchReplace(answer, ['src/a.ts']);
        const lines = new Set(answer.split(/\r\n|\n|\r/));
        for (const { readings } of parsed.blocks)
          for (const { search, replace } of readings) for (const line of [...search, ...replace]) assert.ok(lines.has(line));
        withoutReasoning(answer);
      },
    ),
    { numRuns: 1000 },
  );
});

test('every block that is written is read back', () => {
  const line = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => !/[\r\n]|^\s*[<>=]{5}/.test(text));
  const part = fc.array(line, { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.array(fc.tuple(part, part), { minLength: 1, maxLength: 4 }), (written) => {
      const answer = written.map(([search, replace]) => `src/a.ts\n${block(search.join('\n'), replace.join('\n'))}`).join('\n');
      const parsed = parseSearchReplace(answer, ['src/a.ts']);
      assert.deepEqual(
        parsed.blocks.map(({ path, readings }) => [path, readings]),
        written.map(([search, replace]) => ['src/a.ts', [{ search, replace }]]),
      );
      assert.deepEqual(parsed.broken, []);
    }),
  );
});

test('a megabyte of opened blocks, dividers and fences is read in one pass', () => {
  // Not a limit on time: with quadratic work these would not end within the test runner's patience.
  for (const unit of [
    '<<<<<<< SEARCH\n',
    '=======\n',
    '```\n',
    '<<<<<<< SEARCH\n=======\n>>>>>>> REPLACE\n',
    '`'.repeat(80),
    '<'.repeat(80),
    'a.'.repeat(40),
  ]) {
    parseSearchReplace(unit.repeat(Math.ceil(1_000_000 / unit.length)), ['src/a.ts']);
  }
});
