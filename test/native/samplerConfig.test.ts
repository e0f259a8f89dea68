// How a token is chosen, as a request becomes a stream: what was asked for and nothing else. The library's own completion punishes repetition unless it
// is told not to (facts/engine.md, 8), which breaks code.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SamplerConfig } from '../../native/addon.ts';
import { generate } from '../../native/generate.ts';
import type { LoadedModel } from '../../native/loadedModel.ts';
import type { GenerateParams } from '../../native/protocol/messages.ts';
import type { StreamRequest } from '../../native/stream.ts';

async function samplingFor(over: Partial<GenerateParams>): Promise<SamplerConfig | undefined> {
  let sampling: SamplerConfig | undefined;
  const done = { ended: 'length', evaluatedTokens: 2, reusedTokens: 0, restoredTokens: 0, generatedTokens: 1, draftedTokens: 0, acceptedTokens: 0 };
  const loaded = {
    vocabulary: { render: async () => ({ outcome: 'ok', tokens: [1, 2] }), endings: new Uint32Array(0), textOf: () => '' },
    description: { contextSize: 100 },
    loop: {
      run: async (request: StreamRequest) => {
        ({ sampling } = request);
        return { ...done, queueMs: 0, prefillMs: 0, decodeMs: 0, confidence: [] };
      },
    },
  } as unknown as LoadedModel;
  const params: GenerateParams = {
    model: { path: 'model.gguf', contextSize: 0 },
    prompt: { kind: 'parts', parts: [{ kind: 'text', text: 'x' }] },
    priority: 'inline',
    maxTokens: 1,
    temperature: 0,
    stop: [],
    ...over,
  };
  const result = await generate(loaded, params, { client: 0, signal: new AbortController().signal, onText: () => undefined });
  assert.equal(result.outcome, 'ok');
  return sampling;
}

test('greedy is greedy and nothing else', async () => {
  assert.deepEqual(await samplingFor({}), { temperature: 0 });
  assert.deepEqual(await samplingFor({ topP: 0.5, minP: 0.1, seed: 4 }), { temperature: 0 }, 'nothing is left to cut off');
});

test('at a temperature there is what was asked for, and a seed', async () => {
  assert.deepEqual(await samplingFor({ priority: 'chat', temperature: 0.7, topP: 0.9, minP: 0.05, seed: 4 }), {
    temperature: 0.7,
    topP: 0.9,
    minP: 0.05,
    seed: 4,
  });
  assert.deepEqual(Object.keys((await samplingFor({ priority: 'chat', temperature: 0.7 })) ?? {}).toSorted(), ['seed', 'temperature']);
});
