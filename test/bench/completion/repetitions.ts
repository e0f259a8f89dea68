// What the filters of each side make of answers that repeat what follows the cursor: the hazard set of the tests, and answers made from held-out
// source. It knows filters and texts; no model is asked.
import { lex } from '../../../server/core/completion/lexLine.ts';
import { postprocess } from '../../../server/core/completion/postprocess/postprocess.ts';
import { shapeFor } from '../../../server/core/completion/shape.ts';
import { siteAt } from '../../../server/core/completion/site.ts';
import { duplicates, repetitions, split } from '../../core/completion/hazards.ts';
import { type Figure, figureOf } from '../harness.ts';
import { shownByContinue } from '../peers/continueFilters.ts';
import { shownByLlamaVscode } from '../peers/llamaVscode.ts';
import { randomFrom, shuffled } from '../random.ts';
import type { SourceFile } from './corpus.ts';
import type { Mask } from './masks.ts';

interface Case {
  readonly before: string;
  readonly after: string;
  readonly languageId: string;
  /** What the model wrote. */
  readonly text: string;
  /** What of it is new, or is right although it stands there. */
  readonly wanted: string;
}

interface Filters {
  readonly name: string;
  readonly shown: (one: Case) => string;
}

const ours: Filters = {
  name: 'ours',
  shown: ({ before, after, languageId, text }) => {
    const site = siteAt(before + after, before.length);
    const shape = shapeFor({ ...site, languageId, multiLine: 'auto', isExplicit: false });
    const result = postprocess({ text, end: 'ended', shape, site, languageId });
    return 'shown' in result ? result.shown : '';
  },
};
const peers: readonly Filters[] = [
  { name: "llama.vscode's filters", shown: ({ text, before, after }) => shownByLlamaVscode(text, before, after) },
  { name: "Continue's filters", shown: ({ text, before, after, languageId }) => shownByContinue(text, before, after, languageId) },
];

/** Something stands behind what is new: a wrong duplicate. */
export const isTwice = ({ wanted }: Case, shown: string) => {
  const [fresh, all] = [wanted.trimEnd(), shown.trimEnd()];
  return all.length > fresh.length && all.startsWith(fresh);
};
export const isKept = ({ wanted }: Case, shown: string) => shown.trimEnd() === wanted.trimEnd();

const linesBehind = 4;
const farthestRepetition = 5;

/** Answers that go on with what follows the hole, as models do that do not know when to end. */
function overshooting(masks: readonly Mask[]): Case[] {
  return masks.map(({ text, offset, wanted, file }) => {
    const [before, after] = [text.slice(0, offset), text.slice(offset)];
    const behind = after.split('\n').slice(0, linesBehind).join('\n');
    return { before, after, languageId: file.languageId, text: wanted + behind, wanted };
  });
}

/** Lines that really stand again within the next five, packages in turn. */
function drawRepeatedLines(files: readonly SourceFile[], count: number, seed: number): Case[] {
  const random = randomFrom(seed);
  const packages = [...new Set(files.map((file) => file.package))].map((name) =>
    shuffled(
      files.filter((file) => file.package === name).flatMap((file) => repeatedLinesOf(file).map((at) => ({ file, at }))),
      random,
    ),
  );
  const cases: Case[] = [];
  for (let round = 0; cases.length < count && packages.some((own) => own.length > round); round++) {
    for (const own of packages) {
      const drawn = own[round];
      if (!drawn || cases.length >= count) continue;
      const lines = drawn.file.text.split('\n');
      const line = lines[drawn.at] as string;
      const wanted = line.trim();
      const above = lines.slice(0, drawn.at).map((one) => `${one}\n`);
      const after = `\n${lines.slice(drawn.at + 1).join('\n')}`;
      cases.push({
        before: above.join('') + line.slice(0, line.length - line.trimStart().length),
        after,
        languageId: drawn.file.languageId,
        text: wanted,
        wanted,
      });
    }
  }
  return cases;
}

function repeatedLinesOf({ text, languageId }: SourceFile): number[] {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.flatMap((line, index) => {
    const below = lines.slice(index + 1).filter((one) => one !== '');
    return isWhole(line, languageId) && below.slice(0, farthestRepetition).includes(line) && lines[index - 1] !== line ? [index] : [];
  });
}

/** A line that may be taken by itself: with words, closed, and no head of a block. */
function isWhole(line: string, languageId: string): boolean {
  const { open, surplus, scope } = lex(line, { languageId });
  return /\p{L}{2}/u.test(line) && /[\p{L}\p{N}_;)\]'"]$/u.test(line) && !/^\W/.test(line) && scope === 'code' && open.length === 0 && surplus.length === 0;
}

export interface RepetitionOptions {
  readonly masks: readonly Mask[];
  readonly files: readonly SourceFile[];
  readonly seed: number;
}

export function repetitionFigures({ masks, files, seed }: RepetitionOptions): Figure[] {
  const hazards = (rows: readonly { marked: string; text: string; languageId: string; wanted?: string }[]): Case[] =>
    rows.map(({ marked, text, languageId, wanted = text }) => {
      const [before, after] = split(marked);
      const plain = (one: string) => one.replaceAll('¦', '|');
      return { before, after, languageId, text: plain(text), wanted: plain(wanted) };
    });
  const [wrong, right] = [hazards(duplicates), hazards(repetitions)];
  const [endless, repeated] = [overshooting(masks), drawRepeatedLines(files, masks.length, seed)];
  const share = (cases: readonly Case[], { shown }: Filters, is: (one: Case, shown: string) => boolean) =>
    (100 * cases.filter((one) => is(one, shown(one))).length) / Math.max(1, cases.length);
  const rows = [
    { figure: `hazard set: shown twice, of ${wrong.length} wrong duplicates`, cases: wrong, is: isTwice, bar: { of: 'value', atMost: 0 } as const },
    { figure: `hazard set: kept, of ${right.length} right repetitions`, cases: right, is: isKept, bar: { of: 'value', atLeast: 100 } as const },
    { figure: `shown twice, of ${endless.length} answers that go on with what follows`, cases: endless, is: isTwice },
    { figure: `kept, of ${repeated.length} lines that really stand again below`, cases: repeated, is: isKept },
  ];
  return rows.flatMap(({ figure, cases, is, ...bar }) =>
    peers.map((peer, index) => ({
      ...figureOf({
        figure,
        unit: '%',
        ours: [share(cases, ours, is)],
        peer: { name: peer.name, samples: [share(cases, peer, is)] },
        ...(index === 0 ? bar : {}),
      }),
      samples: cases.length,
    })),
  );
}

/** What is shown twice or lost, to be read by people. */
export function repetitionFaults({ masks, files, seed }: RepetitionOptions): string[] {
  const told = (one: Case) =>
    JSON.stringify({ line: one.before.slice(-80), text: one.text, wanted: one.wanted, shown: ours.shown(one), after: one.after.slice(0, 120) });
  return [
    ...overshooting(masks).flatMap((one) => (isTwice(one, ours.shown(one)) ? [`TWICE ${told(one)}`] : [])),
    ...drawRepeatedLines(files, masks.length, seed).flatMap((one) => (isKept(one, ours.shown(one)) ? [] : [`LOST ${told(one)}`])),
  ];
}
