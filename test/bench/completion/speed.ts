// Lets every side go through the same episodes in turn and sums up what the simulated users saw. It knows tallies and their figures; it must not
// know what the sides do.
import { type Figure, type FigureOptions, figureOf } from '../harness.ts';
import type { SourceFile } from './corpus.ts';
import type { Episode } from './history.ts';
import { drawEpisodes } from './history.ts';
import { Replay } from './replay.ts';
import type { CompletionSide } from './side.ts';
import { toldSources } from './side.ts';
import type { SimulatedClock } from './simulatedClock.ts';
import { emptyTally, type Tally } from './tally.ts';

export async function replayAll(sides: readonly CompletionSide[], clock: SimulatedClock, episodes: readonly Episode[]): Promise<Tally[]> {
  const tallies = sides.map(() => emptyTally());
  for (const [index, episode] of episodes.entries()) {
    // The first one changes: whoever comes second finds the machine as the first has left it.
    for (let turn = 0; turn < sides.length; turn++) {
      const at = (turn + index) % sides.length;
      const [side, tally] = [sides[at] as CompletionSide, tallies[at] as Tally];
      await clock.run(() => new Replay(side, clock, tally).play(episode));
    }
  }
  return tallies;
}

/** One side alone, for as many keystrokes; when all files are through, with other regions of them. */
export async function replayAlone(
  side: CompletionSide,
  clock: SimulatedClock,
  { keystrokes, files, seed }: { readonly keystrokes: number; readonly files: readonly SourceFile[]; readonly seed: number },
): Promise<Tally> {
  const tally = emptyTally();
  for (let round = 0; tally.keystrokes < keystrokes; round++) {
    const episodes = drawEpisodes(files, keystrokes, seed + round);
    if (episodes.length === 0) throw new Error('Nothing was typed between the versions of these files.');
    for (const episode of episodes) {
      if (tally.keystrokes >= keystrokes) break;
      await clock.run(() => new Replay(side, clock, tally).play(episode));
    }
  }
  return tally;
}

/** Counted in many keystrokes of ours alone. */
export function steadyFigures(tally: Tally): Figure[] {
  if (tally.keystrokes === 0) return [];
  const inAll = `in ${tally.keystrokes} keystrokes`;
  return [
    ...heldAlone(tally, ` ${inAll}`),
    ...sourceFigures(tally, ` ${inAll}`),
    from(tally.read, {
      figure: `accepted characters for each of ${tally.read} suggestions that were read ${inAll}`,
      unit: 'characters',
      ours: [perInterruption(tally)],
    }),
  ];
}

/** One value that was taken from so many samples. */
const from = (samples: number, options: FigureOptions): Figure => ({ ...figureOf(options), samples });

const percentile = (values: readonly number[], share: number) => {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
};

interface Measure {
  readonly figure: string | ((ours: Tally, theirs: Tally | undefined) => string);
  readonly unit: string;
  readonly of: (tally: Tally) => number;
  /** How many of ours it is taken from. */
  readonly samples: (tally: Tally) => number;
  /** Of the ratio to a peer. */
  readonly bar?: { readonly atMost?: number; readonly atLeast?: number };
  /** The bar is held against the first peer alone. */
  readonly isBarOfFirst?: boolean;
}

const perInterruption = (tally: Tally) => tally.acceptedCharacters / Math.max(1, tally.read);
const readBoth = (ours: Tally, theirs: Tally | undefined) => (theirs ? `${ours.read} of ours, ${theirs.read} of theirs` : `${ours.read} of ours`);

const typed = ({ keystrokes }: Tally) => keystrokes;
const suggested = ({ suggestions }: Tally) => suggestions;
const inTime = ({ shownMs }: Tally) => shownMs.length;

