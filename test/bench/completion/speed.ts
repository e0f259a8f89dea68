// Lets every side go through the same episodes in turn and sums up what the simulated users saw. It knows tallies and their figures; it must not
// know what the sides do.
import { type Figure, figureOf } from '../harness.ts';
import type { SourceFile } from './corpus.ts';
import type { Episode } from './history.ts';
import { drawEpisodes } from './history.ts';
import { emptyTally, Replay, type Tally } from './replay.ts';
import type { CompletionSide } from './side.ts';
import type { SimulatedClock } from './simulatedClock.ts';

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
    for (const episode of drawEpisodes(files, keystrokes, seed + round)) {
      if (tally.keystrokes >= keystrokes) break;
      await clock.run(() => new Replay(side, clock, tally).play(episode));
    }
  }
  return tally;
}

export function steadyFigures(tally: Tally): Figure[] {
  if (tally.keystrokes === 0) return [];
  return [
    figureOf({
      figure: `stale or flickering in ${tally.keystrokes} keystrokes`,
      unit: 'suggestions',
      ours: [tally.stale + tally.flickers],
      bar: { of: 'value', atMost: 0 },
    }),
    figureOf({
      figure: `answered without the engine in ${tally.keystrokes} keystrokes`,
      unit: '%',
      ours: [100 * reuseOf(tally)],
      bar: { of: 'value', atLeast: 60 },
    }),
    figureOf({
      figure: `processor time of an answer without the engine, p95 of ${tally.cpuMs.length}`,
      unit: 'ms',
      ours: [percentile(tally.cpuMs, 0.95)],
      bar: { of: 'value', atMost: 3 },
    }),
  ];
}

const percentile = (values: readonly number[], share: number) => {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
};

export function speedFigures(sides: readonly CompletionSide[], tallies: readonly Tally[]): Figure[] {
  const [ours, ...others] = tallies;
  if (!ours) return [];
  const figures: Figure[] = [
    figureOf({
      figure: 'answered without the engine, of keystrokes with something shown',
      unit: '%',
      ours: [100 * reuseOf(ours)],
      bar: { of: 'value', atLeast: 60 },
    }),
    figureOf({
      figure: `stale or flickering in ${ours.keystrokes} keystrokes`,
      unit: 'suggestions',
      ours: [ours.stale + ours.flickers],
      bar: { of: 'value', atMost: 0 },
    }),
    figureOf({
      figure: `processor time of an answer without the engine, p95 of ${ours.cpuMs.length}`,
      unit: 'ms',
      ours: [percentile(ours.cpuMs, 0.95)],
      bar: { of: 'value', atMost: 3 },
    }),
  ];
  for (const [index, theirs] of others.entries()) {
    const name = sides[index + 1]?.name ?? '';
    const isBar = index === 0;
    const pair = (figure: string, unit: string, of: (tally: Tally) => number, bar?: { readonly atMost?: number; readonly atLeast?: number }) =>
      figureOf({ figure, unit, ours: [of(ours)], peer: { name, samples: [of(theirs)] }, ...(bar ? { bar: { of: 'ratio', ...bar } } : {}) });
    figures.push(
      pair('time to what is shown, p50', 'ms', (tally) => percentile(tally.shownMs, 0.5), isBar ? { atMost: 1 / 3 } : undefined),
      pair('time to what is shown, p95', 'ms', (tally) => percentile(tally.shownMs, 0.95), isBar ? { atMost: 1 / 2 } : undefined),
      pair(
        'engine tokens for each accepted character',
        'tokens',
        (tally) => tally.tokens / Math.max(1, tally.acceptedCharacters),
        isBar ? { atMost: 1 / 3 } : undefined,
      ),
      pair('accepted characters', 'characters', (tally) => tally.acceptedCharacters, { atLeast: 1 }),
      pair('keystrokes', 'keys', (tally) => tally.keystrokes),
      pair('keystrokes with something shown', '%', (tally) => (100 * tally.shownKeystrokes) / Math.max(1, tally.keystrokes)),
      pair('answered without the engine', '%', (tally) => 100 * reuseOf(tally)),
      pair('suggestions without a right token', '%', (tally) => (100 * tally.wrong) / Math.max(1, tally.suggestions)),
      pair('flickering', 'suggestions', (tally) => tally.flickers),
    );
  }
  return figures;
}

function reuseOf(tally: Tally): number {
  return tally.reused / Math.max(1, tally.shownKeystrokes);
}

export function speedNotes(sides: readonly CompletionSide[], tallies: readonly Tally[]): string[] {
  return tallies.map((tally, index) => {
    const quiet = [...tally.quiet].map(([why, count]) => `${why} ${count}`).join(', ');
    const examples = index === 0 ? tally.examples.map((one) => `\n    flickered: ${one}`).join('') : '';
    return `  ${(sides[index]?.name ?? '').padEnd(26)} ${tally.keystrokes} keystrokes, ${tally.characters} characters, ${tally.suggestions} suggestions (${tally.wrong} wrong), ${tally.acceptances} taken (${tally.wholeLines} to the line's end, ${tally.acceptedCharacters} characters), ${tally.tokens} tokens, ${tally.flickers} flickers, ${tally.stale} stale; quiet: ${quiet}${examples}`;
  });
}
