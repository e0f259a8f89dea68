// A field or method got another name: its uses are offered where the text itself says of which type the thing before the dot is. Without
// types that is all that is certain. It knows declarations; it must not resolve anything across files.
import { declarationAt, type Range } from './declarations.ts';
import { isName, lineAround, namesIn, renamedName } from './names.ts';
import type { NextEdit, Rule } from './nextEdit.ts';
import { bracketsAround, kindAt, partnerOf, type Source } from './source.ts';

const mostPlaces = 200;

export const suggestMemberRename: Rule = ({ source, change }) => {
  const { text } = source;
  const renamed = renamedName(text, change);
  if (!renamed || !text.includes(renamed.oldName) || kindAt(source, renamed.start) !== 'code') return [];
  const { oldName, newName, start, end } = renamed;
  const member = declaredMember(source, start, end);
  if (!member) return [];
  const { owner, body } = member;
  const places = namesIn(source, oldName, { from: 0, to: text.length });
  if (places.length > mostPlaces) return [];
  // Overloads and a second declaration of the same member: then it is not known which is meant.
  if (places.some((at) => at >= body.from && at < body.to && declarationAt(source, at, at + oldName.length)?.kind === 'member')) return [];
  const bodies = ownBodies(source, owner, body);
  const typed = typedNames(source, owner);
  const why = `${owner}.${oldName} was renamed to ${newName}`;
  return places.flatMap((at): NextEdit[] => {
    const receiver = receiverBefore(text, at);
    const isOwn = receiver === 'this' || receiver === 'self' || receiver === 'cls';
    const isUse =
      receiver === undefined
        ? isKeyOfLiteral(source, { at, length: oldName.length, owner })
        : isOwn
          ? bodies.some(({ from, to }) => at >= from && at < to)
          : typed.some(({ name, scope }) => name === receiver && at >= scope.from && at < scope.to) || (receiver === owner && source.family !== 'rust');
    return isUse ? [{ start: at, end: at + oldName.length, newText: newName, kind: 'rename', why }] : [];
  });
};

/** Also `self.name = …` in a Python class, which is how its fields are declared. */
function declaredMember(source: Source, start: number, end: number): { readonly owner: string; readonly body: Range } | undefined {
  const declaration = declarationAt(source, start, end);
  if (declaration?.kind === 'member') return declaration;
  const { text, family } = source;
  const line = lineAround(text, start);
  if (family === 'python' && /^\s+self\.$/.test(text.slice(line.start, start)) && /^\s*(?::[^=]+)?=(?!=)/.test(text.slice(end, line.end))) {
    const body = pythonClassAround(text, start);
    const isMade = body && /\bdef\s+__init__\b/.test(text.slice(text.lastIndexOf('def ', start), start));
    return isMade ? body : undefined;
  }
  if (family !== 'go') return undefined;
  const method = /^func\s*\(\s*\w+\s+\*?(\w+)(?:\[[^\]]*\])?\s*\)\s*$/.exec(text.slice(line.start, start));
  return method?.[1] && text[end] === '(' ? { owner: method[1], body: { from: start, to: end } } : undefined;
}

