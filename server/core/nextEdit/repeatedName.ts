// The same name, or name with dots, gave way to the same other one at two places by hand: then it is likely to at the next ones that stand alike, whatever it
// means. Once says nothing, since it may have been corrected there alone. It knows words and what stands right before them; it must not know scopes.
import { declarationAt } from './declarations.ts';
import { isMember, namesIn, type RenamedName, renamedName } from './names.ts';
import type { NextEdit, RecentChange, Rule } from './nextEdit.ts';
import { isWordUnit, kindAt, type Source } from './source.ts';

/** Shorter names are counters and the like: two of them exchanged say nothing about a third. */
const leastLength = 3;
const mostPlaces = 200;

export const suggestRepeatedName: Rule = ({ source, change, changes }) => {
  const { text } = source;
  const newest = replacedName(source, change);
  if (!newest || newest.oldName.length < leastLength || !text.includes(newest.oldName)) return [];
  const { oldName, newName } = newest;
  const receiver = receiverOf(text, newest.start);
  const isSame = (other: RenamedName | undefined) =>
    other !== undefined && other.start !== newest.start && other.oldName === oldName && other.newName === newName && receiverOf(text, other.start) === receiver;
  if (!changes.some((other) => other.takenFor === undefined && isSame(replacedName(source, other)))) return [];
  const whole = { from: 0, to: text.length };
  const places = namesIn(source, oldName, whole);
  if (places.length > mostPlaces) return [];
  // What is declared here, under the old name or the new one, is a matter of scopes: the rule for that has spoken.
  const isDeclared = (at: number, length: number) => {
    const declaration = declarationAt(source, at, at + length);
    return declaration !== undefined && declaration.kind !== 'member';
  };
  const isScoped = places.some((at) => isDeclared(at, oldName.length)) || namesIn(source, newName, whole).some((at) => isDeclared(at, newName.length));
  if (receiver === '' && isScoped) return [];
  const why = `${oldName} was replaced by ${newName} before`;
  return places.flatMap((at): NextEdit[] => {
    const end = at + oldName.length;
    // What declares the old name, or is only a label, is another thing.
    const isUse = receiverOf(text, at) === receiver && !declarationAt(source, at, end) && !/^\s*(?::(?!:)|=(?!=))/.test(text.slice(end, end + 20));
    return isUse ? [{ start: at, end, newText: newName, kind: 'rename', why }] : [];
  });
};

function replacedName(source: Source, change: RecentChange): RenamedName | undefined {
  const { text } = source;
  if (text.slice(change.start, change.start + change.after.length) !== change.after) return undefined;
  const renamed = renamedName(text, change) ?? dottedName(text, change);
  return renamed && kindAt(source, renamed.start) === 'code' ? renamed : undefined;
}

const withDots = /^[\p{L}_$][\p{L}\p{N}_$]*(?:\.[\p{L}_$][\p{L}\p{N}_$]*)*$/u;

/** `typing.List` that became `list`, as a whole. */
function dottedName(text: string, { start, before, after }: RecentChange): RenamedName | undefined {
  const end = start + after.length;
  const isWhole = !isWordUnit(text.charCodeAt(start - 1)) && !isWordUnit(text.charCodeAt(end));
  return isWhole && before !== after && withDots.test(before) && withDots.test(after) ? { oldName: before, newName: after, start, end } : undefined;
}

/** The name before the dot; `''` for what is no member, undefined where something else than a name stands there. */
function receiverOf(text: string, at: number): string | undefined {
  if (!isMember(text, at)) return '';
  return /[\p{L}_$][\p{L}\p{N}_$]*$/u.exec(text.slice(Math.max(0, at - 1 - 80), at - 1))?.[0];
}
