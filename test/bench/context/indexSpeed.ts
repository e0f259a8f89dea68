// How fast the index is made, found unchanged, and brought up to date by a save, beside others that read the same files. It knows processes and figures; it must
// not know how an index works.
import { buildSync } from 'esbuild';
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { type Figure, figureOf } from '../harness.ts';
import { cpuTimeMs } from '../pairs.ts';
import { copyPackages } from './corpora.ts';
import { environment } from './holes.ts';
import { quantileFigure } from './figures.ts';

export interface IndexSpeedOptions {
  readonly pairs: number;
  readonly starts: number;
  readonly saves: number;
  readonly seed: number;
  readonly withAider: boolean;
  readonly notes: string[];
}

interface Opened {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly sinceStartMs: number;
  readonly tidyMs: number;
  readonly parsed: number;
  readonly files: number;
}

const peerName = 'parsing alone';

/** Beside the sources in depth, so that what is found relative to a file is found from both. */
const bundle = path.resolve(import.meta.dirname, '../../../out/bench/context/indexProcess.mjs');

export async function measureIndexSpeed(options: IndexSpeedOptions): Promise<Figure[]> {
  bundleProcess();
  const base = mkdtempSync(path.join(os.tmpdir(), 'tm-bench-'));
  try {
    const root = path.join(base, 'root');
    copyPackages(root);
    return [...fullIndex(base, root, options), ...(await peers(base, root, options)), ...warmStarts(base, root, options), ...saves(base, root, options)];
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

/** As the extension is: else the thread that parses alone would also turn TypeScript into JavaScript, which takes a third of a second. */
function bundleProcess(): void {
  buildSync({
    entryPoints: [path.join(import.meta.dirname, 'indexProcess.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'warning',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
}

function child<Result>(...args: string[]): Result {
  return JSON.parse(
    execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', bundle, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }),
  ) as Result;
}

function fullIndex(base: string, root: string, { pairs, notes }: IndexSpeedOptions): Figure[] {
  const ours: Opened[] = [];
  const alone: { wallMs: number; cpuMs: number }[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    ours.push(child<Opened>('open', root, path.join(base, `storage${pair}`)));
    alone.push(child('parse', root));
  }
  notes.push(`Full index: ${ours[0]?.files} files, ${ours[0]?.parsed} parsed; what is the same twice is parsed once.`);
  const seconds = (values: readonly number[]) => values.map((value) => value / 1000);
  const rows = (['cpuMs', 'wallMs'] as const).map((key) =>
    figureOf({
      figure: `full index of 20 MB of code, ${key === 'cpuMs' ? 'processor time' : 'wall time'}`,
      unit: 's',
      ours: seconds(ours.map((one) => one[key])),
      peer: { name: peerName, samples: seconds(alone.map((one) => one[key])) },
      bar: { of: 'ratio', atMost: 1.3 },
    }),
  );
  return [
    ...rows,
    figureOf({ figure: 'tidying after a full index, in idle moments, processor time', unit: 's', ours: seconds(ours.map(({ tidyMs }) => tidyMs)) }),
  ];
}

async function peers(base: string, root: string, { withAider, notes }: IndexSpeedOptions): Promise<Figure[]> {
  const ours = child<Opened>('open', root, path.join(base, 'storageBesidePeers')).cpuMs / 1000;
  const figures: Figure[] = [];
  const add = (name: string, seconds: number) =>
    figures.push(figureOf({ figure: `full index beside ${name}, processor time`, unit: 's', ours: [ours], peer: { name, samples: [seconds] } }));
  const ctags = ctagsSeconds(root);
  if (ctags === undefined) notes.push('universal-ctags is not installed (Debian: universal-ctags), so its row is missing.');
  else add('universal-ctags', ctags);
  if (withAider) add('aider 0.86.2, first repository map', await aiderSeconds(base, root));
  else notes.push("Aider's row is missing: --no-aider.");
  return figures;
}

function ctagsSeconds(root: string): number | undefined {
  try {
    if (!execFileSync('ctags', ['--version'], { encoding: 'utf8' }).includes('Universal Ctags')) return undefined;
  } catch {
    return undefined;
  }
  const command = `TIMEFORMAT='%U %S'; time ctags --recurse --fields=+nS -f /dev/null "$1"`;
  // The shell tells the time of what it ran on its standard error.
  const times = execFileSync('bash', ['-c', `{ ${command} ; } 2>&1`, 'bash', root], { encoding: 'utf8' });
  const [user = Number.NaN, system = Number.NaN] = times.trim().split('\n').at(-1)?.split(' ').map(Number) ?? [];
  return user + system;
}

async function aiderSeconds(base: string, root: string): Promise<number> {
  const copy = path.join(base, 'aider');
  cpSync(root, copy, { recursive: true });
  const process = spawn(
    environment('TRAMONTANE_BENCH_AIDER_PYTHON'),
    [path.join(import.meta.dirname, 'aider_map.py'), copy, environment('TRAMONTANE_TEKKEN')],
    {
      stdio: ['pipe', 'pipe', 'ignore'],
    },
  );
  try {
    const answers = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
    const asked = 'rich-14.2.0/rich/text.py';
    process.stdin.write(`${JSON.stringify({ path: asked, text: 'from .console import Console\n', identifiers: ['Console'], budgets: [1000] })}\n`);
    const answer = await answers.next();
    if (answer.done === true) throw new Error('aider_map.py ended early: run it by hand and read what it says.');
    return (cpuTimeMs(process.pid ?? 0) ?? Number.NaN) / 1000;
  } finally {
    process.kill();
  }
}

function warmStarts(base: string, root: string, { starts }: IndexSpeedOptions): Figure[] {
  const storage = path.join(base, 'storage0');
  child('open', root, storage);
  const found = Array.from({ length: starts }, () => child<Opened>('open', root, storage));
  const take = (key: keyof Opened) => found.map((one) => one[key] / 1000);
  return [
    figureOf({ figure: 'warm start, nothing changed, 20 MB of code', unit: 's', ours: take('wallMs'), bar: { of: 'value', atMost: 0.5 } }),
    figureOf({ figure: 'warm start, processor time', unit: 's', ours: take('cpuMs') }),
    figureOf({ figure: 'warm start, from the start of the process', unit: 's', ours: take('sinceStartMs') }),
    figureOf({ figure: 'the check of the search table after a warm start, processor time', unit: 's', ours: take('tidyMs') }),
    figureOf({
      figure: 'files parsed at a warm start',
      unit: 'files',
      ours: [Math.max(...found.map(({ parsed }) => parsed))],
      bar: { of: 'value', atMost: 0 },
    }),
  ];
}

function saves(base: string, root: string, { saves: count, seed, notes }: IndexSpeedOptions): Figure[] {
  const { saves: found } = child<{ readonly saves: readonly { ms: number; cpuMs: number; bytes: number }[] }>(
    'saves',
    root,
    path.join(base, 'storage0'),
    String(count),
    String(seed),
  );
  const sizes = found.map(({ bytes }) => bytes).sort((a, b) => a - b);
  notes.push(`Saved files: ${sizes.length}, half of them larger than ${sizes[Math.floor(sizes.length / 2)]} bytes, the largest ${sizes.at(-1)}.`);
  const wall = found.map(({ ms }) => ms);
  return [
    quantileFigure('a save until its facts are stored and answered, p50', wall, { quantile: 0.5, atMostMs: 10 }),
    quantileFigure('a save until its facts are stored and answered, p95', wall, { quantile: 0.95 }),
    quantileFigure(
      'processor time of a save, p50',
      found.map(({ cpuMs }) => cpuMs),
      { quantile: 0.5, atMostMs: 10 },
    ),
  ];
}