function pythonClassAround(text: string, offset: number): { readonly owner: string; readonly body: Range } | undefined {
  const before = text.slice(0, offset);
  const heads = [...before.slice(-40_000).matchAll(/^class\s+(\w+)[^\n]*$/gm)];
  const head = heads.at(-1);
  if (!head?.[1]) return undefined;
  const from = before.length - Math.min(before.length, 40_000) + head.index;
  // A line without indentation between them ends the class.
  if (/\n[^\s#)\]}]/.test(before.slice(from + head[0].length))) return undefined;
  const rest = /\n[^\s#)\]}]/.exec(text.slice(offset));
  return { owner: head[1], body: { from, to: rest ? offset + rest.index : text.length } };
}

/** Where `this` and `self` are of the type: its body, and in Rust its implementations. */
function ownBodies(source: Source, owner: string, body: Range): readonly Range[] {
  const { text, family } = source;
  if (family !== 'rust') return [body];
  const impls = [...text.matchAll(new RegExp(`\\bimpl\\b(?:<[^{};]*?>)?[^{};]*\\b${owner}\\b[^{};]*\\{`, 'g'))];
  return [body, ...impls.map((match) => match.index + match[0].length - 1).map((open) => ({ from: open, to: partnerOf(source, open) ?? text.length }))];
}

/** Variables and parameters of which the text says that they are of the type, and where they mean that. */
function typedNames(source: Source, owner: string): readonly { readonly name: string; readonly scope: Range }[] {
  const { text, family } = source;
  // From each place of the type's name outwards: much faster than a pattern for the whole over all of the text.
  return namesIn(source, owner, { from: 0, to: text.length }).flatMap((typeAt) => {
    const lead = text.slice(Math.max(0, typeAt - 120), typeAt);
    const behind = text.slice(typeAt + owner.length, typeAt + owner.length + 60);
    const name =
      (/^[\p{L}\p{N}_$.[]/u.test(behind) ? undefined : annotated.exec(lead)?.[1]) ??
      (/^\s*[({]/.test(behind) ? assigned.exec(lead)?.[1] : undefined) ??
      (family === 'go' && /^[\s,){]/.test(behind) ? goTyped.exec(lead)?.[1] : undefined) ??
      (family === 'braces' ? /^\s+[*&]?([\p{L}_$][\p{L}\p{N}_$]*)\s*[=;,)]/u.exec(behind)?.[1] : undefined);
    if (name === undefined || !isName(name)) return [];
    const before = text.lastIndexOf(name, typeAt - 1);
    const at = before >= typeAt - 120 && before >= 0 ? before : text.indexOf(name, typeAt + owner.length);
    const declaration = at >= 0 && kindAt(source, at) === 'code' ? declarationAt(source, at, at + name.length) : undefined;
    return declaration && declaration.kind !== 'member' ? [{ name, scope: declaration.scope }] : [];
  });
}

const annotated = /(?<![\p{L}\p{N}_$])([\p{L}_$][\p{L}\p{N}_$]*)\s*[?!]?:\s*(?:&(?:'\w+\s+)?(?:mut\s+)?|\*|readonly\s+)*$/u;
const assigned = /(?<![\p{L}\p{N}_$])([\p{L}_$][\p{L}\p{N}_$]*)\s*(?::[^=\n;]*)?(?::=|=)\s*(?:new\s+|&)?$/u;
const goTyped = /(?<![\p{L}\p{N}_$])([\p{L}_][\p{L}\p{N}_]*)\s+\*?$/u;

/** The name before the dot; undefined when there is none, '' when it is something longer. */
function receiverBefore(text: string, at: number): string | undefined {
  if (text[at - 1] !== '.' || text[at - 2] === '.') return undefined;
  const lead = /(?<![\p{L}\p{N}_$.)\]])([\p{L}_$][\p{L}\p{N}_$]*)[?!]?\.$/u.exec(text.slice(Math.max(0, at - 80), at));
  return lead?.[1] ?? '';
}

/** `Owner { name: …`, `const x: Owner = { name: …`, and in Python `Owner(name=…`. */
function isKeyOfLiteral(source: Source, { at, length, owner }: { readonly at: number; readonly length: number; readonly owner: string }): boolean {
  const { text, family } = source;
  const around = bracketsAround(source, at);
  if (!around) return false;
  const before = text.slice(around.open, at).trimEnd().at(-1) ?? '';
  if (before !== ',' && before !== text[around.open]) return false;
  const head = text.slice(Math.max(0, around.open - 120), around.open);
  const next = text.slice(at + length, at + length + 20);
  if (family === 'python') return text[around.open] === '(' && /^=(?!=)/.test(next) && new RegExp(`(?<![\\w.])${owner}$`).test(head);
  if (text[around.open] !== '{' || !/^\s*:(?!:)/.test(next)) return false;
  if (family === 'js') return new RegExp(`:\\s*${owner.replaceAll('$', '\\$')}\\s*=\\s*$`).test(head);
  return new RegExp(`(?<![\\w.])${owner}\\s*$`).test(head) && !new RegExp(`\\b(?:struct|impl|enum|trait|for)\\s+${owner}\\s*$`).test(head);
}
