// The engine's speed once its model is in memory, beside llama-server's on the same prompts: tokens, time and processor time.
// It knows both engines; it must not know LSP or how either is started by an editor.
import { type Bar, type Figure, figureOf } from './harness.ts';
import { LocalEngine, starterModel } from './localEngine.ts';
import { cpuTimeMs, type PairedSamples, samplePairs } from './pairs.ts';
import { LlamaServer, peerName } from './peers/llamaServer.ts';
import { codeWithHole, type FimText, promptForEngine, promptForPeer } from './prompts.ts';

const modelContext = 1024;
/** With their tokens, these fill most of the starter model's context and leave room for the answer. */
const promptFunctions = 18;
const answerTokens = 64;
const requestsPerSample = 4;
const typed = ' shape';

/** Ratios to llama-server: what the process boundary, the sandwich of JSON-RPC and JavaScript's turn between two tokens may cost. */
const bars = {
  firstToken: { of: 'ratio', atMost: 1.25 },
  typedToken: { of: 'ratio', atMost: 2 },
  tokensPerSecond: { of: 'ratio', atLeast: 0.6 },
} as const satisfies Record<string, Bar>;

export interface SpeedOptions {
  readonly pairs: number;
  readonly threads: number;
}

const speedNames = ['firstTokenMs', 'typedTokenMs', 'tokensPerSecond', 'cpuMsPerToken'] as const;
type SpeedName = (typeof speedNames)[number];

interface Answer {
  readonly text: string;
  readonly firstTextMs: number;
  readonly totalMs: number;
  readonly generatedTokens: number;
  readonly promptTokens: number;
}

/** One side of the comparison. */
interface Side {
  readonly pid: number;
  readonly answer: (text: FimText, maxTokens: number, isCold: boolean) => Promise<Answer>;
}

export async function measureSpeed({ pairs, threads }: SpeedOptions): Promise<Figure[]> {
  const engine = await LocalEngine.start({ threads });
  const server = await LlamaServer.start({ model: starterModel, threads, contextSize: modelContext });
  const answers = { ours: new Map<number, Answer>(), peer: new Map<number, Answer>() };
  try {
    const ours: Side = { pid: engine.pid, answer: (text, maxTokens) => answerOfEngine(engine, text, maxTokens) };
    const peer: Side = { pid: server.pid, answer: (text, maxTokens, isCold) => answerOfPeer(server, text, maxTokens, isCold) };
    const samples = await samplePairs(speedNames, {
      pairs,
      warmups: 1,
      ours: (run) => sampleSpeed(ours, run, answers.ours),
      peer: (run) => sampleSpeed(peer, run, answers.peer),
    });
    return speedFigures(samples, [...answers.ours].filter(([run, answer]) => answer.text === answers.peer.get(run)?.text).length, answers);
  } finally {
    await server.stop();
    await engine.stop();
  }
}

async function sampleSpeed(side: Side, run: number, answers: Map<number, Answer>): Promise<Record<SpeedName, number>> {
  const cpuBefore = cpuTimeMs(side.pid);
  let firstTokenMs = 0;
  let typedTokenMs = 0;
  let decodeMs = 0;
  let decodedTokens = 0;
  let tokens = 0;
  for (let request = 0; request < requestsPerSample; request++) {
    const id = run * requestsPerSample + request;
    const text = codeWithHole({ functions: promptFunctions, run: id + 1 });
    const cold = await side.answer(text, answerTokens, true);
    if (cold.generatedTokens < answerTokens / 2) throw new Error(`An answer of ${cold.generatedTokens} tokens is too short to time.`);
    answers.set(id, cold);
    firstTokenMs += cold.firstTextMs;
    decodeMs += cold.totalMs - cold.firstTextMs;
    decodedTokens += cold.generatedTokens - 1;
    tokens += cold.promptTokens + cold.generatedTokens;
    for (let length = 1; length <= typed.length; length++) {
      const next = await side.answer({ ...text, prefix: text.prefix + typed.slice(0, length) }, 1, false);
      typedTokenMs += next.firstTextMs;
    }
  }
  const cpuAfter = cpuTimeMs(side.pid);
  return {
    firstTokenMs: firstTokenMs / requestsPerSample,
    typedTokenMs: typedTokenMs / requestsPerSample / typed.length,
    tokensPerSecond: (decodedTokens * 1000) / decodeMs,
    cpuMsPerToken: cpuBefore === null || cpuAfter === null ? Number.NaN : (cpuAfter - cpuBefore) / tokens,
  };
}

async function answerOfEngine(engine: LocalEngine, text: FimText, maxTokens: number): Promise<Answer> {
  const { usage, ...answer } = await engine.generate(promptForEngine(text), maxTokens);
  return { ...answer, generatedTokens: usage.generatedTokens, promptTokens: usage.evaluatedTokens + usage.reusedTokens };
}

async function answerOfPeer(server: LlamaServer, text: FimText, maxTokens: number, isCold: boolean): Promise<Answer> {
  // Tokenized before the clock starts: over HTTP that costs more than the evaluation.
  const prompt = await promptForPeer(server, text);
  const answer = await server.complete({ prompt, maxTokens, reusePrefix: !isCold });
  return { ...answer, promptTokens: answer.evaluatedTokens + answer.reusedTokens };
}

function speedFigures(
  samples: PairedSamples<SpeedName>,
  same: number,
  answers: { readonly ours: Map<number, Answer>; readonly peer: Map<number, Answer> },
): Figure[] {
  const both = (name: SpeedName) => ({ ours: samples.ours[name], peer: { name: peerName, samples: samples.peer[name] } });
  const [own] = answers.ours.values();
  const [other] = answers.peer.values();
  // Work that is not the same must not be compared.
  if (own?.promptTokens !== other?.promptTokens) throw new Error(`The prompts differ: ${own?.promptTokens} tokens here, ${other?.promptTokens} there.`);
  const speed = [
    figureOf({ figure: `first token of a cold prompt of ${own?.promptTokens} tokens`, unit: 'ms', ...both('firstTokenMs'), bar: bars.firstToken }),
    figureOf({ figure: 'first token after one more typed character', unit: 'ms', ...both('typedTokenMs'), bar: bars.typedToken }),
    figureOf({ figure: 'generation', unit: 'tokens/s', ...both('tokensPerSecond'), bar: bars.tokensPerSecond }),
    figureOf({ figure: "greedy answers that equal the peer's", unit: '%', ours: [(100 * same) / answers.ours.size] }),
  ];
  const cpu = figureOf({ figure: 'processor time of the engine, a token of prompt or answer', unit: 'ms', ...both('cpuMsPerToken') });
  return Number.isNaN(cpu.value) ? speed : [...speed, cpu];
}
