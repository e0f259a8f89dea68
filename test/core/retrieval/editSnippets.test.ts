// Edits as pieces of files: whole lines, last edited last, nothing that the prompt says already.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EditedText, editSnippets } from '../../../server/core/retrieval/editSnippets.ts';

/** `«` and `»` stand around each edit, the first one made first unless `order` says otherwise. */
function edited(path: string, marked: string, order?: readonly number[]): EditedText {
  const text = marked.replace(/[«»]/g, '');
  const edits: EditedText['edits'][number][] = [];
  let at = -1;
  for (let index = 0; (at = marked.indexOf('«', at + 1)) >= 0; index++) {
    const end = marked.indexOf('»', at);
    edits.push({ id: order?.[index] ?? index + 1, start: marked.slice(0, at).replace(/[«»]/g, '').length, after: marked.slice(at + 1, end), isUndone: false });
  }
  return { path, text, edits };
}

test('an edit is told as whole lines with one on each side', () => {
  assert.deepEqual(editSnippets([edited('a.ts', 'one\ntwo\nthr«e»e\nfour\nfive\n')], ''), [
    { path: 'a.ts', startLine: 1, endLine: 3, text: 'two\nthree\nfour' },
  ]);
});

test('edits of lines near to each other are one piece, and what was edited last comes last', () => {
  const far = '.\n'.repeat(10);
  const snippets = editSnippets([edited('a.ts', `«first»\nx\n«second»\n${far}«third»\n`, [1, 4, 2]), edited('b.ts', '«other»\n', [3])], '');
  assert.deepEqual(
    snippets.map(
      ({ path, text }) =>
        `${path} ${text
          .split('\n')
          .filter((line) => /\w{3}/.test(line))
          .join(' ')}`,
    ),
    ['a.ts third', 'b.ts other', 'a.ts first second'],
  );
});

test('what stands around the cursor already is not told again, however it is indented', () => {
  const text = edited('a.ts', 'x\n  «call(one);\n  call(two);»\ny\n');
  assert.equal(editSnippets([text], 'call(one);\ncall(three);\n').length, 1);
  assert.deepEqual(editSnippets([text], 'if (a) {\n\t\tcall(one);\r\n\t\tcall(two);\r\n}\n'), []);
  // A part of a line is not the line.
  assert.equal(editSnippets([text], 'call(one);\ncall(two); more').length, 1);
});

test('nothing is told of the part of its own file that the prompt shows, of what was undone, or of what was only deleted', () => {
  const text = edited('a.ts', `«near»\n${'.\n'.repeat(50)}«far»\n`);
  const own = { ...text, shown: { start: 0, end: 20 } };
  assert.deepEqual(
    editSnippets([own], '').map(({ startLine }) => startLine),
    [50],
  );
  const undone = { ...text, edits: text.edits.map((edit) => ({ ...edit, isUndone: true })) };
  const deleted = { ...text, edits: text.edits.map((edit) => ({ ...edit, after: ' \n' })) };
  assert.deepEqual(editSnippets([undone, deleted], ''), []);
});

test('a large edit and long lines are cut, and only the last few are told', () => {
  const large = editSnippets([edited('a.ts', `«${'line of code\n'.repeat(500)}${'x'.repeat(5000)}»\n`)], '');
  assert.equal(large.length, 1);
  assert.ok((large[0]?.text.length ?? 0) < 4000);
  const many = Array.from({ length: 30 }, (_, index) => edited(`f${index}.ts`, '«edit»\n', [index]));
  assert.deepEqual(
    editSnippets(many, '').map(({ path }) => path),
    Array.from({ length: 8 }, (_, index) => `f${22 + index}.ts`),
  );
});
