// The text or comment in which the cursor's line begins, also one that began far above. It knows the text before the cursor, of a long file only
// so much that a keystroke does not feel it; it must not know what anybody does with the answer.
import type { LanguageSigns } from './languageSigns.ts';
import { signsOf } from './languageSigns.ts';
import type { Site } from './site.ts';
import type { Opened, Way } from './walk.ts';
import { walk } from './walk.ts';

export type ScopedSite = Pick<Site, 'text' | 'offset' | 'linePrefix'>;

const none: readonly Opened[] = [];
/** One site is asked about for every piece of an answer that arrives. */
const known = new WeakMap<ScopedSite, { readonly languageId: string; readonly open: readonly Opened[] }>();

/**
 * @returns what is open where the cursor's line begins, outermost first: a text or a comment, and where the line stands in a hole of a text, the
 *   hole. Brackets of earlier lines are not among it.
 */
export function openAbove(site: ScopedSite, languageId: string): readonly Opened[] {
  const remembered = known.get(site);
  if (remembered?.languageId === languageId) return remembered.open;
  const signs = signsOf(languageId);
  const lineStart = site.offset - site.linePrefix.length;
  let open = none;
  // What stands on a line that is longer than the window nobody has written by hand.
  if (signs.spansLines && lineStart > 0 && site.text[lineStart - 1] === '\n') {
    const isWhole = lineStart <= mostRead;
    const above = site.text.slice(isWhole ? 0 : lineStart - mostRead, lineStart);
    const isRead = lastRead?.languageId === languageId && lastRead.isWhole === isWhole && lastRead.above === above;
    const all = isRead && lastRead ? lastRead.all : allOpen(above, { isWhole, signs });
    lastRead = { languageId, isWhole, above, all };
    open = all.filter(({ literal }, index) => literal !== undefined || all[index - 1]?.literal !== undefined);
  }
  known.set(site, { languageId, open });
  return open;
}

function allOpen(above: string, { isWhole, signs }: { readonly isWhole: boolean; readonly signs: LanguageSigns }): readonly Opened[] {
  const text = isWhole ? above : wholeLines(above);
  const all = isWhole ? [] : openAtStart(text, signs);
  walk({ text, open: all }, signs);
  return all;
}

/** Within a line nothing above it changes: comparing takes a tenth of reading. */
let lastRead: { readonly languageId: string; readonly isWhole: boolean; readonly above: string; readonly all: readonly Opened[] } | undefined;

/** UTF-16 units above the cursor's line, of which the reading takes about half a millisecond. Hardly any text or comment is longer. */
const mostRead = 100_000;
/** Of those, how many are looked at to find out what they begin in. */
const mostJudged = 20_000;

function wholeLines(text: string): string {
  return text.slice(text.indexOf('\n') + 1);
}

/** A line as people write it in code, and hardly ever in a text; an example in a comment has a star before it. */
const lineOfCode =
  /[;{}]\r?$(?<!^[ \t]*(?:\*|\/\/|#|--)[^\n]*)|^[ \t]*(?:def \w+\(|class \w+.*:$|return\b|import \w|from \S+ import\b|@\w+|(?:if|elif|for|while|except|with)\b.*:$|(?:else|try|finally):$|self\.\w|\w+ = |func \w|\(def)/gm;

/**
 * What a piece of a file begins in cannot be seen at its beginning, where a text begins and ends with the same signs. But of all that it may be,
 * what is so puts most lines of code outside of texts.
 */
function openAtStart(text: string, signs: LanguageSigns): Opened[] {
  const judged = text.slice(0, mostJudged);
  const lines = [...judged.matchAll(lineOfCode)].map(({ index }) => index);
  let best: Opened[] = [];
  let most = linesOutside({ text: judged, open: best }, lines, signs);
  for (const literals of signs.byFirst) {
    for (const literal of literals ?? []) {
      if (!literal.spansLines || literal.sign === '' || typeof literal.close !== 'string') continue;
      const open: Opened[] = [{ sign: literal.sign, closer: literal.close, at: -1, literal }];
      const outside = linesOutside({ text: judged, open }, lines, signs);
      if (outside > most) [best, most] = [open, outside];
    }
  }
  return best;
}

/** How many of these lines stand in no text or comment over several lines. */
function linesOutside({ text, open }: Way, lines: readonly number[], signs: LanguageSigns): number {
  const inside: { readonly from: number; readonly to: number }[] = [];
  const note = ({ literal, at }: Opened, to: number) => {
    if (literal?.spansLines) inside.push({ from: at, to });
  };
  const left = [...open];
  walk({ text, open: left, watcher: { onPop: note, onSurplus: () => {} } }, signs);
  for (const one of left) note(one, text.length);
  let outside = 0;
  let index = 0;
  inside.sort((one, other) => one.from - other.from);
  for (const at of lines) {
    while ((inside[index]?.to ?? text.length) < at) index++;
    if ((inside[index]?.from ?? text.length) > at) outside++;
  }
  return outside;
}
