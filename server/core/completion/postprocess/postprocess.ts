// From what a model wrote to what is shown, one filter after the other. It knows the order of the filters and why something is not
// shown; it must not know models or LSP.
import { holdsInvisibleCharacters } from '../../safety/invisible.ts';
import type { Shape } from '../shape.ts';
import { endOfBlock } from '../shape.ts';
import { cutLoops } from './cutLoops.ts';
import { dropSuffixOverlap } from './dropSuffixOverlap.ts';

export interface PostprocessInput {
  /** What the model wrote, with `\n` as line break. */
  readonly text: string;
  /** The limit of tokens was reached: the last line may be a half one. */
  readonly isCutShort: boolean;
  readonly shape: Shape;
  readonly linePrefix: string;
  readonly lineSuffix: string;
  /** Text after the cursor's line, with `\n` as line break. */
  readonly following: string;
  readonly eol: '\n' | '\r\n';
}

export type Postprocessed = { readonly shown: string } | { readonly hidden: 'empty' | 'invisibleCharacters' | 'repeatsWhatFollows' };

export function postprocess(input: PostprocessInput): Postprocessed {
  if (holdsInvisibleCharacters(input.text.replaceAll('\r', ''))) return { hidden: 'invisibleCharacters' };
  const unified = cutLoops(input.text.replace(/\r\n?/g, '\n'));
  const shaped = input.shape === 'line' ? (unified.split('\n')[0] ?? '') : endOfBlock(wholeLinesOf(unified, input.isCutShort), input.linePrefix).text;
  if (shaped.trim() === '') return { hidden: 'empty' };
  const fitted = dropSuffixOverlap(shaped, input.lineSuffix, input.following).trimEnd();
  if (fitted.trim() === '') return { hidden: 'repeatsWhatFollows' };
  return { shown: input.eol === '\n' ? fitted : fitted.replaceAll('\n', input.eol) };
}

/** A block that was cut by the limit loses its half line; a block of one line keeps it. */
function wholeLinesOf(text: string, isCutShort: boolean): string {
  const lastBreak = text.lastIndexOf('\n');
  return isCutShort && lastBreak > 0 ? text.slice(0, lastBreak) : text;
}
