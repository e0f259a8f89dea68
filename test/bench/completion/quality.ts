// Fills the same holes with every side in turn and sums up the scores. It knows masks, sides and scores; it must not know what the sides do.
import { type Figure, figureOf } from '../harness.ts';
import type { SourceFile } from './corpus.ts';
import type { Mask, MaskKind } from './masks.ts';
import { maskKinds } from './masks.ts';
import type { Score } from './scoring.ts';
import { scoreOf } from './scoring.ts';
import type { CompletionSide, OpenDocument } from './side.ts';
import type { SimulatedClock } from './simulatedClock.ts';
import type { Syntax } from './syntax.ts';

export interface FilledHole {
  readonly mask: Mask;
  readonly text: string;
  readonly why?: string;
  readonly score: Score;
}

export interface QualityOptions {
  readonly sides: readonly CompletionSide[];
  readonly clock: SimulatedClock;
  readonly masks: readonly Mask[];
  readonly files: readonly SourceFile[];
  readonly syntax: Syntax;
}

const mostOthers = 2;

/** For each side, in the order of the sides, what it did with each hole. */
export async function fillHoles({ sides, clock, masks, files, syntax }: QualityOptions): Promise<FilledHole[][]> {
  const filled: FilledHole[][] = sides.map(() => []);
  for (const mask of masks) {
    const { path, languageId } = mask.file;
    const document: OpenDocument = { path, languageId, text: mask.text };
    const others = files.filter((file) => file.package === mask.file.package && file.languageId === languageId && file.path !== path).slice(0, mostOthers);
    for (const [index, side] of sides.entries()) {
      const answer = await clock.run(async () => {
        side.open(document, others);
        const given = await side.ask(mask.offset, new AbortController().signal);
        await side.quiet();
        return given;
      });
      const text = answer?.text ?? '';
      filled[index]?.push({ mask, text, ...(answer?.why === undefined ? {} : { why: answer.why }), score: scoreOf(mask, text, syntax) });
    }
  }
  return filled;
}

/** Every hole and what was put into it, to be read by people. */
export function holesAsText(sides: readonly CompletionSide[], masks: readonly Mask[], filled: readonly (readonly FilledHole[])[]): string {
  const lines = masks.flatMap(({ kind, file, text, offset, wanted }, index) => [
    '',
    `=== ${kind} ${file.package} ${file.path}`,
    `${text.slice(0, offset).split('\n').slice(-2).join('\n')}|${text.slice(offset).split('\n')[0]}`,
    `WANTED ${JSON.stringify(wanted)}`,
    ...sides.map(({ name }, at) => {
      const hole = filled[at]?.[index];
      return `${name}: ${JSON.stringify(hole?.text)} ${hole?.why ?? ''} ${JSON.stringify(hole?.score)}`;
    }),
  ]);
  return `${lines.join('\n')}\n`;
}

const share = (holes: readonly FilledHole[], of: (score: Score) => number | boolean) =>
  holes.reduce((sum, { score }) => sum + Number(of(score)), 0) / Math.max(1, holes.length);

/** Exact lines and similarity are over all holes: a side that stays quiet gets nothing for it. */
export function qualityFigures(sides: readonly CompletionSide[], filled: readonly (readonly FilledHole[])[]): Figure[] {
  const [ours = []] = filled;
  const figures: Figure[] = [
    figureOf({
      figure: `says again what follows, ${ours.length} holes`,
      unit: '%',
      ours: [100 * share(ours, (score) => score.repeatsSuffix)],
      bar: { of: 'value', atMost: 0 },
    }),
  ];
  for (const [index, side] of sides.entries()) {
    if (index === 0) continue;
    const theirs = filled[index] ?? [];
    const against = (figure: string, of: (score: Score) => number | boolean, bar: { readonly atLeast?: number; readonly atMost?: number }) =>
      figureOf({
        figure: `${figure}, ${ours.length} holes`,
        unit: '%',
        ours: [100 * share(ours, of)],
        peer: { name: side.name, samples: [100 * share(theirs, of)] },
        ...('atLeast' in bar || 'atMost' in bar ? { bar: { of: 'ratio', ...bar } } : {}),
      });
    figures.push(
      against('first line exact', (score) => score.isExact, { atLeast: 1.2 }),
      against('similarity of the first line', (score) => score.similarity, { atLeast: 1.2 }),
      against('breaks a file that parsed', (score) => score.breaks, { atMost: 0.25 }),
      against('does not parse with it', (score) => score.isUnparsable, {}),
      against('says again what follows', (score) => score.repeatsSuffix, {}),
      against('something is shown', (score) => score.isShown, {}),
    );
  }
  return figures;
}

/** One line for each side and kind or language, to be read by people. */
export function qualityNotes(sides: readonly CompletionSide[], filled: readonly (readonly FilledHole[])[]): string[] {
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
  const line = (label: string, holes: readonly FilledHole[]) => {
    const shown = holes.filter(({ score }) => score.isShown);
    return `  ${label.padEnd(40)} ${String(holes.length).padStart(4)} holes, shown ${percent(share(holes, (score) => score.isShown))}, exact ${percent(share(holes, (score) => score.isExact))} (of shown ${percent(share(shown, (score) => score.isExact))}), similar ${percent(share(holes, (score) => score.similarity))}, breaks ${percent(share(holes, (score) => score.breaks))}`;
  };
  return sides.flatMap(({ name }, index) => {
    const holes = filled[index] ?? [];
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
      ...(quiet.size > 0 ? [`  ${name}: quiet because ${[...quiet].map(([why, count]) => `${why} ${count}`).join(', ')}`] : []),
    ];
  });
}
