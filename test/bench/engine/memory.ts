// What the engine's process takes beside its model's file, and whether its heap grows with the requests. It knows processes and how a heap is
// sampled; it must not know what the memory is used for.
import { readFileSync, statSync } from 'node:fs';
import { type Figure, figureOf } from '../harness.ts';
import { LocalEngine } from '../localEngine.ts';
import { InspectedHeap } from './inspectedHeap.ts';
import { peerName } from '../peers/llamaServer.ts';
import { codeWithHole, promptForEngine, promptForPeer } from '../prompts.ts';
import type { BenchModel, Sides } from './sides.ts';

const mebibyte = 1024 * 1024;
const priorities = ['inline', 'inline', 'chat', 'chat'] as const;
const mostGrowth = 5;

/** With 4 sequences of 4k on both sides, each of them used. */
export async function measureResident({ engine, server, model }: Sides): Promise<Figure[]> {
  for (const [slot, priority] of priorities.entries()) {
    const text = codeWithHole({ functions: 10, run: slot + 1 });
    await engine.generate(promptForEngine(text), 8, { priority });
    await server.complete({ prompt: await promptForPeer(server, text), maxTokens: 8, reusePrefix: false, slot });
  }
  const beside = (pid: number) => (residentBytes(pid) - statSync(model.file).size) / mebibyte;
  const { memory } = await engine.status();
  const shared = { unit: 'MiB', model: model.name } as const;
  return [
    figureOf({
      ...shared,
      figure: 'memory over the file of the model, 4 sequences of 4k',
      ours: [beside(engine.pid)],
      peer: { name: peerName, samples: [beside(server.pid)] },
    }),
    figureOf({ ...shared, figure: 'of it the context, as the engine says', ours: [memory.contextBytes / mebibyte] }),
  ];
}

export async function measureHeap({
  model,
  threads,
  requests,
}: {
  readonly model: BenchModel;
  readonly threads: number;
  readonly requests: number;
}): Promise<Figure[]> {
  const { engine, heap } = await InspectedHeap.of(() => LocalEngine.start({ threads, model: model.file }));
  try {
    // Code is compiled and caches fill before the first sample.
    await request(engine, Math.min(2000, requests));
    const before = await heap.bytes();
    await request(engine, requests);
    const after = await heap.bytes();
    return [
      figureOf({
        figure: `growth of the heap over ${requests} requests`,
        unit: 'MiB',
        ours: [(after.heap - before.heap) / mebibyte],
        bar: { of: 'value', atMost: mostGrowth },
        model: model.name,
      }),
      figureOf({
        figure: `growth of the process over ${requests} requests`,
        unit: 'MiB',
        ours: [(after.resident - before.resident) / mebibyte],
        model: model.name,
      }),
      figureOf({ figure: 'heap after them', unit: 'MiB', ours: [after.heap / mebibyte], model: model.name }),
    ];
  } finally {
    heap.close();
    await engine.stop();
  }
}

/** Typing, with a new place every ten requests; every fifth is given up at once. */
async function request(engine: LocalEngine, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const text = codeWithHole({ functions: 2, run: Math.floor(index / 10) });
    const prompt = promptForEngine({ ...text, prefix: `${text.prefix}${' shape.area'.slice(0, 1 + (index % 10))}` });
    if (index % 5 !== 4) {
      await engine.generate(prompt, 2);
      continue;
    }
    const given = new AbortController();
    const asked = engine.inference.generate({ prompt, priority: 'inline', maxTokens: 2, temperature: 0, stop: [] }, { signal: given.signal });
    setImmediate(() => given.abort());
    await asked;
  }
}

function residentBytes(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kibibytes === undefined) throw new Error(`The memory of process ${pid} is not known.`);
  return Number(kibibytes) * 1024;
}
