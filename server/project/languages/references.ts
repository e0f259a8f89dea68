// The names that a text uses, found by its tokens: whole languages' worth of node types would find little more at many times the cost,
// and tokens are there however broken the text is. It knows comments, strings and keywords.
import type { Reference } from '../../core/retrieval/facts.ts';

const word = '([\\p{L}_$][\\p{L}\\p{N}_$]*)';
const slashComments = '\\/\\/[^\\n]*|\\/\\*[\\s\\S]*?(?:\\*\\/|$)';
const doubleQuoted = '"(?:\\\\.|[^"\\\\\\n])*"?';
const singleQuoted = "'(?:\\\\.|[^'\\\\\\n])*'?";
const character = "'(?:\\\\[^\\n']{1,10}|[^'\\\\\\n]{1,2})'";

const scripting = new RegExp(`${slashComments}|${doubleQuoted}|${singleQuoted}|${word}`, 'gu');
const python = new RegExp(`#[^\\n]*|"""[\\s\\S]*?(?:"""|$)|'''[\\s\\S]*?(?:'''|$)|${doubleQuoted}|${singleQuoted}|${word}`, 'gu');
const compiled = new RegExp(`${slashComments}|${doubleQuoted}|${character}|${word}`, 'gu');

const keywords = new Set(
  `abstract and any as assert async auto await base bool boolean break byte case catch chan char class const constexpr continue crate debugger
  declare def default defer defined del delegate delete do double dyn elif else endif enum event except explicit export extends extern
  fallthrough false final finally float fn for foreach from func function get global go goto if ifdef ifndef impl implements import in include
  inline instanceof int interface internal is keyof lambda let lock long loop match mod module move mut mutable namespace native never new nil
  noexcept None nonlocal not null nullptr number object of operator or out override package params pass pragma private protected pub public raise
  range readonly ref register return sealed select self Self set short signed sizeof static str string struct super switch symbol synchronized
  template this throw throws trait transient True False true try type typedef typename typeof undefined union unknown unsafe unsigned use using
  var virtual void volatile where while with yield constructor require String Object`.split(/\s+/),
);

/** At most `limit` references. With `isFirstOnly` one for each name. */
export function findReferences(
  text: string,
  languageId: string,
  { isFirstOnly, limit }: { readonly isFirstOnly: boolean; readonly limit: number },
): Reference[] {
  const tokens = languageId === 'python' ? python : /^(?:java|type)script/.test(languageId) ? scripting : compiled;
  const found: Reference[] = [];
  const seen = new Set<string>();
  let line = 0;
  let lineStart = 0;
  let nextBreak = text.indexOf('\n');
  for (const match of text.matchAll(tokens)) {
    const name = match[1];
    if (name === undefined || name.length > 100 || keywords.has(name)) continue;
    if (isFirstOnly) {
      if (seen.has(name)) continue;
      seen.add(name);
    }
    while (nextBreak >= 0 && nextBreak < match.index) {
      line++;
      lineStart = nextBreak + 1;
      nextBreak = text.indexOf('\n', lineStart);
    }
    found.push({ name, line, column: match.index - lineStart });
    if (found.length >= limit) break;
  }
  return found;
}
