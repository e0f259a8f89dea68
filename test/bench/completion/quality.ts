// Fills the same holes with every side in turn. It knows masks, sides and scores; it must not know what the sides do, or what scores are held
// against.
import type { SourceFile } from './corpus.ts';
import type { Mask } from './masks.ts';
import type { Score } from './scoring.ts';
import { scoreOf } from './scoring.ts';
import type { CompletionSide, OpenDocument } from './side.ts';
import type { SimulatedClock } from './simulatedClock.ts';
import type { Syntax } from './syntax.ts';

export interface FilledHole {
  readonly mask: Mask;
  readonly text: string;
  readonly why?: string;
  /** Where it comes from, where the side says it. */
  readonly source?: string;
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
      filled[index]?.push({
        mask,
        text,
        ...(answer?.why === undefined ? {} : { why: answer.why }),
        ...(answer?.source === undefined ? {} : { source: answer.source }),
        score: scoreOf(mask, text, syntax),
      });
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
