import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TokenEstimate } from '../../../server/core/prompt/tokenEstimate.ts';

test('what fits does not change while answers move the estimate a little', () => {
  const estimate = new TokenEstimate();
  estimate.observe(2600, 1000);
  const seen = new Set<number>();
  for (let answer = 0; answer < 100; answer++) {
    // Between 2.5 and 2.7 characters a token, as the text around the cursor changes.
    estimate.observe(2500 + ((answer * 37) % 200), 1000);
    seen.add(estimate.charactersFor(800));
  }
  assert.ok(seen.size <= 2, [...seen].join(', '));
});
test('a denser text soon makes the prompt shorter', () => {
  const estimate = new TokenEstimate();
  const before = estimate.charactersFor(3000);
  for (let answer = 0; answer < 10; answer++) estimate.observe(1500, 1000);
  assert.ok(estimate.charactersFor(3000) < before);
});
test('a text with longer tokens in the end makes it longer', () => {
  const estimate = new TokenEstimate();
  const before = estimate.charactersFor(3000);
  for (let answer = 0; answer < 50; answer++) estimate.observe(4000, 1000);
  assert.ok(estimate.charactersFor(3000) > before + 1000);
});
test('a small context still gets something', () => assert.ok(new TokenEstimate().charactersFor(60) > 100));
test('what is promised fits: never more characters than the estimate has', () => {
  const estimate = new TokenEstimate();
  for (let tokens = 50; tokens < 3000; tokens += 17) assert.ok(estimate.charactersFor(tokens) <= tokens * 2.3 + 1);
});
