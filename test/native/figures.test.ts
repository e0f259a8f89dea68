// Quantiles of what requests took.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecentFigures } from '../../native/figures.ts';

const answer = (ms: number, generatedTokens = 11) => ({
  outcome: 'ok' as const,
  text: '',
  finish: 'end' as const,
  usage: { evaluatedTokens: 2, reusedTokens: 8, generatedTokens },
  timings: { queueMs: ms, prefillMs: ms, decodeMs: ms },
});

test('quantiles are by nearest rank, for each priority apart', () => {
  const figures = new RecentFigures();
  for (let ms = 1; ms <= 100; ms++) figures.note('inline', answer(ms));
  figures.note('chat', answer(1000));
  const { inline, chat, background } = figures.all;
  assert.deepEqual(inline.queueMs, { p50: 50, p95: 95, p99: 99 });
  assert.deepEqual(inline.firstTokenMs, { p50: 100, p95: 190, p99: 198 });
  assert.equal(inline.requests, 100);
  assert.equal(inline.reusedTokens, 800);
  assert.equal(chat.totalMs.p99, 3000);
  assert.equal(background.requests, 0);
  assert.deepEqual(background.queueMs, { p50: 0, p95: 0, p99: 0 });
});

test('the speed is that of the tokens after the first', () => {
  const figures = new RecentFigures();
  figures.note('inline', answer(100));
  figures.note('inline', answer(100, 1));
  assert.equal(figures.all.inline.tokensPerSecond.p50, 100);
});

test('old answers leave the quantiles but not the totals', () => {
  const figures = new RecentFigures();
  figures.note('inline', answer(100_000));
  for (let request = 0; request < 512; request++) figures.note('inline', answer(1));
  assert.equal(figures.all.inline.queueMs.p99, 1);
  assert.equal(figures.all.inline.requests, 513);
});

test('what was done for requests that were given up counts among the tokens, and not among the answers', () => {
  const figures = new RecentFigures();
  figures.note('inline', answer(1));
  figures.noteUnanswered('inline', { usage: { evaluatedTokens: 100, reusedTokens: 3, generatedTokens: 4 } });
  const { requests, evaluatedTokens, reusedTokens, generatedTokens, totalMs } = figures.all.inline;
  assert.deepEqual({ requests, evaluatedTokens, reusedTokens, generatedTokens }, { requests: 1, evaluatedTokens: 102, reusedTokens: 11, generatedTokens: 15 });
  assert.equal(totalMs.p99, 3);
});
