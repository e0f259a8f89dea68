// What filled holes come to: figures for each side, for the model alone and for each source of what was shown, and lines to be read by people. It
// knows scores; it must not know how holes are filled.
import { type Figure, figureOf } from '../harness.ts';
import { type MaskKind, maskKinds } from './masks.ts';
import type { FilledHole } from './quality.ts';
import type { Score } from './scoring.ts';
import { type CompletionSide, toldSource, toldSources } from './side.ts';

export interface FilledByAll {
  /** Ours first. */
  readonly sides: readonly CompletionSide[];
  /** For each side, the same holes in the same order. */
  readonly holes: readonly (readonly FilledHole[])[];
  /** Ours once more, with copies from the code switched off. */
  readonly byModelAlone: readonly FilledHole[];
}

interface Measure {
  readonly figure: string;
  readonly of: (score: Score) => number | boolean;
  /** Of the ratio to a peer. */
  readonly bar?: { readonly atLeast?: number; readonly atMost?: number };
}

const exact: Measure = { figure: 'first line exact', of: (score) => score.isExact, bar: { atLeast: 1.2 } };
const similar: Measure = { figure: 'similarity of the first line', of: (score) => score.similarity, bar: { atLeast: 1.2 } };
const breaking: Measure = { figure: 'breaks a file that parsed', of: (score) => score.breaks, bar: { atMost: 0.25 } };
const repeating: Measure = { figure: 'says again what follows', of: (score) => score.repeatsSuffix };
const shown: Measure = { figure: 'something is shown', of: (score) => score.isShown };
const ofSides = [exact, similar, breaking, { figure: 'does not parse with it', of: (score: Score) => score.isUnparsable }, repeating, shown];
/** To see what copies from the code bring. The bars are those of all that is shown: copying is part of what is compared, with the same model on all sides. */
const ofModelAlone = [exact, similar, shown].map(({ figure, of }): Measure => ({ figure: `${figure} by the model alone`, of }));

const share = (holes: readonly FilledHole[], of: Measure['of']) => holes.reduce((sum, { score }) => sum + Number(of(score)), 0) / Math.max(1, holes.length);

/** Exact lines and similarity are over all holes: a side that stays quiet gets nothing for it. */
export function qualityFigures({ sides, holes, byModelAlone }: FilledByAll): Figure[] {
  const [ours = [], ...theirs] = holes;
  const figure = `${repeating.figure}, ${ours.length} holes`;
  const figures = [figureOf({ figure, unit: '%', ours: [100 * share(ours, repeating.of)], bar: { of: 'value', atMost: 0 } })];
  const peers = theirs.map((peer, index) => ({ name: sides[index + 1]?.name ?? '', holes: peer }));
  // A model that no peer can ask is measured all the same.
  for (const peer of peers.length > 0 ? peers : [undefined]) {
    figures.push(...rows(ofSides, ours, peer), ...(byModelAlone.length > 0 ? rows(ofModelAlone, byModelAlone, peer) : []));
  }
  return [...figures, ...sourceFigures(ours)].map((one) => ({ ...one, samples: ours.length }));
}

function rows(measures: readonly Measure[], ours: readonly FilledHole[], peer: { readonly name: string; readonly holes: readonly FilledHole[] } | undefined) {
  return measures.map(({ figure, of, bar }) =>
    figureOf({
      figure: `${figure}, ${ours.length} holes`,
      unit: '%',
      ours: [100 * share(ours, of)],
      ...(peer ? { peer: { name: peer.name, samples: [100 * share(peer.holes, of)] } } : {}),
      ...(peer && bar ? { bar: { of: 'ratio', ...bar } } : {}),
    }),
  );
}

/** Both are over all holes, so that what is copied and what is written add up to the whole. */
function sourceFigures(ours: readonly FilledHole[]): Figure[] {
  return toldSources.flatMap((told) => {
    const own = ours.filter(({ score, source }) => score.isShown && toldSource(source) === told);
    return [exact, similar].map(({ figure, of }) => {
      const value = (100 * own.length * share(own, of)) / Math.max(1, ours.length);
      return figureOf({ figure: `${figure}, ${told} in ${own.length} of ${ours.length} holes`, unit: '%', ours: [value] });
    });
  });
}

/** One line for each side and kind, language or source, to be read by people. */
export function qualityNotes({ sides, holes: filled, byModelAlone }: FilledByAll): string[] {
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
  const line = (label: string, holes: readonly FilledHole[]) => {
    const shown = holes.filter(({ score }) => score.isShown);
    return `  ${label.padEnd(56)} ${String(holes.length).padStart(4)} holes, shown ${percent(share(holes, (score) => score.isShown))}, exact ${percent(share(holes, (score) => score.isExact))} (of shown ${percent(share(shown, (score) => score.isExact))}), similar ${percent(share(holes, (score) => score.similarity))}, breaks ${percent(share(holes, (score) => score.breaks))}`;
  };
  const alone = byModelAlone.length > 0 ? [{ name: 'ours, by the model alone', holes: byModelAlone }] : [];
  const all = [...sides.map(({ name }, index) => ({ name, holes: filled[index] ?? [] })), ...alone];
  return all.flatMap(({ name, holes }) => {
    const quiet = new Map<string, number>();
    for (const { why } of holes) if (why !== undefined) quiet.set(why, (quiet.get(why) ?? 0) + 1);
    const languages = [...new Set(holes.map(({ mask }) => mask.file.languageId))];
    return [
      ...maskKinds.map((kind: MaskKind) =>
        line(
          `${name}: ${kind}`,
          holes.filter(({ mask }) => mask.kind === kind),
        ),
      ),
      ...languages.map((language) =>
        line(
          `${name}: ${language}`,
          holes.filter(({ mask }) => mask.file.languageId === language),
        ),
      ),
      ...toldSources.flatMap((told) => {
        const own = holes.filter(({ score, source }) => score.isShown && source !== undefined && toldSource(source) === told);
        return own.length > 0 ? [line(`${name}: ${told}`, own)] : [];
      }),
      ...(quiet.size > 0 ? [`  ${name}: quiet because ${[...quiet].map(([why, count]) => `${why} ${count}`).join(', ')}`] : []),
    ];
  });
}
