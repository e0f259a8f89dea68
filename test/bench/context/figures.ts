// From hits to figures: shares for each cell, method and budget, and the bars that Tramontane's are held against. It knows counts; it must not know how
// a hit came about.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Figure } from '../harness.ts';
import type { Interval } from '../statistics.ts';
import type { Hole } from './holes.ts';
import type { Language } from './sourceScan.ts';
import { oursName, shownName, skeletonNames, type Timings } from './symbolMethods.ts';

export interface Answer {
  readonly repository: string;
  readonly language: Language;
  readonly hole: Hole;
  readonly isHidden: boolean;
  /** Drawn on for a rare cell: counts there and nowhere else, so that all other cells stay plain samples. */
  readonly isForRareCell: boolean;
  readonly method: string;
  /** One for each budget. */
  readonly hits: readonly boolean[];
}

export interface Cell {
  /** A repository's name, or a language for all of its repositories together. */
  readonly scope: string;
  readonly variant: 'import shown' | 'import hidden';
  readonly cell: string;
  readonly method: string;
  readonly holes: number;
  readonly hits: readonly number[];
}

const all = 'all';
/** Cells of which a plain sample has too few holes to say anything. */
const rareCells: readonly string[] = ['module imported, new', 'not imported, new'];

const cellOf = (hole: Hole) => `${hole.module}, ${hole.isSeen ? 'seen' : 'new'}`;

/** @returns of those drawn after the first `count`, in their order, what rare cells lack to `wanted` holes, as far as there are any */
export function rareHoles(drawn: readonly Hole[], count: number, wanted: number): Hole[] {
  const known = new Map<string, number>();
  for (const hole of drawn.slice(0, count)) known.set(cellOf(hole), (known.get(cellOf(hole)) ?? 0) + 1);
  return drawn.slice(count).filter((hole) => {
    const cell = cellOf(hole);
    const already = known.get(cell) ?? 0;
    if (!rareCells.includes(cell) || already >= wanted) return false;
    known.set(cell, already + 1);
    return true;
  });
}

export function cellsOf(answers: readonly Answer[]): Cell[] {
  const cells = new Map<string, { cell: Omit<Cell, 'holes' | 'hits'>; holes: number; hits: number[] }>();
  for (const { repository, language, hole, isHidden, isForRareCell, method, hits } of answers) {
    const seen = hole.isSeen ? 'seen' : 'new';
    for (const scope of [repository, language]) {
      for (const name of isForRareCell ? [cellOf(hole)] : [all, seen, cellOf(hole), hole.module]) {
        const cell = { scope, variant: isHidden ? 'import hidden' : 'import shown', cell: name, method } as const;
        const key = JSON.stringify(cell);
        let known = cells.get(key);
        if (!known) cells.set(key, (known = { cell, holes: 0, hits: hits.map(() => 0) }));
        known.holes++;
        hits.forEach((hit, index) => ((known.hits[index] as number) += hit ? 1 : 0));
      }
    }
  }
  return [...cells.values()].map(({ cell, holes, hits }) => ({ ...cell, holes, hits }));
}