const measures: readonly Measure[] = [
  {
    figure: 'time to what is shown, p50',
    unit: 'ms',
    of: ({ shownMs }) => percentile(shownMs, 0.5),
    samples: inTime,
    bar: { atMost: 1 / 3 },
    isBarOfFirst: true,
  },
  {
    figure: 'time to what is shown, p95',
    unit: 'ms',
    of: ({ shownMs }) => percentile(shownMs, 0.95),
    samples: inTime,
    bar: { atMost: 1 / 2 },
    isBarOfFirst: true,
  },
  {
    figure: 'engine tokens for each accepted character',
    unit: 'tokens',
    of: (tally) => tally.tokens / Math.max(1, tally.acceptedCharacters),
    samples: suggested,
    bar: { atMost: 1 / 3 },
    isBarOfFirst: true,
  },
  { figure: 'accepted characters', unit: 'characters', of: (tally) => tally.acceptedCharacters, samples: suggested, bar: { atLeast: 1 } },
  {
    figure: (ours, theirs) => `accepted characters for each suggestion that was read (${readBoth(ours, theirs)})`,
    unit: 'characters',
    of: perInterruption,
    samples: (tally) => tally.read,
  },
  { figure: 'keystrokes', unit: 'keys', of: (tally) => tally.keystrokes, samples: typed },
  { figure: 'keystrokes with something shown', unit: '%', of: (tally) => (100 * tally.shownKeystrokes) / Math.max(1, tally.keystrokes), samples: typed },
  { figure: 'answered without the engine', unit: '%', of: (tally) => 100 * reuseOf(tally), samples: (tally) => tally.shownKeystrokes },
  { figure: 'suggestions without a right token', unit: '%', of: (tally) => (100 * tally.wrong) / Math.max(1, tally.suggestions), samples: suggested },
  { figure: 'flickering', unit: 'suggestions', of: (tally) => tally.flickers, samples: typed },
];

export function speedFigures(sides: readonly CompletionSide[], tallies: readonly Tally[]): Figure[] {
  const [ours, ...others] = tallies;
  if (!ours) return [];
  const row = ({ figure, unit, of, samples, bar, isBarOfFirst }: Measure, theirs: Tally | undefined, index: number) =>
    from(samples(ours), {
      figure: typeof figure === 'string' ? figure : figure(ours, theirs),
      unit,
      ours: [of(ours)],
      ...(theirs ? { peer: { name: sides[index + 1]?.name ?? '', samples: [of(theirs)] } } : {}),
      ...(theirs && bar && (!isBarOfFirst || index === 0) ? { bar: { of: 'ratio', ...bar } } : {}),
    });
  // A model that no peer can ask is measured all the same.
  const compared: readonly (Tally | undefined)[] = others.length > 0 ? others : [undefined];
  const rows = compared.flatMap((theirs, index) => measures.map((measure) => row(measure, theirs, index)));
  return [...heldAlone(ours, ''), ...rows, ...sourceFigures(ours, '')];
}

/** What is held against a value of its own. */
function heldAlone(tally: Tally, where: string): Figure[] {
  const value = (bar: { readonly atMost?: number; readonly atLeast?: number }) => ({ of: 'value', ...bar }) as const;
  return [
    from(tally.shownKeystrokes, {
      figure: where === '' ? 'answered without the engine, of keystrokes with something shown' : `answered without the engine${where}`,
      unit: '%',
      ours: [100 * reuseOf(tally)],
      bar: value({ atLeast: 60 }),
    }),
    from(tally.keystrokes, {
      figure: `stale or flickering in ${tally.keystrokes} keystrokes`,
      unit: 'suggestions',
      ours: [tally.stale + tally.flickers],
      bar: value({ atMost: 0 }),
    }),
    from(tally.cpuMs.length, {
      figure: `processor time of an answer without the engine, p95 of ${tally.cpuMs.length}`,
      unit: 'ms',
      ours: [percentile(tally.cpuMs, 0.95)],
      bar: value({ atMost: 3 }),
    }),
  ];
}

/** Both add up to all of them. */
function sourceFigures({ bySource }: Tally, where: string): Figure[] {
  return toldSources.map((told) => {
    const { suggestions, read, acceptedCharacters } = bySource.get(told) ?? { suggestions: 0, read: 0, acceptedCharacters: 0 };
    const figure = `accepted characters ${told}, of ${suggestions} suggestions (${read} read)${where}`;
    return from(suggestions, { figure, unit: 'characters', ours: [acceptedCharacters] });
  });
}

function reuseOf(tally: Tally): number {
  return tally.reused / Math.max(1, tally.shownKeystrokes);
}

export function speedNotes(sides: readonly CompletionSide[], tallies: readonly Tally[]): string[] {
  return tallies.map((tally, index) => {
    const quiet = [...tally.quiet].map(([why, count]) => `${why} ${count}`).join(', ');
    const examples = index === 0 ? tally.examples.map((one) => `\n    flickered: ${one}`).join('') : '';
    return `  ${(sides[index]?.name ?? '').padEnd(42)} ${tally.keystrokes} keystrokes, ${tally.characters} characters, ${tally.suggestions} suggestions (${tally.wrong} wrong, ${tally.read} read), ${tally.acceptances} taken (${tally.wholeLines} to the line's end, ${tally.acceptedCharacters} characters), ${tally.tokens} tokens, ${tally.flickers} flickers, ${tally.stale} stale; quiet: ${quiet}${examples}`;
  });
}
