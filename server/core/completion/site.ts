// The place where a suggestion would stand: the text around the cursor, cut to windows, so that nothing here costs more in a large file
// than in a small one. It knows text and line breaks; it must not know documents, versions or models.

export interface Site {
  /** Which document this is of (`documentKey`): what was said for one is not shown in another, however alike they are. Empty where there is only one. */
  readonly document: string;
  /** The whole text, with its own line breaks, and the UTF-16 offset of the cursor in it. */
  readonly text: string;
  readonly offset: number;
  /** Up to `windowBefore` characters before the cursor, with `\n` as line break. */
  readonly before: string;
  /** `before` reaches back to the beginning of the text. */
  readonly isFromStart: boolean;
  /** Up to `windowAfter` characters after the cursor, with `\n` as line break. */
  readonly after: string;
  readonly linePrefix: string;
  readonly lineSuffix: string;
  /** What follows the cursor's line, without the line break that ends it. */
  readonly following: string;
  readonly eol: '\n' | '\r\n';
}

const windowBefore = 12_000;
const windowAfter = 4_000;

/** A file that changes its language is another one: an import of TypeScript is none of Python. */
export function documentKey(uri: string, languageId: string): string {
  return `${languageId}\u0000${uri}`;
}

/** @param offset UTF-16 offset; one outside the text is clamped, one inside a surrogate pair or a `\r\n` is moved before it */
export function siteAt(text: string, offset: number, document = ''): Site {
  const at = snapped(text, Math.max(0, Math.min(offset, text.length)));
  const start = Math.max(0, at - windowBefore);
  const rawBefore = text.slice(start, at);
  const rawAfter = text.slice(at, at + windowAfter);
  const before = rawBefore.replaceAll('\r\n', '\n');
  // A window that ends between the two halves of a line break would leave a stray \r.
  const after = rawAfter.replaceAll('\r\n', '\n').replace(/\r$/, '');
  const lineBreak = after.indexOf('\n');
  return {
    document,
    text,
    offset: at,
    before,
    isFromStart: start === 0,
    after,
    linePrefix: before.slice(before.lastIndexOf('\n') + 1),
    lineSuffix: lineBreak < 0 ? after : after.slice(0, lineBreak),
    following: lineBreak < 0 ? '' : after.slice(lineBreak + 1),
    eol: eolNear(rawBefore, rawAfter),
  };
}

/** The site as it will be when `inserted` (with `\n` as line break) has been taken: the cursor stands behind it. */
export function siteAfter(site: Site, inserted: string): Site {
  const added = site.eol === '\n' ? inserted : inserted.replaceAll('\n', site.eol);
  return siteAt(site.text.slice(0, site.offset) + added + site.text.slice(site.offset), site.offset + added.length, site.document);
}

/** The lines above the cursor's, nearest last, without their line breaks. */
export function linesAbove(site: Site): readonly string[] {
  const end = site.before.length - site.linePrefix.length;
  return end === 0 ? [] : site.before.slice(0, end - 1).split('\n');
}

function snapped(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  const previous = text.charCodeAt(at - 1);
  const isInsidePair = unit >= 0xdc00 && unit <= 0xdfff && previous >= 0xd800 && previous <= 0xdbff;
  return isInsidePair || (unit === 0x0a && previous === 0x0d) ? at - 1 : at;
}

/** Of the nearest line break, since files with both kinds exist. */
function eolNear(rawBefore: string, rawAfter: string): '\n' | '\r\n' {
  const above = rawBefore.lastIndexOf('\n');
  if (above >= 0) return rawBefore[above - 1] === '\r' ? '\r\n' : '\n';
  const below = rawAfter.indexOf('\n');
  return below > 0 && rawAfter[below - 1] === '\r' ? '\r\n' : '\n';
}
