import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fenceEditBlocks } from '../../media/chat/editBlocks.ts';

const block = '<<<<<<< SEARCH\nold\n=======\nnew\n>>>>>>> REPLACE';

test('an edit block without a fence gets one', () =>
  assert.equal(fenceEditBlocks(`a.ts\n${block}\nDone.`), `a.ts\n\n\`\`\`\`\`\`\n${block}\n\`\`\`\`\`\`\nDone.`));
test('a growing block stays open', () => assert.equal(fenceEditBlocks('<<<<<<< SEARCH\nold'), '\n``````\n<<<<<<< SEARCH\nold'));
test('a block that stands in a fence is left alone', () => {
  const fenced = `\`\`\`ts\n${block}\n\`\`\``;
  assert.equal(fenceEditBlocks(fenced), fenced);
});
test('text without edit blocks is left alone', () => assert.equal(fenceEditBlocks('a\n=======\nb'), 'a\n=======\nb'));
