// The forms in which a model is asked for an edit.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { editPrompt } from '../../../server/core/prompt/editPrompt.ts';
import { parseSearchReplace } from '../../../server/core/edit/parseEdits/searchReplace.ts';

test('the starter layout is the trained form, byte for byte', () => {
  // `prompt(..., fixed=True)` of native/starter-model/recipe/edits.py: "%s\n\n%s\n```%s\n%s\n```"
  const messages = editPrompt({
    layout: 'starter',
    instruction: ' Remove the line `b`.\n',
    files: [{ path: 'src/a.tsx', languageId: 'typescriptreact', code: 'a\nb' }],
  });
  assert.deepEqual(messages, [{ role: 'user', content: 'Remove the line `b`.\n\nsrc/a.tsx\n```ts\na\nb\n```' }]);
});

test('the general layout shows all files and explains the format by an example that reads back', () => {
  const [system, user, ...more] = editPrompt({
    layout: 'general',
    instruction: 'Rename f.',
    files: [
      { path: 'src/a.py', languageId: 'python', code: 'def f(): ...' },
      { path: 'README.md', languageId: 'markdown', code: '```py\nf()\n```' },
    ],
  });
  assert.equal(more.length, 0);
  assert.equal(user?.content, 'src/a.py\n```python\ndef f(): ...\n```\n\nREADME.md\n````markdown\n```py\nf()\n```\n````\n\nRename f.');
  assert.equal(system?.role, 'system');
  const parsed = parseSearchReplace(system?.content ?? '');
  assert.deepEqual([parsed.blocks.length, parsed.blocks[0]?.path, parsed.broken.length], [1, 'src/greeting.ts', 0]);
});
