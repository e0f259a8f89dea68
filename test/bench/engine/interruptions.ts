// How long urgent work waits for other work, and how long work goes on that nobody wants any more: against our own figures at rest and the time
// of one chunk of a prompt. It knows priorities and aborts; it must not know how chunks are sized.
import type { Prompt } from '../../../native/protocol/messages.ts';
import { type Figure, figureOf } from '../harness.ts';
import { LocalEngine } from '../localEngine.ts';
import { samplePairs } from '../pairs.ts';
import { codeWithHole, promptForEngine } from '../prompts.ts';
import { medianOf } from '../statistics.ts';
import type { BenchModel } from './sides.ts';

const contextSize = 8192;
/** More than 3,500 tokens. */
const chatFunctions = 90;
const inlineFunctions = 4;
/** While somebody types, a chunk is meant to take 50 ms; the bars grow with the measured one, and this keeps them from growing without limit. */
const longestChunkMs = 75;
/** After so long without a completion nobody is taken to type. */
const calmMs = 5500;
const minChatTokens = 3500;

export interface InterruptionOptions {
  readonly model: BenchModel;
  readonly pairs: number;
  readonly threads: number;
}

export async function measureInterruptions({ model, pairs, threads }: InterruptionOptions): Promise<Figure[]> {
  const engine = await LocalEngine.start({ threads, model: model.file, contextSize });
  try {
    const chats = new ChatPrompts();
    await checkLength(engine, chats.next());
    const typed = new TypedCharacters();
    const calmChunks: number[] = [];
    for (let run = 0; run < pairs; run++) calmChunks.push(await timeChunk(engine, chats.next(), run));
    const calmChunkMs = medianOf(calmChunks).median;

    const chunks: number[] = [];
    for (let run = 0; run < pairs; run++) {
      await engine.generate(typed.next(), 1);
      chunks.push(await timeChunk(engine, chats.next(), run));
    }
    const chunkMs = medianOf(chunks).median;
    const first = await samplePairs(['ms'], {
      pairs,
      warmups: 1,
      ours: async (run) => ({ ms: await whileAsking(engine, chats.next(), run, () => timeInline(engine, typed.next())) }),
      peer: async () => ({ ms: await timeInline(engine, typed.next()) }),
    });
    const idleMs = medianOf(first.peer.ms).median;

    await sleep(calmMs);
    const inPrefill: number[] = [];
    const inDecoding: number[] = [];
    for (let run = 0; run < pairs; run++) {
      inPrefill.push(await timeAbort(engine, { prompt: chats.next(), afterMs: someMs(run), afterTexts: 0 }));
      inDecoding.push(await timeAbort(engine, { prompt: typed.next(), afterMs: 0, afterTexts: 5 + run }));
    }
    const shared = { unit: 'ms', model: model.name } as const;
    const oneChunk = Math.ceil(calmChunkMs);
    return [
      figureOf({ ...shared, figure: 'one chunk of a chat prompt while somebody types', ours: chunks, bar: { of: 'value', atMost: longestChunkMs } }),
      figureOf({ ...shared, figure: 'one chunk of a chat prompt while nobody types', ours: calmChunks }),
      figureOf({
        ...shared,
        figure: 'first inline token while a chat prompt of 3,500 tokens is evaluated',
        ours: first.ours.ms,
        peer: { name: 'ours at rest', samples: first.peer.ms },
        bar: { of: 'value', atMost: Math.ceil(idleMs + chunkMs) },
      }),
      figureOf({ ...shared, figure: 'abort in a prefill until the engine is idle', ours: inPrefill, bar: { of: 'value', atMost: oneChunk } }),
      figureOf({ ...shared, figure: 'abort while decoding until the engine is idle', ours: inDecoding, bar: { of: 'value', atMost: oneChunk } }),
    ];
  } finally {
    await engine.stop();
  }
}

/** Prompts without a common prefix, since an aborted one leaves its evaluated part behind. */
class ChatPrompts {
  #run = 0;

  next(): Prompt {
    return promptForEngine(codeWithHole({ functions: chatFunctions, run: ++this.#run }));
  }
}

/** One more character with each request, as a person types; a new line where one has become long. */
class TypedCharacters {
  readonly #text = codeWithHole({ functions: inlineFunctions, run: 0 });
  #typed = 0;

  next(): Prompt {
    const words = ' shape.width * shape.height / 2;\n    total +=';
    const typed = words.repeat(1 + Math.floor(this.#typed / words.length)).slice(0, this.#typed++);
    return promptForEngine({ ...this.#text, prefix: this.#text.prefix + typed });
  }
}

/** Somewhere in the evaluation, not always at the same place of a chunk. */
const someMs = (run: number) => 300 + ((run * 137) % 700);
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function checkLength(engine: LocalEngine, prompt: Prompt): Promise<void> {
  const { usage } = await engine.generate(prompt, 1, { priority: 'chat' });
  const tokens = usage.evaluatedTokens + usage.reusedTokens;
  if (tokens < minChatTokens) throw new Error(`The chat prompt has ${tokens} tokens.`);
}

/** Runs `act` while a chat prompt is being evaluated, and gives up the chat afterwards. */
async function whileAsking<Result>(engine: LocalEngine, prompt: Prompt, run: number, act: () => Promise<Result>): Promise<Result> {
  const ending = new AbortController();
  const chat = ask(engine, prompt, ending.signal, () => {});
  try {
    await sleep(someMs(run));
    const result = await act();
    // Generated tokens would mean that the prompt was done before.
    if ((await engine.status()).activeRequests === 0) throw new Error('The chat prompt was evaluated too soon to be interrupted.');
    return result;
  } finally {
    ending.abort();
    await chat;
    await untilIdle(engine);
  }
}

/** The mean of some chunks, counted by the engine. */
function timeChunk(engine: LocalEngine, prompt: Prompt, run: number): Promise<number> {
  return whileAsking(engine, prompt, run, async () => {
    const before = (await engine.status()).totals.ticks;
    const startedAt = performance.now();
    await sleep(600);
    const after = (await engine.status()).totals.ticks;
    return (performance.now() - startedAt) / (after - before);
  });
}

async function timeInline(engine: LocalEngine, prompt: Prompt): Promise<number> {
  return (await engine.generate(prompt, 1)).firstTextMs;
}

async function timeAbort(
  engine: LocalEngine,
  { prompt, afterMs, afterTexts }: { readonly prompt: Prompt; readonly afterMs: number; readonly afterTexts: number },
): Promise<number> {
  const ending = new AbortController();
  let texts = 0;
  let answering = () => {};
  const hasAnswered = new Promise<void>((resolve) => (answering = resolve));
  const asked = ask(engine, prompt, ending.signal, () => {
    if (++texts >= afterTexts) answering();
  });
  await sleep(afterMs);
  if (afterTexts > 0) await hasAnswered;
  else if (texts > 0) throw new Error('The prompt was evaluated too soon to be aborted.');
  const startedAt = performance.now();
  ending.abort();
  await untilIdle(engine);
  const elapsedMs = performance.now() - startedAt;
  await asked;
  return elapsedMs;
}

function ask(engine: LocalEngine, prompt: Prompt, signal: AbortSignal, onText: () => void) {
  const request = { prompt, priority: 'chat', maxTokens: 1000, temperature: 0, stop: [], forbidEndFirst: true } as const;
  return engine.inference.generate(request, { signal, onText });
}

/** The engine sends no event when it comes to rest, so it is asked; asking takes less than a millisecond. */
async function untilIdle(engine: LocalEngine): Promise<void> {
  while ((await engine.status()).activeRequests > 0) await sleep(1);
}
