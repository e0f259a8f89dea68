// How long a batch may get: what a prompt that nobody waits for may hold up, and what is guessed while somebody types. The planner alone, with times
// written down.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { BatchPlanner, sizeOf, type Work } from '../../native/batchPlan.ts';
import type { Sequence } from '../../native/sequencePool.ts';
import type { Drafter } from '../../native/speculation/drafter.ts';
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
  [2, 2, 4],
  [20, 42, 44],
  [40, 149, 152],
  // Slower than anybody reads: a fifth of the time, no less.
  [60, 400, 401],
  [200, 400, 401],
] as const)
  test(`where a token takes ${writingMs} ms, prompts that nobody waits for get the time that a reader does not need`, async (context) => {
    const pauseMs = await pauseAfterChunk(context, writingMs);
    assert.ok(pauseMs >= least && pauseMs <= most, `${pauseMs} ms`);
    const tokensPerSecond = (pauseMs / writingMs / (pauseMs + 100)) * 1000;
    if (writingMs <= 40) assert.ok(tokensPerSecond >= 14.5, `${tokensPerSecond} tokens/s`);
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

/** A machine that takes `tokenMs` for one token, and `moreMs` for each further one in the same batch. */
async function guessed({ tokenMs, moreMs, isTyping, withPrompt = false }: { tokenMs: number; moreMs: number; isTyping: boolean; withPrompt?: boolean }) {
  const planner = new BatchPlanner(512, () => isTyping);
  const asked: { most: number; mostMs: number }[] = [];
  const drafter: Drafter = {
    kind: 'promptLookup',
    draft: (most, mostMs) => {
      asked.push({ most, mostMs });
      return Array.from({ length: most }, () => 1);
    },
    append: () => undefined,
    dispose: () => undefined,
  };
  const draftLength = planner.draftLength(drafter);
  const chat = { ...stream('chat', 1), drafter, draftLength };
  const timeOf = (size: number) => tokenMs + (size - 1) * moreMs;
  const note = (work: readonly Work[]) => planner.note(work, { decodeMs: timeOf(sizeOf(work)), elapsedMs: timeOf(sizeOf(work)) });
  // All sizes were seen, and all that was guessed came true.
  for (const size of [1, 2, 4, 8, 16, 32, 64, 1])
    for (let times = 0; times < 10; times++) note([{ stream: chat, sequence: {} as Sequence, tokens: new Uint32Array(size), drafted: size - 1, isLast: true }]);
  for (let times = 0; times < 10; times++) draftLength.noteDrafted(8, 8);
  const work = await planner.plan(withPrompt ? [chat, stream('chat', 400)] : [chat]);
  return { size: sizeOf(work), drafted: work[0]?.drafted ?? 0, ms: timeOf(sizeOf(work)), asked: asked[0] };
}

test('while somebody types, what is guessed for a chat makes no batch longer than a chunk of a prompt', async () => {
  for (const [tokenMs, moreMs] of [
    [30, 4],
    [40, 3],
    [20, 2],
  ] as const) {
    const calm = await guessed({ tokenMs, moreMs, isTyping: false });
    assert.ok(calm.ms > 50, `${calm.drafted} guesses, ${calm.ms} ms`);
    assert.equal(calm.asked?.mostMs, Number.POSITIVE_INFINITY);
    const typing = await guessed({ tokenMs, moreMs, isTyping: true });
    assert.ok(typing.drafted > 0 && typing.ms <= 50, `${typing.drafted} guesses, ${typing.ms} ms`);
    assert.equal(typing.asked?.mostMs, 50, 'a model that guesses may take no longer either');
  }
});
test('where many tokens take no time, as on a GPU, typing changes nothing', async () => {
  assert.equal((await guessed({ tokenMs: 5, moreMs: 0.05, isTyping: true })).drafted, 63);
});
test('where a single token takes longer than a chunk may, nothing is guessed while somebody types', async () => {
  assert.equal((await guessed({ tokenMs: 80, moreMs: 1, isTyping: true })).drafted, 0);
});
test('while somebody types, nothing is guessed beside a chunk of a prompt', async () => {
  assert.ok((await guessed({ tokenMs: 4, moreMs: 1, isTyping: false, withPrompt: true })).drafted > 0);
  assert.equal((await guessed({ tokenMs: 4, moreMs: 1, isTyping: true, withPrompt: true })).drafted, 0);
});
