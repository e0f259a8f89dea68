// Turns samples into figures, prints them as a table and keeps them as JSON. It knows numbers and this machine; it must not know what is
// measured.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { medianOf, type Interval, ratiosOf } from './statistics.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** What a figure is held against: its own median, or the median of the ratios to the peer. */
export interface Bar {
  readonly of: 'value' | 'ratio';
  readonly atMost?: number;
  readonly atLeast?: number;
}

export interface Figure {
  readonly figure: string;
  /** Median of our samples. */
  readonly value: number;
  readonly unit: string;
  /** What did the same work in the same run; null when nothing else does it. */
  readonly peer: string | null;
  readonly peerValue: number | null;
  /** Median of the ratios of the pairs, ours to the peer's; not the ratio of the medians. */
  readonly ratio: number | null;
  readonly bar: string | null;
  readonly met: boolean | null;
  readonly samples: number;
  /** 95 % intervals of the medians; null with fewer than 6 samples. */
  readonly interval: Interval | null;
  readonly ratioInterval: Interval | null;
  /** The model of this figure, where a bench uses several. */
  readonly model?: string;
}

export interface FigureOptions {
  readonly figure: string;
  readonly unit: string;
  readonly ours: readonly number[];
  /** As many samples as `ours`, taken in turn with them. */
  readonly peer?: { readonly name: string; readonly samples: readonly number[] };
  readonly bar?: Bar;
  readonly model?: string;
}

export function figureOf({ figure, unit, ours, peer, bar, model }: FigureOptions): Figure {
  const own = medianOf(ours);
  const other = peer ? medianOf(peer.samples) : null;
  const ratio = peer ? medianOf(ratiosOf(ours, peer.samples)) : null;
  const judged = bar?.of === 'ratio' ? ratio?.median : own.median;
  return {
    figure,
    value: own.median,
    unit,
    peer: peer?.name ?? null,
    peerValue: other?.median ?? null,
    ratio: ratio?.median ?? null,
    bar: bar ? textOf(bar) : null,
    met: bar && judged !== undefined ? judged <= (bar.atMost ?? Infinity) && judged >= (bar.atLeast ?? -Infinity) : null,
    samples: ours.length,
    interval: own.interval,
    ratioInterval: ratio?.interval ?? null,
    ...(model === undefined ? {} : { model }),
  };
}

function textOf(bar: Bar): string {
  const limits = [bar.atLeast === undefined ? '' : `>= ${bar.atLeast}`, bar.atMost === undefined ? '' : `<= ${bar.atMost}`];
  return `${bar.of} ${limits.filter((limit) => limit !== '').join(' and ')}`;
}

export interface ReportContext {
  readonly model: string;
  readonly notes?: readonly string[];
  /** Only a part of the bench was run: figures of other names or models stay as they are in the file, with their own date and commit. */
  readonly isPart?: boolean;
}

/** Prints the table and writes `test/bench/results/NAME.json`: an array, each element a figure with machine, date, commit and model. */
export function report(name: string, figures: readonly Figure[], context: ReportContext): void {
  process.stdout.write(`${table(figures)}\n`);
  for (const note of context.notes ?? []) process.stdout.write(`${note}\n`);
  const common = { machine: describeMachine(), date: new Date().toISOString(), commit: describeCommit(), model: context.model };
  const directory = path.join(root, 'test/bench/results');
  mkdirSync(directory, { recursive: true });
  const file = path.join(directory, `${name}.json`);
  const written = figures.map((figure) => ({ ...rounded(figure), ...common, model: figure.model ?? context.model }));
  const kept = context.isPart === true && existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Figure[]) : [];
  const keyOf = ({ figure, model = context.model }: Figure) => `${model}: ${figure}`;
  const measured = new Set(figures.map(keyOf));
  // Renamed into place, so that an interrupted run never leaves half a file in a tracked directory.
  writeFileSync(`${file}.tmp`, `${JSON.stringify([...kept.filter((figure) => !measured.has(keyOf(figure))), ...written], null, 2)}\n`);
  renameSync(`${file}.tmp`, file);
  process.stdout.write(`${path.relative(process.cwd(), file)}\n`);
  if (figures.some((figure) => figure.met === false)) process.exitCode = 1;
}

function describeMachine(): Record<string, string | number> {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: cpus.length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    platform: `${process.platform}-${process.arch} ${os.release()}`,
    node: process.versions.node,
  };
}

function describeCommit(): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  try {
    return git('rev-parse', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') === '' ? '' : ' with changes');
  } catch {
    return 'unknown: not a git checkout';
  }
}

const significant = (value: number) => Number(value.toPrecision(4));
const roundedInterval = (interval: Interval | null) => interval && ([significant(interval[0]), significant(interval[1])] as const);

function rounded(figure: Figure): Figure {
  const { value, peerValue, ratio, interval, ratioInterval } = figure;
  return {
    ...figure,
    value: significant(value),
    peerValue: peerValue === null ? null : significant(peerValue),
    ratio: ratio === null ? null : significant(ratio),
    interval: roundedInterval(interval),
    ratioInterval: roundedInterval(ratioInterval),
  };
}

const textOfInterval = (interval: Interval | null) => (interval ? `${significant(interval[0])}..${significant(interval[1])}` : '');
const textOfNumber = (value: number | null) => (value === null ? '' : String(significant(value)));

function table(figures: readonly Figure[]): string {
  const rows = [
    ['figure', 'value', '95 %', 'unit', 'peer', 'peer value', 'ratio', '95 %', 'bar', 'met'],
    ...figures.map((figure) => [
      figure.model === undefined ? figure.figure : `${figure.figure} (${figure.model})`,
      textOfNumber(figure.value),
      textOfInterval(figure.interval),
      figure.unit,
      figure.peer ?? '',
      textOfNumber(figure.peerValue),
      textOfNumber(figure.ratio),
      textOfInterval(figure.ratioInterval),
      figure.bar ?? '',
      figure.met === null ? '' : figure.met ? 'yes' : 'NO',
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const isNumeric = (column: number) => [1, 2, 5, 6, 7].includes(column);
  return rows
    .map((row) => row.map((cell, column) => (isNumeric(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0))).join('  '))
    .map((line) => line.trimEnd())
    .join('\n');
}
