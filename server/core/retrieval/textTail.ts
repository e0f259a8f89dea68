// What text search finds for the words around the cursor, as signatures: less likely needed than anything the names in the file lead to, and more likely
// than nothing where room is left. It knows facts and hits; it must not know how text is searched.
import type { Definition, SymbolSource, TextHit } from './facts.ts';
import { signatureText } from './signatureText.ts';
import type { Snippet } from './similarWindows.ts';
import { subWordsOf } from './words.ts';

export interface TextTailOptions {
  /** The file that is written: it is not told of itself. */
  readonly path: string;
  readonly nearText: string;
  readonly isShown: (definition: Definition) => boolean;
}

const maxQueryWords = 10;
const maxSignaturesOfHit = 6;
/** Of most languages: that a place says `from` or `return` says nothing about what it needs. */
const keywords = new Set(
  'and async await break case catch class const continue def default else enum except export extends false finally for from func function if implements import interface let new none not null package private protected public raise readonly return self static struct super switch this throw true try type undefined use using var void while with yield'.split(
    ' ',
  ),
);

/** @returns a query of the identifiers nearest to the cursor; a longer one takes longer and finds what is around rather than what is here */
export function tailQuery(lines: readonly string[], cursorLine: number): string {
  const words = new Set<string>();
  for (let distance = 0; distance < lines.length && words.size < maxQueryWords; distance++) {
    for (const at of distance === 0 ? [cursorLine] : [cursorLine - distance, cursorLine + distance]) {
      for (const word of lines[at]?.match(/[A-Za-z_$][\w$]{2,}/g) ?? []) if (!keywords.has(word)) words.add(word);
    }
  }
  return [...words].slice(0, maxQueryWords).join(' ');
}

/** @returns one piece for each hit in which something is defined that shares words with what stands around the cursor; the best hit first */
export function textTail(source: SymbolSource, hits: readonly TextHit[], { path, nearText, isShown }: TextTailOptions): Snippet[] {
  const identifiers = (nearText.match(/[A-Za-z_$][\w$]*/g) ?? []).filter((identifier) => !keywords.has(identifier));
  const near = new Set(identifiers.flatMap((identifier) => subWordsOf(identifier)));
  const language = family(source.file(path)?.languageId);
  const told = new Set<string>();
  const pieces: Snippet[] = [];
  for (const hit of hits) {
    const facts = hit.path === path ? undefined : source.file(hit.path);
    // What another language defines cannot be called here, for all that it has the same words.
    if (!facts || family(facts.languageId) !== language) continue;
    const inside = facts.definitions.filter((one) => one.startLine <= hit.endLine && one.endLine >= hit.startLine);
    const wanted = inside
      .map((definition) => ({ definition, shared: sharedWords(definition, near) }))
      .filter(({ definition, shared }) => shared > 0 && !isShown(definition) && !told.has(keyOf(definition)))
      .sort((a, b) => b.shared - a.shared || a.definition.startLine - b.definition.startLine)
      .slice(0, maxSignaturesOfHit)
      .map(({ definition }) => definition)
      .sort((a, b) => a.startLine - b.startLine);
    const [first] = wanted;
    if (!first) continue;
    for (const one of wanted) told.add(keyOf(one));
    const endLine = Math.max(...wanted.map((one) => one.startLine));
    pieces.push({ path: hit.path, startLine: first.startLine, endLine, text: wanted.map(lineOf).join('\n') });
  }
  return pieces;
}

/** A share of the definition's own words: a long name is not better for being long. */
function sharedWords({ name }: Definition, near: ReadonlySet<string>): number {
  const words = subWordsOf(name);
  return words.length === 0 ? 0 : words.filter((word) => near.has(word)).length / words.length;
}

function family(languageId: string | undefined): string | undefined {
  if (languageId === 'c' || languageId === 'cpp') return 'c';
  return languageId?.replace(/^(?:type|java)script(?:react)?$/, 'javascript');
}

function lineOf(definition: Definition): string {
  return definition.container === undefined ? signatureText(definition) : `${definition.container}: ${signatureText(definition)}`;
}

const keyOf = ({ path, startLine, name }: Definition) => `${path}:${startLine}:${name}`;