/** Every cell, one a line: `recall` in percent for each budget. */
export function writeCells(name: string, cells: readonly Cell[], budgets: readonly number[]): void {
  const folder = path.resolve(import.meta.dirname, '../results');
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${name}.json`);
  const lines = cells.map(({ hits, holes, ...cell }) => JSON.stringify({ ...cell, holes, recall: hits.map((hit) => Math.round((1000 * hit) / holes) / 10) }));
  writeFileSync(`${file}.tmp`, `{"budgets":${JSON.stringify(budgets)},"cells":[\n${lines.join(',\n')}\n]}\n`);
  renameSync(`${file}.tmp`, file);
}

/** Percent for each language and budget. The bar is the higher of these and the plain skeleton of the same run with three points on top. */
const bars: Readonly<Record<Language, Readonly<Record<number, number>>>> = {
  typescript: { 1000: 80, 2000: 88, 4000: 92 },
  python: { 1000: 75, 2000: 82, 4000: 88 },
};
const aboveSkeleton = 3;

export function contextFigures(cells: readonly Cell[], { budgets, timings }: { readonly budgets: readonly number[]; readonly timings: Timings }): Figure[] {
  const find = (wanted: Pick<Cell, 'scope' | 'variant' | 'cell' | 'method'>) =>
    cells.find((one) => one.scope === wanted.scope && one.variant === wanted.variant && one.cell === wanted.cell && one.method === wanted.method);
  const figures: Figure[] = [];
  const add = (wanted: Pick<Cell, 'scope' | 'variant' | 'cell'>, budget: number, bar?: number) => {
    const index = budgets.indexOf(budget);
    const ours = find({ ...wanted, method: oursName });
    if (!ours) return;
    const peers = skeletonNames.map((method) => find({ ...wanted, method })).map((one) => (one ? (100 * (one.hits[index] as number)) / one.holes : 0));
    const peer = Math.max(...peers);
    const limit = bar === undefined ? undefined : wanted.cell === all ? Math.max(bar, peer + aboveSkeleton) : bar;
    const hits = ours.hits[index] as number;
    const value = (100 * hits) / ours.holes;
    figures.push({
      figure: `${wanted.scope}, ${wanted.variant}, ${wanted.cell}, ${budget} tokens`,
      value,
      unit: '%',
      peer: 'plain skeleton',
      peerValue: peer,
      ratio: null,
      bar: limit === undefined ? null : `value >= ${Math.round(10 * limit) / 10}`,
      met: limit === undefined ? null : value >= limit,
      samples: ours.holes,
      interval: wilson(hits, ours.holes),
      ratioInterval: null,
    });
  };
  for (const language of ['typescript', 'python'] as const) {
    for (const budget of budgets) add({ scope: language, variant: 'import shown', cell: all }, budget, bars[language][budget]);
    add({ scope: language, variant: 'import shown', cell: 'imported by name' }, 2000, 95);
    add({ scope: language, variant: 'import hidden', cell: 'new' }, 2000, 40);
    add({ scope: language, variant: 'import shown', cell: 'not imported, new' }, 2000, 25);
  }
  // Less than the whole ranking gives, since a new block leaves room; the text tail uses it meanwhile.
  const addShown = (language: Language, index: number) => {
    const wanted = { scope: language, variant: 'import shown', cell: all } as const;
    const [shown, ours] = [find({ ...wanted, method: shownName }), find({ ...wanted, method: oursName })];
    if (!shown || !ours) return;
    const [hits, peerHits] = [shown.hits[index] as number, ours.hits[index] as number];
    figures.push({
      figure: `${language}, as a completion first shows it, ${budgets[index]} tokens`,
      value: (100 * hits) / shown.holes,
      unit: '%',
      peer: 'the whole ranking',
      peerValue: (100 * peerHits) / ours.holes,
      ratio: null,
      bar: null,
      met: null,
      samples: shown.holes,
      interval: wilson(hits, shown.holes),
      ratioInterval: null,
    });
  };
  for (const language of ['typescript', 'python'] as const) budgets.forEach((_, index) => addShown(language, index));
  for (const scope of new Set(cells.map((cell) => cell.scope).filter((name) => name.includes('-'))))
    for (const budget of budgets) add({ scope, variant: 'import shown', cell: all }, budget);
  return [
    ...figures,
    quantileFigure('ranking and packing for a line, p50', timings.keystrokeMs, { quantile: 0.5, atMostMs: 2 }),
    quantileFigure('ranking and packing for a line, p95', timings.keystrokeMs, { quantile: 0.95, atMostMs: 10 }),
    quantileFigure('all that a completion shows, with the search for the tail, at idle, p50', timings.shownMs, { quantile: 0.5 }),
    quantileFigure('all that a completion shows, with the search for the tail, at idle, p95', timings.shownMs, { quantile: 0.95 }),
    quantileFigure("collecting a file's evidence at idle, p50", timings.fileMs, { quantile: 0.5 }),
    quantileFigure("collecting a file's evidence at idle, p95", timings.fileMs, { quantile: 0.95 }),
  ];
}

export function quantileFigure(
  figure: string,
  samples: readonly number[],
  { quantile, atMostMs }: { readonly quantile: number; readonly atMostMs?: number },
): Figure {
  const sorted = samples.toSorted((a, b) => a - b);
  const value = sorted[Math.floor(sorted.length * quantile)] ?? Number.NaN;
  return {
    figure,
    value,
    unit: 'ms',
    peer: null,
    peerValue: null,
    ratio: null,
    bar: atMostMs === undefined ? null : `value <= ${atMostMs}`,
    met: atMostMs === undefined ? null : value <= atMostMs,
    samples: sorted.length,
    interval: null,
    ratioInterval: null,
  };
}

/** 95 % interval of a share, in percent. https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval#Wilson_score_interval */
function wilson(hits: number, count: number): Interval {
  const z = 1.96;
  const share = hits / count;
  const middle = (share + z ** 2 / (2 * count)) / (1 + z ** 2 / count);
  const half = (z / (1 + z ** 2 / count)) * Math.sqrt((share * (1 - share)) / count + z ** 2 / (4 * count ** 2));
  return [100 * (middle - half), 100 * (middle + half)];
}
