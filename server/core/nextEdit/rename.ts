// A declared name got another one: its other uses are offered, in the scope of that declaration alone, and not where another declaration of
// the old name is meant. It knows names and scopes; it must not know types.
import { type Declaration, declarationAt, type Range } from './declarations.ts';
import { isMember, lineAround, namesIn, renamedName, wordsIn } from './names.ts';
import type { NextEdit, Rule, RuleInput } from './nextEdit.ts';
import { bracketsAround, kindAt, type Source, spanAt } from './source.ts';

/** More than this is a matter for the editor's own rename. */
const mostPlaces = 200;

export const suggestRename: Rule = (input) => {
  const { source, change } = input;
  const renamed = renamedName(source.text, change);
  if (!renamed || !source.text.includes(renamed.oldName) || kindAt(source, renamed.start) !== 'code') return [];
  const { oldName, newName } = renamed;
  // An underscore more says that it is not used: what is used under its name is something else.
  if (newName === `_${oldName}`) return [];
  const declaration = declarationAt(source, renamed.start, renamed.end);
  if (!declaration || declaration.kind === 'member') return [];
  const { scope } = declaration;
  const places = namesIn(source, oldName, scope);
  if (places.length > mostPlaces || isTaken(input, renamed, scope)) return [];
  // Bound before under the old name: then a new variable begins here, often made of the old one.
  const isBoundBefore = (at: number) => at < renamed.start && isOfScope(declarationAt(source, at, at + oldName.length), scope);
  if (source.family === 'python' && declaration.kind === 'local' && places.some(isBoundBefore)) return [];
  const shadows = places.flatMap((at) => shadowOf(source, { at, length: oldName.length }, scope));
  const why = `${oldName} was renamed to ${newName}`;
  const edits = places.flatMap((at): NextEdit[] => {
    if (isMember(source.text, at) || shadows.some(({ from, to }) => at >= from && at < to)) return [];
    const newText = replacementAt(source, { at, oldName, newName });
    return newText === undefined ? [] : [{ start: at, end: at + oldName.length, newText, kind: 'rename', why }];
  });
  const comments = declaration.kind === 'parameter' ? documentedPlaces(source, declaration, oldName) : [];
  return [...edits, ...comments.map((at): NextEdit => ({ start: at, end: at + oldName.length, newText: newName, kind: 'rename', why }))];
};

/** Something else has the new name already: then it is no renaming. Where it was just changed by hand or taken does not count. */
function isTaken({ source, changes }: RuleInput, { newName, start }: { readonly newName: string; readonly start: number }, scope: Range): boolean {
  return namesIn(source, newName, scope).some((at) => {
    if (at === start || isMember(source.text, at)) return false;
    if (changes.some((change) => at <= change.start + change.after.length && at + newName.length >= change.start)) return false;
    return declarationAt(source, at, at + newName.length) !== undefined;
  });
}

function isOfScope(declaration: Declaration | undefined, { from, to }: Range): boolean {
  return declaration !== undefined && declaration.kind !== 'member' && declaration.scope.from === from && declaration.scope.to === to;
}

/** Where another declaration of the name holds; one in the very same scope leaves nothing certain behind it. */
function shadowOf(source: Source, { at, length }: { readonly at: number; readonly length: number }, scope: Range): readonly Range[] {
  const other = declarationAt(source, at, at + length);
  if (!other) return [];
  // The declaring word of a member is no use of the name.
  if (other.kind === 'member') return [{ from: at, to: at + length }];
  // Python binds the same variable again.
  if (source.family === 'python' && other.scope.from === scope.from && other.scope.to === scope.to) return other.kind === 'local' ? [] : [scope];
  if (other.scope.from > scope.from || other.scope.to < scope.to) {
    // The declaring word itself is another thing as well.
    return [{ from: at, to: at + length }, other.scope];
  }
  return [scope];
}

