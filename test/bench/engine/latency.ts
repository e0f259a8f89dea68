// One stream at a time beside llama-server: the first token of a cold prompt and of a typed character, and the processor time of a token.
// It knows what is asked of both sides; it must not know how either is reached.
import { type Bar, type Figure, figureOf } from '../harness.ts';
import { cpuTimeMs, type PairedSamples, samplePairs } from '../pairs.ts';
import { peerName } from '../peers/llamaServer.ts';
import { codeWithHole, type FimText } from '../prompts.ts';
import type { Answer, Side, Sides } from './sides.ts';

/** About 940 tokens of the starter model, whose context of 1,024 leaves no more. */
const coldFunctions = 22;
/** Typed one by one after the cold prompt; the time is their mean. */
const typed = ' shape.width / 2';
const mostSharedTokens = 3;

export interface FirstTokenOptions {
  readonly pairs: number;
  readonly leastPairs?: number;
  /** How long the cold prompt is. */
  readonly functions?: number;
}

export interface LatencyOptions extends Omit<FirstTokenOptions, 'functions'> {
  /** What is held against the bar of the processor time; it is larger for a small model, whose tokens cost little beside the loop around them. */
  readonly cpuBar: number;
  /** Of each answer whose processor time is taken, and how many of them make one sample: /proc counts in steps of 10 ms. */
  readonly answerTokens: number;
  readonly answers: number;
}

export async function measureLatency(sides: Sides, options: LatencyOptions): Promise<Figure[]> {
  const firstTokens = await measureFirstTokens(sides, options);
  const decoding = await samplePairs(['cpuMs', 'tokens'], {
    ...pairsOf(options),
    ours: (run) => sampleDecoding(sides.ours, run, options),
    peer: (run) => sampleDecoding(sides.peer, run, options),
  });
  const tokens = Math.round(medianTokens(decoding.ours.tokens) / options.answers);
  const figure = figureOf({
    figure: `processor time of a generated token, answers of ${tokens} tokens`,
    unit: 'ms',
    ...both(decoding, 'cpuMs'),
    bar: { of: 'ratio', atMost: options.cpuBar },
    model: sides.model.name,
  });
  return Number.isNaN(figure.value) ? firstTokens : [...firstTokens, figure];
}

/** Of a cold prompt and of one more typed character. */
export async function measureFirstTokens(sides: Sides, options: FirstTokenOptions): Promise<Figure[]> {
  const { functions = coldFunctions } = options;
  const prompts = { ours: 0, peer: 0 };
  const typing = await samplePairs(['coldMs', 'typedMs', 'typedTokens'], {
    ...pairsOf(options),
    ours: (run) => sampleTyping(sides.ours, { run, functions, onPrompt: (tokens) => (prompts.ours = tokens) }),
    peer: (run) => sampleTyping(sides.peer, { run, functions, onPrompt: (tokens) => (prompts.peer = tokens) }),
  });
  // Work that is not the same must not be compared.
  if (prompts.ours !== prompts.peer) throw new Error(`The prompts differ: ${prompts.ours} tokens here, ${prompts.peer} there.`);
  const row = (figure: string, unit: string, { name, bar }: { readonly name: 'coldMs' | 'typedMs' | 'typedTokens'; readonly bar: Bar }) =>
    figureOf({ figure, unit, ...both(typing, name), bar, model: sides.model.name });
  return [
    row(`first token, cold prompt of ${prompts.ours} tokens`, 'ms', { name: 'coldMs', bar: { of: 'ratio', atMost: 1.1 } }),
    row('first token after one more typed character', 'ms', { name: 'typedMs', bar: { of: 'ratio', atMost: 1.05 } }),
    row('most tokens evaluated for one typed character', 'tokens', { name: 'typedTokens', bar: { of: 'value', atMost: 3 } }),
  ];
}

function pairsOf({ pairs, leastPairs }: Pick<FirstTokenOptions, 'pairs' | 'leastPairs'>) {
  return { pairs, ...(leastPairs === undefined ? {} : { leastPairs }), warmups: 1 };
}

function both<Name extends string>({ ours, peer }: PairedSamples<Name>, name: Name) {
  return { ours: ours[name], peer: { name: peerName, samples: peer[name] } };
}

interface TypingSample {
  readonly run: number;
  readonly functions: number;
  readonly onPrompt: (tokens: number) => void;
}

async function sampleTyping(side: Side, { run, functions, onPrompt }: TypingSample): Promise<Record<'coldMs' | 'typedMs' | 'typedTokens', number>> {
  const text = codeWithHole({ functions, run: run + 1 });
  const cold = await side.ask(text, { maxTokens: 1, isCold: true });
  onPrompt(cold.promptTokens);
  // The family's first tokens are the same in each prompt, and perhaps the first digit behind them.
  if (cold.evaluatedTokens < cold.promptTokens - mostSharedTokens) throw new Error(`A cold prompt reused ${cold.promptTokens - cold.evaluatedTokens} tokens.`);
  const keys: Answer[] = [];
  for (let length = 1; length <= typed.length; length++) {
    keys.push(await side.ask({ ...text, prefix: text.prefix + typed.slice(0, length) }, { maxTokens: 1, isCold: false }));
  }
  return {
    coldMs: cold.firstTokenMs,
    typedMs: keys.reduce((sum, key) => sum + key.firstTokenMs, 0) / keys.length,
    typedTokens: Math.max(...keys.map((key) => key.evaluatedTokens)),
  };
}

/** The prompt is evaluated before the processor time is read, and reused while it is. */
async function sampleDecoding(side: Side, run: number, { answerTokens, answers }: LatencyOptions): Promise<Record<'cpuMs' | 'tokens', number>> {
  let cpuMs = 0;
  let tokens = 0;
  for (let answer = 0; answer < answers; answer++) {
    const text: FimText = codeWithHole({ functions: 2, run: run * answers + answer + 1 });
    await side.ask(text, { maxTokens: 1, isCold: true });
    const before = cpuTimeMs(side.pid);
    tokens += (await side.ask(text, { maxTokens: answerTokens, isCold: false })).generatedTokens;
    const after = cpuTimeMs(side.pid);
    cpuMs += before === null || after === null ? Number.NaN : after - before;
  }
  if (tokens < (answers * answerTokens) / 8) throw new Error(`${answers} answers of ${tokens} tokens together are too short to time.`);
  return { cpuMs: cpuMs / tokens, tokens };
}

const medianTokens = (tokens: readonly number[]) => [...tokens].sort((a, b) => a - b)[tokens.length >> 1] ?? 0;
