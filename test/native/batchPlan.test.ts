// How much a prompt that nobody waits for may hold up a chat that is being written: the planner alone, with times written down.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { BatchPlanner, type Work } from '../../native/batchPlan.ts';
import type { Sequence } from '../../native/sequencePool.ts';
import type { Stream } from '../../native/stream.ts';
import { rankOf } from '../../native/turns.ts';

const stream = (priority: 'chat' | 'background', pending: number) =>
  ({
    rank: rankOf(priority),
    pending: new Uint32Array(pending),
    sequence: {} as Sequence,
    maxTokens: 1000,
    generatedTokens: 1,
    drafter: undefined,
  }) as unknown as Stream;

/** @returns how long after a chunk of 100 ms the next one may come */
async function pauseAfterChunk({ mock }: TestContext, writingMs: number): Promise<number> {
  let now = 1000;
  mock.method(performance, 'now', () => now);
  const planner = new BatchPlanner(512, () => false);
  const [chat, prompt] = [stream('chat', 1), stream('background', 400)];
  const hasPrompt = (work: readonly Work[]) => work.some((one) => one.stream === prompt);
  const writing = await planner.plan([chat]);
  for (let tick = 0; tick < 20; tick++) planner.note(writing, { decodeMs: writingMs, elapsedMs: writingMs });
  const chunk = await planner.plan([chat, prompt]);
  assert.ok(hasPrompt(chunk), 'the first one comes at once');
  planner.note(chunk, { decodeMs: 100, elapsedMs: 100 });
  const endedAt = now;
  while (!hasPrompt(await planner.plan([chat, prompt]))) now += 1;
  mock.restoreAll();
  return now - endedAt;
}

for (const [writingMs, least, most] of [
  // A GPU writes so fast that nobody sees it.
  [2, 5, 8],
  [20, 149, 152],
  // Slower than anybody reads: a fifth of the time, no less.
  [30, 400, 401],
  [200, 400, 401],
] as const)
  test(`where a token takes ${writingMs} ms, prompts that nobody waits for get the time that a reader does not need`, async (context) => {
    const pauseMs = await pauseAfterChunk(context, writingMs);
    assert.ok(pauseMs >= least && pauseMs <= most, `${pauseMs} ms`);
    const tokensPerSecond = (pauseMs / writingMs / (pauseMs + 100)) * 1000;
    if (writingMs <= 20) assert.ok(tokensPerSecond >= 29, `${tokensPerSecond} tokens/s`);
  });

test('a prompt as urgent as what is written never waits', async () => {
  const planner = new BatchPlanner(512, () => false);
  const [chat, prompt] = [stream('chat', 1), stream('chat', 400)];
  for (let tick = 0; tick < 3; tick++) {
    const work = await planner.plan([chat, prompt]);
    assert.ok(work.some((one) => one.stream === prompt));
    planner.note(work, { decodeMs: 100, elapsedMs: 100 });
  }
});