/** What comes instead of the old name there; undefined where the word is a key, not the variable. */
function replacementAt(
  source: Source,
  { at, oldName, newName }: { readonly at: number; readonly oldName: string; readonly newName: string },
): string | undefined {
  const { text, family } = source;
  const end = at + oldName.length;
  const line = lineAround(text, at);
  const behind = /^\s*(?:\/\/[^\n]*\n\s*)?/.exec(text.slice(end, end + 200))?.[0] ?? '';
  const next = text.slice(end + behind.length, end + behind.length + 2);
  const before =
    text
      .slice(Math.max(0, at - 200), at)
      .trimEnd()
      .at(-1) ?? '';
  const around = bracketsAround(source, at);
  // In a hole of a string it is an expression, whatever stands beside it.
  if (around && spanAt(source, around.open - 1)?.end === around.open) return newName;
  const bracket = around ? text.charAt(around.open) : '';
  if (family === 'js') {
    if (/^\s*(?:import|export)\b[^=(]*\{[^}]*$/.test(text.slice(line.start, at)) && /^\s*(?:,|\})/.test(text.slice(end, end + 20))) return undefined;
    const isKeyPlace = bracket === '{' && (before === '{' || before === ',');
    if (isKeyPlace && next.startsWith(':')) return undefined;
    if (isKeyPlace && (next.startsWith(',') || next.startsWith('}'))) return isObjectLiteral(source, around?.open ?? 0) ? `${oldName}: ${newName}` : undefined;
    if (isKeyPlace && next.startsWith('(')) return undefined;
    if (source.languageId.endsWith('react') && /^=["{]/.test(text.slice(end, end + 2))) return undefined;
  } else if (family === 'python') {
    if (bracket === '(' && (before === '(' || before === ',') && /^=(?!=)/.test(next)) return undefined;
  } else {
    const isKeyPlace = bracket === '{' && (before === '{' || before === ',');
    if (isKeyPlace && /^:(?!:)/.test(next)) return undefined;
    if (family === 'rust' && isKeyPlace && (next.startsWith(',') || next.startsWith('}'))) {
      return /[A-Z]\w*(?:<[^{}]*>)?\s*$/.test(text.slice(Math.max(0, (around?.open ?? 0) - 60), around?.open)) ? `${oldName}: ${newName}` : undefined;
    }
  }
  return newName;
}

/** Rather than a block, a pattern or an import. */
function isObjectLiteral(source: Source, open: number): boolean {
  const { text } = source;
  const before = text.slice(Math.max(0, open - 60), open).trimEnd();
  if (!/(?:[=(,:[?]|=>|\breturn|&&|\|\||\?\?)$/.test(before) || before.endsWith('=>')) return false;
  const close = bracketsAround(source, open + 1, '{')?.close ?? text.length;
  return !/^\s*(?:=(?!=)|\)\s*(?::[^=]*)?=>|\bof\b)/.test(text.slice(close + 1, close + 80));
}

/** The name in the documentation of a function whose parameter it is: in the comment right above, or in Python's docstring. */
function documentedPlaces(source: Source, { scope }: { readonly scope: Range }, name: string): readonly number[] {
  if (name.length < 3) return [];
  const { text, family } = source;
  const head = lineAround(text, scope.from);
  if (family === 'python') {
    const docstring = /:\s*\n\s*[rRuU]?("""|''')/g;
    docstring.lastIndex = head.start;
    const found = docstring.exec(text.slice(0, Math.min(scope.to, head.start + 2000)));
    const span = found && spanAt(source, found.index + found[0].length);
    return span?.kind === 'string' && span.end <= scope.to ? wordsIn(text, name, { from: span.start, to: span.end }) : [];
  }
  let from = head.start;
  while (from > 0) {
    const above = lineAround(text, from - 1);
    const content = above.start + above.text.length - above.text.trimStart().length;
    if (above.text.trim() === '' || kindAt(source, content) !== 'comment') break;
    from = above.start;
  }
  return wordsIn(text, name, { from, to: head.start });
}
