// The engine beside llama-server: latency, processor time, several streams, interruptions, reuse of prompts and memory.
// usage: npm run bench -- engine [--pairs=N] [--threads=N] [--requests=N] [--only=PART,...]
import { parseArgs } from 'node:util';
import { measureInterruptions } from './engine/interruptions.ts';
import { measureLatency } from './engine/latency.ts';
import { measureHeap, measureResident } from './engine/memory.ts';
import { measureSavedState } from './engine/savedState.ts';
import { randomModel, starter, tekkenModel, withSides } from './engine/sides.ts';
import { measureRewrite } from './engine/rewrite.ts';
import { measureStreams } from './engine/streams.ts';
import { measureTekken } from './engine/tekken.ts';
import { measureTyping } from './engine/typing.ts';
import { type Figure, report } from './harness.ts';
import { minPairs } from './pairs.ts';

const { values: options } = parseArgs({
  options: { pairs: { type: 'string' }, threads: { type: 'string' }, requests: { type: 'string' }, only: { type: 'string' } },
});
const pairs = Number(options.pairs ?? minPairs);
/** A large model takes seconds a pair, and what it measures varies less. */
const fewPairs = Math.max(3, Math.floor(pairs / 2));
/** One: with as many as cores they wait for each other, on both sides in turn (README-loops.md), and a ratio says little. */
const threads = Number(options.threads ?? 1);
const large = await randomModel();

const parts: Readonly<Record<string, () => Promise<Figure[]>>> = {
  latency: () =>
    withSides({ model: starter, threads, contextSize: 1024 }, (sides) => measureLatency(sides, { pairs, cpuBar: 1.6, answerTokens: 256, answers: 4 })),
  largeLatency: () =>
    withSides({ model: large, threads, contextSize: 1024 }, (sides) =>
      measureLatency(sides, { pairs: fewPairs, leastPairs: fewPairs, cpuBar: 1.1, answerTokens: 96, answers: 1 }),
    ),
  tekken: async () =>
    withSides({ model: await tekkenModel(), threads, contextSize: 2048 }, (sides) => measureTekken(sides, { pairs: fewPairs, leastPairs: fewPairs })),
  streams: () =>
    withSides({ model: starter, threads, contextSize: 1024, slots: 4 }, (sides) => measureStreams(sides, { pairs, answerTokens: 128, isThorough: true })),
  largeStreams: () =>
    withSides({ model: large, threads, contextSize: 1024, slots: 4 }, (sides) =>
      measureStreams(sides, { pairs: fewPairs, leastPairs: fewPairs, answerTokens: 64, isThorough: false }),
    ),
  interruptions: () => measureInterruptions({ model: large, pairs, threads }),
  typing: () => withSides({ model: starter, threads, contextSize: 1024 }, measureTyping),
  rewrite: () => measureRewrite({ model: starter, threads, pairs, mostLines: 150, contextSize: 1024, bar: 1.5 }),
  largeRewrite: () => measureRewrite({ model: large, threads, pairs: fewPairs, mostLines: 150, contextSize: 8192, bar: 2 }),
  memory: () => withSides({ model: large, threads, contextSize: 4096, slots: 4 }, measureResident),
  savedState: () => measureSavedState({ pairs: fewPairs, threads }),
  heap: () => measureHeap({ model: starter, threads, requests: Number(options.requests ?? 10_000) }),
};

const wanted = options.only?.split(',') ?? Object.keys(parts);
const figures: Figure[] = [];
for (const name of wanted) {
  const startedAt = performance.now();
  const part = parts[name];
  if (!part) throw new Error(`There is no part "${name}". Choose from: ${Object.keys(parts).join(', ')}.`);
  figures.push(...(await part()));
  process.stderr.write(`${name}: ${Math.round((performance.now() - startedAt) / 1000)} s\n`);
}
report('engine', figures, {
  model: starter.name,
  isPart: options.only !== undefined,
  notes: [
    `Evaluation threads on each side: ${threads}; ${pairs} pairs; greedy; no GPU.`,
    'Rewrites: the output is forced on both sides, since no model at hand writes it: an upper bound for a model that makes exactly that change.',
  ],
});
