// From nothing to the first suggestion, and the engine's speed once it is there; llama-server does the same work in the same run.
// usage: npm run bench -- start [--pairs=N] [--threads=N]
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { measureActivation } from './activation.ts';
import { measureSpeed } from './engineSpeed.ts';
import { type Figure, figureOf, report } from './harness.ts';
import { root, starterModel } from './localEngine.ts';
import { minPairs, samplePairs } from './pairs.ts';
import { LlamaServer, peerName } from './peers/llamaServer.ts';
import { codeWithHole, type FimText, promptForPeer } from './prompts.ts';
import { timeColdStart } from './serverProcess.ts';

const modelContext = 1024;
const answerTokens = 64;

const { values: options } = parseArgs({ options: { pairs: { type: 'string' }, threads: { type: 'string' } } });
const pairs = Number(options.pairs ?? minPairs);
// Half of the cores: evaluation threads wait for each other, so one that has to share its core slows all of them.
const threads = Number(options.threads ?? Math.max(1, Math.floor(os.availableParallelism() / 2)));

async function measureStart(): Promise<Figure[]> {
  const text = codeWithHole({ functions: 2, run: 0 });
  const lines = text.prefix.split('\n');
  const document = { text: text.prefix + text.suffix, position: { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 } };
  const { ours, peer } = await samplePairs(['serverReadyMs', 'engineReadyMs', 'firstSuggestionMs'], {
    pairs,
    warmups: 1,
    ours: () => timeColdStart(document, { threads }),
    peer: () => timeColdPeer(text),
  });
  const withPeer = (name: 'engineReadyMs' | 'firstSuggestionMs') => ({ unit: 'ms', ours: ours[name], peer: { name: peerName, samples: peer[name] } });
  return [
    figureOf({ figure: 'server ready, from its start', unit: 'ms', ours: ours.serverReadyMs }),
    figureOf({ figure: 'engine ready with its model, from the start of the server', ...withPeer('engineReadyMs') }),
    figureOf({ figure: 'first suggestion, from the start of the server', ...withPeer('firstSuggestionMs') }),
  ];
}

/** The peer has no server before its engine, and gets the bare prompt: what it does not do is what the difference pays for. */
async function timeColdPeer(text: FimText): Promise<Record<'serverReadyMs' | 'engineReadyMs' | 'firstSuggestionMs', number>> {
  const startedAt = performance.now();
  const server = await LlamaServer.start({ model: starterModel, threads, contextSize: modelContext });
  try {
    const engineReadyMs = performance.now() - startedAt;
    await server.complete({ prompt: await promptForPeer(server, text), maxTokens: answerTokens, reusePrefix: false });
    return { serverReadyMs: engineReadyMs, engineReadyMs, firstSuggestionMs: performance.now() - startedAt };
  } finally {
    await server.stop();
  }
}

const figures: Figure[] = [...measureActivation(pairs), ...(await measureStart()), ...(await measureSpeed({ pairs, threads }))];
report('start', figures, {
  model: path.relative(root, starterModel),
  notes: [`Evaluation threads on each side: ${threads}; ${pairs} pairs; greedy; no GPU.`],
});
