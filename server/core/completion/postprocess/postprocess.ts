// From what a model wrote to what is shown, one filter after the other. It knows the order of the filters and why something is not
// shown; it must not know models or LSP.
import { holdsInvisibleCharacters } from '../../safety/invisible.ts';
import { holdsSecret } from '../../safety/secrets.ts';
import { openAbove } from '../openAbove.ts';
import type { Shape } from '../shape.ts';
import { endOfShape, wholeLinesLength } from '../shape.ts';
import type { Site } from '../site.ts';
import { linesAbove } from '../site.ts';
import { closeWhatItOpens } from './closeWhatItOpens.ts';
import { cutControlText } from './cutControlText.ts';
import { cutLoops } from './cutLoops.ts';
import { dropRepeatedLines } from './dropRepeatedLines.ts';
import { dropRestated } from './dropRestated.ts';
import { finishStatement } from './finishStatement.ts';
import { fitIndentation } from './fitIndentation.ts';
import { trimLeadingBlanks, trimTrailingBlanks } from './trimBlanks.ts';

export interface PostprocessInput {
  /** What the model wrote, with `\n` as line break. */
  readonly text: string;
  /**
   * `ended`: the model or a stop ended it. `cut`: the limit of tokens was reached, `growing`: it is still being written; either way the last
   * line may be a half one. `enough`: decoding was stopped because nothing later could be shown.
   */
  readonly end: 'ended' | 'cut' | 'growing' | 'enough';
  readonly shape: Shape;
  readonly site: Site;
  readonly languageId: string;
}

export type Hidden = 'empty' | 'invisibleCharacters' | 'secret' | 'repeatsWhatFollows' | 'restatesWhatStands';
/** `tail`: whole lines behind what is shown, which may be the next suggestion. Both with `\n` as line break. */
export type Postprocessed = { readonly shown: string; readonly tail: string } | { readonly hidden: Hidden };

export function postprocess({ text, end, shape, site, languageId }: PostprocessInput): Postprocessed {
  const { linePrefix, following } = site;
  const plain = cutControlText(text.replace(/\r\n?/g, '\n'), {
    languageId,
    near: site.before.slice(-charactersForControl) + site.after.slice(0, charactersForControl),
  });
  if (holdsInvisibleCharacters(plain)) return { hidden: 'invisibleCharacters' };
  // A secret may begin on the line: `password = "|`.
  if (holdsSecret(linePrefix + plain)) return { hidden: 'secret' };
  const whole = trimLeadingBlanks(cutLoops(plain), linePrefix);
  const above = linesAbove(site);
  const indented = fitIndentation(whole, linePrefix, [...above.slice(-linesForStyle), ...following.split('\n', linesForStyle)]);
  const shaped = endOfShape(indented, shape, { linePrefix, languageId });
  const isCut = end === 'cut' || end === 'growing';
  const sure = isCut && !shaped.isComplete ? withoutHalfLine(shaped.text) : shaped.text;
  if (sure.trim() === '') return { hidden: 'empty' };
  const unfinished = refit(sure, { site, languageId, isEnded: end === 'ended' && !shaped.isComplete });
  if (unfinished.trim() === '') return { hidden: 'repeatsWhatFollows' };
  const fitted = finishStatement(unfinished, {
    languageId,
    linePrefix,
    lineSuffix: site.lineSuffix,
    following,
    isGrowing: end === 'growing' && !shaped.isComplete,
    openAbove: openAbove(site, languageId),
  });
  if (fitted.trim() === '') return { hidden: 'empty' };
  if (dropRestated(fitted, linePrefix, above) === '') return { hidden: 'restatesWhatStands' };
  const isCutByShape = fitted === sure.trimEnd() && shaped.text.length < indented.length;
  return { shown: fitted, tail: isCutByShape ? wholeTail(indented.slice(fitted.length), end) : '' };
}

const linesForStyle = 80;
const charactersForControl = 4000;

/**
 * The filters that depend on what stands behind the cursor, which may change while a suggestion waits to be shown again: an editor types
 * closing brackets by itself. Only cuts, unless the model has ended by itself.
 */
export function refit(text: string, { site, languageId, isEnded }: { readonly site: Site; readonly languageId: string; readonly isEnded: boolean }): string {
  const { linePrefix, lineSuffix, following } = site;
  const begun = { languageId, linePrefix, following, openAbove: openAbove(site, languageId) };
  const unrepeated = dropRepeatedLines(text, { ...begun, above: linesAbove(site).slice(-linesForStyle) });
  return trimTrailingBlanks(closeWhatItOpens(unrepeated, { ...begun, lineSuffix, isEnded }), lineSuffix);
}

/** A block that was cut loses its half line; a block of one line keeps it. */
function withoutHalfLine(text: string): string {
  const whole = wholeLinesLength(text);
  return whole > 0 ? text.slice(0, whole) : text;
}

function wholeTail(rest: string, end: PostprocessInput['end']): string {
  const tail = end === 'ended' ? rest.trimEnd() : rest.slice(0, wholeLinesLength(rest));
  return tail.trim() === '' ? '' : tail;
}
