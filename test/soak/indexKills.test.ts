// A hundred processes killed while they write the index: it always opens clean, and no row that was acknowledged is lost.
import { test } from 'node:test';
import { killWhileWriting } from '../project/killWhileWriting.ts';

test('the index survives a hundred kills', { timeout: 20 * 60_000 }, async () => {
  for (let round = 0; round < 100; round++) await killWhileWriting(round);
});
