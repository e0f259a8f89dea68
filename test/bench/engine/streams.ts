// Four requests at a time beside llama-server with four slots. It knows their prompts and priorities; it must not know how batches are made.
import type { Priority } from '../../../native/protocol/messages.ts';
import { type Figure, figureOf } from '../harness.ts';
import type { LocalEngine } from '../localEngine.ts';
import { samplePairs } from '../pairs.ts';
import { type LlamaServer, peerName } from '../peers/llamaServer.ts';
import { codeWithHole, promptForEngine, promptForPeer } from '../prompts.ts';
import type { Sides } from './sides.ts';

/** As one user has them: two conversations, and two pieces of work that nobody waits for. */
const asInUse: readonly Priority[] = ['chat', 'chat', 'background', 'background'];
/** As nobody has them, but what the peer's slots are. */
const allAlike: readonly Priority[] = ['chat', 'chat', 'chat', 'chat'];

export interface StreamsOptions {
  readonly pairs: number;
  readonly leastPairs?: number;
  readonly answerTokens: number;
  /** Whether four of one priority are measured as well. */
  readonly isThorough: boolean;
}

export async function measureStreams({ engine, server, model }: Sides, { pairs, leastPairs, answerTokens, isThorough }: StreamsOptions): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const priorities of isThorough ? [asInUse, allAlike] : [asInUse]) {
    const fills: number[] = [];
    const { ours, peer } = await samplePairs(['tokensPerSecond'], {
      pairs,
      ...(leastPairs === undefined ? {} : { leastPairs }),
      warmups: 1,
      ours: async (run) => {
        const { fill, tokensPerSecond } = await askEngine(engine, { run, priorities, answerTokens });
        fills.push(fill);
        return { tokensPerSecond };
      },
      peer: (run) => askPeer(server, { run, answerTokens }),
    });
    const name = priorities === asInUse ? 'two of chat and two of background' : 'all of chat';
    const peerSamples = { name: peerName, samples: peer.tokensPerSecond };
    figures.push(
      figureOf({
        figure: `four streams together, ${name}`,
        unit: 'tokens/s',
        ours: ours.tokensPerSecond,
        peer: peerSamples,
        bar: { of: 'ratio', atLeast: 0.9 },
        model: model.name,
      }),
      figureOf({ figure: `streams in a batch, ${name}`, unit: 'streams', ours: fills, model: model.name }),
    );
  }
  return figures;
}

/** None of the four shares a prefix with another or with a run before. */
const promptOf = (run: number, stream: number) => codeWithHole({ functions: 2, run: run * 4 + stream + 1 });

async function askEngine(
  engine: LocalEngine,
  { run, priorities, answerTokens }: { readonly run: number; readonly priorities: readonly Priority[]; readonly answerTokens: number },
): Promise<{ readonly tokensPerSecond: number; readonly fill: number }> {
  const before = (await engine.status()).totals;
  const startedAt = performance.now();
  const answers = await Promise.all(priorities.map((priority, stream) => engine.generate(promptForEngine(promptOf(run, stream)), answerTokens, { priority })));
  const seconds = (performance.now() - startedAt) / 1000;
  const after = (await engine.status()).totals;
  return {
    tokensPerSecond: answers.reduce((sum, { usage }) => sum + usage.generatedTokens, 0) / seconds,
    fill: (after.streamTicks - before.streamTicks) / (after.ticks - before.ticks),
  };
}

async function askPeer(
  server: LlamaServer,
  { run, answerTokens }: { readonly run: number; readonly answerTokens: number },
): Promise<{ readonly tokensPerSecond: number }> {
  const prompts: (readonly number[])[] = [];
  for (let slot = 0; slot < 4; slot++) prompts.push(await promptForPeer(server, promptOf(run, slot)));
  const startedAt = performance.now();
  const answers = await Promise.all(prompts.map((prompt, slot) => server.complete({ prompt, maxTokens: answerTokens, reusePrefix: false, slot })));
  const seconds = (performance.now() - startedAt) / 1000;
  return { tokensPerSecond: answers.reduce((sum, { generatedTokens }) => sum + generatedTokens, 0) / seconds };
}
