// What the bench is asked for on its command line, checked before anything is started. It knows options; it must not know what they lead to.
import { parseArgs } from 'node:util';
import { BenchProblem } from '../benchProblem.ts';
import type { Half } from './corpus.ts';
import { endpointModels } from './endpointModel.ts';

export const allParts = ['repetitions', 'nextEdits', 'holes', 'replay'] as const;
export type Part = (typeof allParts)[number];

/** Which model is measured, and where it is. */
export type Wanted =
  | { readonly kind: 'file'; readonly file: string | undefined; readonly threads: number; readonly contextSize: number | undefined }
  | { readonly kind: 'endpoint'; readonly address: string; readonly family: string | undefined };

export interface BenchOptions {
  readonly wanted: Wanted;
  readonly half: Half;
  readonly seed: number;
  readonly parts: readonly Part[];
  readonly holes: number;
  readonly keystrokes: number;
  /** Of ours alone, to be counted for flickering. */
  readonly alone: number;
  readonly withPeers: boolean;
  readonly dump: boolean;
  /** Nothing is left out and nothing is smaller than it should be. */
  readonly isWhole: boolean;
  /** The starter model as it is by default: its figures are the ones that are told of. */
  readonly isStarter: boolean;
}

export function readOptions(args: readonly string[]): BenchOptions {
  const values = parsed(args);
  const half: Half = values.half === 'development' ? 'development' : 'reporting';
  const number = (name: 'holes' | 'keystrokes' | 'alone' | 'seed' | 'threads' | 'context', usual: number, least = 0) => {
    const given = values[name];
    if (given === undefined) return usual;
    if (/^\d+$/.test(given) && Number(given) >= least) return Number(given);
    throw new BenchProblem({ cause: `--${name}=${given} is no whole number of ${least} or more.`, action: 'Correct it.' });
  };
  const parts = (values.only?.split(',') ?? allParts).map((name) => {
    const part = allParts.find((one) => one === name);
    if (!part) throw new BenchProblem({ cause: `There is no part "${name}".`, action: `Name some of ${allParts.join(', ')}.` });
    return part;
  });
  const sizes = [values.holes, values.keystrokes, values.alone];
  return {
    wanted: wantedOf(values, { threads: number('threads', 1, 1), contextSize: number('context', 0, 512) }),
    half,
    seed: number('seed', half === 'development' ? 1 : 2),
    parts,
    holes: number('holes', values.quick ? 60 : 320, 1),
    keystrokes: number('keystrokes', values.quick ? 300 : 1500),
    alone: number('alone', values.quick ? 0 : 10_000),
    withPeers: !values['ours-only'],
    dump: values.dump,
    isWhole: parts.length === allParts.length && !values.quick && !values['ours-only'] && sizes.every((size) => size === undefined),
    isStarter: [values.model, values.endpoint, values.threads, values.context].every((one) => one === undefined),
  };
}

/** Only whole runs of the starter model as it is by default write what is told of it. @param model as a part of a file's name */
export function resultName({ half, isWhole, isStarter }: BenchOptions, model: string): string {
  const name = isStarter ? 'completion' : `completion-${model}`;
  return half === 'reporting' && isWhole ? name : `${name}.development`;
}

type Values = ReturnType<typeof parsed>;

function parsed(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const model = { model: text, threads: text, context: text, endpoint: text, 'endpoint-model': text };
  const sizes = { half: text, only: text, holes: text, keystrokes: text, alone: text, seed: text, quick: flag };
  try {
    return parseArgs({ args: [...args], options: { ...model, ...sizes, 'ours-only': flag, dump: flag } }).values;
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new BenchProblem({ cause, action: 'See "The completion bench" in test/bench/README.md.' }, { cause: error });
  }
}

function wantedOf(values: Values, { threads, contextSize }: { readonly threads: number; readonly contextSize: number }): Wanted {
  const { endpoint, model, 'endpoint-model': family } = values;
  if (endpoint === undefined) {
    if (family === undefined) return { kind: 'file', file: model, threads, contextSize: contextSize || undefined };
    throw new BenchProblem({ cause: '--endpoint-model says nothing without an endpoint.', action: 'Name one with --endpoint=http://127.0.0.1:PORT.' });
  }
  if (model !== undefined || values.threads !== undefined || values.context !== undefined) {
    const cause = 'An endpoint has its own model, threads and context.';
    throw new BenchProblem({ cause, action: 'Give --endpoint without --model, --threads and --context, or the other way round.' });
  }
  if (family !== undefined && !endpointModels.includes(family)) {
    throw new BenchProblem({ cause: `There is no family "${family}".`, action: `Give --endpoint-model one of ${endpointModels.join(', ')}.` });
  }
  const url = URL.parse(endpoint);
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new BenchProblem({ cause: `${endpoint} is no address.`, action: 'Give one like --endpoint=http://127.0.0.1:8080.' });
  }
  return { kind: 'endpoint', address: url.href.replace(/\/+$/, ''), family };
}
