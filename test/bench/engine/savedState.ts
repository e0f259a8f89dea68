// A long chat after a restart of the engine: its head restored from disk beside its head evaluated. It knows two engines with and without saved
// state; it must not know where files lie or what is in them.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Usage } from '../../../native/protocol/messages.ts';
import { type Figure, figureOf } from '../harness.ts';
import { LocalEngine } from '../localEngine.ts';
import { chatModel100M, ensureModel } from '../models/makeModel.ts';
import { samplePairs } from '../pairs.ts';
import { codeWithHole } from '../prompts.ts';

const contextSize = 4096;
/** About 2,000 tokens. */
const functions = 47;
const modelName = 'random weights, 107 M, with a chat template';

export async function measureSavedState({ pairs, threads }: { readonly pairs: number; readonly threads: number }): Promise<Figure[]> {
  const model = await ensureModel(chatModel100M);
  const stateDirectory = mkdtempSync(path.join(os.tmpdir(), 'b-'));
  const answer = async (where: string | undefined): Promise<{ readonly firstTokenMs: number; readonly usage: Usage }> => {
    const engine = await LocalEngine.start({ threads, model, contextSize, ...(where === undefined ? {} : { stateDirectory: where }) });
    try {
      const asked = await ask(engine);
      if (where !== undefined) await saved(engine);
      return asked;
    } finally {
      await engine.stop();
    }
  };
  try {
    const before = await answer(stateDirectory);
    const heads: number[] = [];
    const { ours, peer } = await samplePairs(['firstTokenMs'], {
      pairs,
      leastPairs: pairs,
      warmups: 1,
      ours: async () => {
        const restored = await answer(stateDirectory);
        heads.push(restored.usage.restoredTokens ?? 0);
        return restored;
      },
      peer: () => answer(undefined),
    });
    if (heads.some((tokens) => tokens < 1500)) throw new Error(`Only ${Math.min(...heads)} of ${before.usage.evaluatedTokens} tokens were restored.`);
    return [
      figureOf({
        figure: `time to the first token of a chat after a restart, head of ${heads[0]} tokens`,
        unit: 'ms',
        ours: ours.firstTokenMs,
        peer: { name: 'our engine without saved state', samples: peer.firstTokenMs },
        bar: { of: 'ratio', atMost: 0.2 },
        model: modelName,
      }),
    ];
  } finally {
    rmSync(stateDirectory, { recursive: true, force: true });
  }
}

async function ask(engine: LocalEngine): Promise<{ readonly firstTokenMs: number; readonly usage: Usage }> {
  const { prefix } = codeWithHole({ functions, run: 0 });
  const messages = [
    { role: 'user' as const, content: `Explain this code.\n${prefix}` },
    { role: 'assistant' as const, content: 'It computes areas.' },
    { role: 'user' as const, content: 'Which one is the largest?' },
  ];
  const asked = { prompt: { kind: 'chat' as const, messages }, priority: 'chat' as const, maxTokens: 1, temperature: 0, stop: [], mayPersist: true };
  const startedAt = performance.now();
  const result = await engine.inference.generate(asked, { signal: new AbortController().signal });
  const firstTokenMs = performance.now() - startedAt;
  if (result.outcome !== 'ok') throw new Error(`The engine did not answer: ${JSON.stringify(result)}`);
  return { firstTokenMs, usage: result.value.usage };
}

/** Saving comes after the answer. */
async function saved(engine: LocalEngine): Promise<void> {
  const deadline = AbortSignal.timeout(30_000);
  for (;;) {
    if ((await engine.status()).savedStates.files > 0) return;
    deadline.throwIfAborted();
  }
}
