// Rewriting a function in which three lines change, with and without prompt lookup: tokens a second of the same loop on the same model. The
// output is forced, since no model at hand writes it: every token is decoded and sampled, and then the wanted one is taken instead. So the
// guesses come true as often as they would with a model that makes exactly this change: an upper bound for models that do worse.
// It knows the decode loop; it must not know the engine's process.
import { readFileSync } from 'node:fs';
import { getLlama, type Token } from 'node-llama-cpp';
import { type Addon, type AddonSampler, addonOf } from '../../../native/addon.ts';
import { DecodeLoop } from '../../../native/decodeLoop.ts';
import { PromptLookup } from '../../../native/speculation/promptLookup.ts';
import { Turns } from '../../../native/turns.ts';
import { type Figure, figureOf } from '../harness.ts';
import { minPairs, samplePairs } from '../pairs.ts';
import type { BenchModel } from './sides.ts';

export interface RewriteOptions {
  readonly model: BenchModel;
  readonly threads: number;
  readonly pairs: number;
  /** Fewer where the context has no room for so many twice. */
  readonly mostLines: number;
  readonly contextSize: number;
  /** Tokens a second with prompt lookup to those without. */
  readonly bar: number;
}

export async function measureRewrite({ model, threads, pairs, mostLines, contextSize, bar }: RewriteOptions): Promise<Figure[]> {
  const llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, progressLogs: false, maxThreads: threads });
  const loaded = await llama.loadModel({ modelPath: model.file });
  try {
    const context = await loaded.createContext({ contextSize, sequences: 2, batchSize: 512, threads });
    const tokensOf = (count: number) => {
      const { before, after } = functionOf(count);
      const prompt = Uint32Array.from(loaded.tokenize(`Rewrite this function:\n${before}\nThe whole function, rewritten:\n`, false));
      return { prompt, answer: Uint32Array.from(loaded.tokenize(after, false)) };
    };
    let lines = mostLines;
    let { prompt, answer } = tokensOf(lines);
    for (; prompt.length + answer.length >= contextSize; lines--) ({ prompt, answer } = tokensOf(lines - 1));
    let accepted = 0;
    let next = 0;
    const addon = forced(addonOf(loaded, context), () => answer[next++]);
    const loop = new DecodeLoop({ addon, sequences: 2, batchSize: context.batchSize, decodeThreads: threads, prefillThreads: threads, turns: new Turns() });
    const lineEnds = new Set([...answer, ...prompt].filter((token) => loaded.detokenize([token as Token]).includes('\n')));
    const run = async (isDrafted: boolean) => {
      next = 0;
      const result = await loop.run({
        prompt,
        client: 0,
        priority: 'chat',
        maxTokens: answer.length,
        sampling: { temperature: 0 },
        notFirst: undefined,
        drafter: isDrafted ? new PromptLookup(prompt, [], (token) => lineEnds.has(token)) : undefined,
        signal: new AbortController().signal,
        onToken: () => false,
      });
      if (result.generatedTokens !== answer.length) throw new Error(`${result.generatedTokens} of ${answer.length} tokens came.`);
      if (isDrafted) accepted = result.acceptedTokens / result.generatedTokens;
      return { tokensPerSecond: ((answer.length - 1) / result.decodeMs) * 1000 };
    };
    const { ours, peer } = await samplePairs(['tokensPerSecond'], {
      pairs,
      leastPairs: Math.min(pairs, minPairs),
      warmups: pairs < minPairs ? 0 : 1,
      ours: () => run(true),
      peer: () => run(false),
    });
    const name = `rewrite of ${lines} lines (${answer.length} tokens, output forced), prompt lookup`;
    return [
      figureOf({
        figure: name,
        unit: 'tokens/s',
        ours: ours.tokensPerSecond,
        peer: { name: 'without', samples: peer.tokensPerSecond },
        bar: { of: 'ratio', atLeast: bar },
        model: model.name,
      }),
      figureOf({ figure: `${name}: share of tokens that were guessed`, unit: '', ours: [accepted], model: model.name }),
    ];
  } finally {
    await loaded.dispose();
  }
}

/** Every token is sampled, which costs what it costs, and then the wanted one is taken. */
function forced(addon: Addon, nextToken: () => number | undefined): Addon {
  const { context } = addon;
  const sampleToken = async (batchIndex: number, sampler: AddonSampler) => {
    const token = await context.sampleToken(batchIndex, sampler);
    return token < 0 ? token : (nextToken() ?? token);
  };
  const forcing = new Proxy(context, {
    get: (target, name) => {
      if (name === 'sampleToken') return sampleToken;
      const member: unknown = Reflect.get(target, name);
      // Native methods must be called on the native object.
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
  return { ...addon, context: forcing };
}

const source = new URL('../../../node_modules/vscode-jsonrpc/lib/common/connection.js', import.meta.url);

/** The first lines of a long function of a pinned package; three of them, spread out, are others afterwards. */
function functionOf(lines: number): { readonly before: string; readonly after: string } {
  const text = readFileSync(source, 'utf8');
  const body = text.slice(text.indexOf('function createMessageConnection(')).split('\n').slice(0, lines);
  const changed = [...body];
  for (const share of [0.2, 0.5, 0.8]) {
    const at = Math.floor(body.length * share);
    changed[at] = `${/^\s*/.exec(body[at] ?? '')?.[0] ?? ''}checkState(options, ${at}, 'before the connection is used');`;
  }
  return { before: body.join('\n'), after: changed.join('\n') };
}
