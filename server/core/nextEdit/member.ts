// A new member of a class or struct: where the member beside it is a field, a parameter of the constructor and is assigned there, the new
// one is offered the same. It copies what stands beside it and knows nothing else about classes.
import { indentedBlockEnd, ownerOf } from './declarations.ts';
import { addedItem, insertionAt, type Item, itemsBetween } from './lists.ts';
import { eolAt, isName, type Line, lineAfter, lineAround, lineBefore, wordsIn } from './names.ts';
import type { NextEdit, RecentChange, Rule } from './nextEdit.ts';
import { bracketsAround, kindAt, partnerOf, type Source } from './source.ts';

interface Constructor {
  readonly open: number;
  readonly close: number;
  /** Of its block. */
  readonly from: number;
  readonly to: number;
  readonly items: readonly Item[];
}

interface Member {
  readonly name: string;
  /** As written; empty where none is. */
  readonly type: string;
}

export const suggestMember: Rule = ({ source, change }) => {
  const added = addedParameter(source, change) ?? addedField(source, change);
  if (!added) return [];
  const { member, sibling, built, fields } = added;
  const why = `${member.name} is new beside ${sibling}`;
  const edits: NextEdit[] = [];
  const add = (insertion: { readonly start: number; readonly newText: string } | undefined) => {
    if (insertion) edits.push({ ...insertion, end: insertion.start, kind: 'member', why });
  };
  const names = built.items.map((item) => memberOf(item.text).name);
  if (!names.includes(member.name)) {
    const index = names.indexOf(sibling);
    const old = built.items[index];
    // A parameter that is a field by a modifier, or may be left out, is another kind.
    if (!old || !/^[\p{L}_$]/u.test(old.text) || old.text.includes('=') || memberOf(old.text).name !== sibling) return [];
    add(insertionAt(source, { open: built.open, items: built.items }, { index: index + 1, item: written(source, member) }));
  }
  add(newField(source, { member, sibling, fields }));
  add(newAssignment(source, { member, sibling, built }));
  return edits;
};

interface Added {
  readonly member: Member;
  /** The name of the member whose ways are copied. */
  readonly sibling: string;
  readonly built: Constructor;
  /** What is between the braces of the type; none in Python. */
  readonly fields: { readonly open: number; readonly close: number } | undefined;
}

function addedParameter(source: Source, change: RecentChange): Added | undefined {
  const list = bracketsAround(source, change.start, '(');
  const built = list && constructorAt(source, list.open);
  const added = built && addedItem(source, built, change);
  const item = added?.items[added.index];
  if (!added || !item || !built) return undefined;
  const member = memberOf(item.text);
  const siblings = [added.items[added.index - 1], added.items[added.index + 1]].flatMap((one) => (one ? [memberOf(one.text).name] : []));
  const sibling = siblings.find((name) => isName(name) && assignmentOf(source, name, built) !== undefined);
  if (sibling === undefined || !isName(member.name)) return undefined;
  return { member, sibling, built, fields: fieldsFor(source, built.open) };
}

function addedField(source: Source, change: RecentChange): Added | undefined {
  const { text } = source;
  if (source.family === 'python' || change.before.trim() !== '' || change.after.trim() === '') return undefined;
  const at = change.start + change.after.length - change.after.trimStart().length;
  const line = lineAround(text, at);
  // The line is new as a whole; a closing sign may have stood there.
  if (change.start > line.start + (line.text.length - line.text.trimStart().length) || change.start + change.after.length < line.end - 1) return undefined;
  const member = fieldOf(source, line.text);
  const fields = bracketsAround(source, at);
  if (!member || !fields || text[fields.open] !== '{') return undefined;
  const owner = ownerOf(source, fields.open);
  const built = owner === undefined ? undefined : constructorOf(source, owner, fields);
  if (!built) return undefined;
  const beside = [lineBefore(text, line), lineAfter(text, line)].flatMap((one) => (one && one.start > fields.open ? [fieldOf(source, one.text)?.name] : []));
  const names = built.items.map((item) => memberOf(item.text).name);
  const sibling = beside.find((name) => name !== undefined && names.includes(name) && assignmentOf(source, name, built) !== undefined);
  return sibling === undefined ? undefined : { member, sibling, built, fields };
}

/** The constructor whose parameters begin at `open`. */
function constructorAt(source: Source, open: number): Constructor | undefined {
  const { text, family } = source;
  const head = text.slice(Math.max(0, open - 80), open);
  const isConstructor =
    family === 'js'
      ? /\bconstructor\s*$/.test(head)
      : family === 'python'
        ? /\bdef\s+__init__\s*$/.test(head)
        : family === 'go'
          ? /\bfunc\s+[nN]ew\w*\s*$/.test(head)
          : family === 'rust' && /\bfn\s+new\w*\s*$/.test(head);
  const close = isConstructor ? partnerOf(source, open) : undefined;
  if (close === undefined) return undefined;
  const items = itemsBetween(source, open, close);
  if (family === 'python') return { open, close, from: close, to: indentedBlockEnd(text, lineAround(text, open), close), items };
  const brace = text.indexOf('{', close);
  const end = brace < 0 || /[;}]/.test(text.slice(close, brace)) ? undefined : partnerOf(source, brace);
  return end === undefined ? undefined : { open, close, from: brace, to: end, items };
}

/** The constructor of the type, when it has exactly one. */
function constructorOf(source: Source, owner: string, fields: { readonly open: number; readonly close: number }): Constructor | undefined {
  const { text, family } = source;
  const pattern =
    family === 'js'
      ? /\bconstructor\s*\(/g
      : family === 'go'
        ? new RegExp(`\\bfunc\\s+[nN]ew\\w*\\s*\\((?=[^{}]*\\)\\s*\\(?\\s*\\*?${owner}\\b)`, 'g')
        : new RegExp(`\\bimpl\\s+${owner}\\s*\\{[^]{0,400}?\\bfn\\s+new\\w*\\s*\\(`, 'g');
  const found = [...text.matchAll(pattern)]
    .map((match) => match.index + match[0].length - 1)
    .filter((open) => kindAt(source, open) === 'code' && (family !== 'js' || (open > fields.open && open < fields.close)));
  return found.length === 1 && found[0] !== undefined ? constructorAt(source, found[0]) : undefined;
}

/** The braces that hold the fields of the type whose constructor has its parameters at `open`. */
function fieldsFor(source: Source, open: number): { readonly open: number; readonly close: number } | undefined {
  const { text, family } = source;
  if (family === 'python') return undefined;
  if (family === 'js') return bracketsAround(source, open, '{');
  const around = family === 'rust' ? bracketsAround(source, open, '{') : undefined;
  const owner = family === 'rust' ? around && ownerOf(source, around.open) : /^\s*\(?\s*\*?(\w+)/.exec(text.slice((partnerOf(source, open) ?? open) + 1))?.[1];
  if (!owner) return undefined;
  const head = new RegExp(family === 'rust' ? `\\bstruct\\s+${owner}\\s*\\{` : `\\btype\\s+${owner}\\s+struct\\s*\\{`).exec(text);
  const brace = head ? head.index + head[0].length - 1 : -1;
  const close = brace < 0 ? undefined : partnerOf(source, brace);
  return close === undefined ? undefined : { open: brace, close };
}

function memberOf(parameter: string): Member {
  const match = /^([\p{L}_$][\p{L}\p{N}_$]*)\s*(?::\s*|\s)?([^=]*)/u.exec(parameter);
  return { name: match?.[1] ?? '', type: match?.[2]?.trim() ?? '' };
}

const jsField = /^(\s*(?:(?:public|private|protected|readonly|declare|override)\s+)*)#?([\p{L}_$][\p{L}\p{N}_$]*)!?\s*:\s*([^=;]+?);?\s*$/u;
const rustField = /^(\s*(?:pub(?:\([^)]*\))?\s+)?)([\p{L}_][\p{L}\p{N}_]*)\s*:\s*([^;]+?),?\s*$/u;
const goField = /^(\s+)([\p{L}_][\p{L}\p{N}_]*)\s+([^\s`/]+)\s*(?:`[^`]*`)?\s*$/u;

function fieldOf({ family }: Source, line: string): Member | undefined {
  const match = (family === 'js' ? jsField : family === 'rust' ? rustField : goField).exec(line);
  return match?.[2] && match[3] && isName(match[2]) ? { name: match[2], type: match[3].trim() } : undefined;
}

function written({ family }: Source, { name, type }: Member): string {
  if (type === '') return name;
  return family === 'go' ? `${name} ${type}` : `${name}: ${type}`;
}

interface Beside {
  readonly member: Member;
  readonly sibling: string;
}

function newField(source: Source, { member, sibling, fields }: Beside & { readonly fields: Added['fields'] }): { start: number; newText: string } | undefined {
  if (!fields || member.type === '') return undefined;
  const { text } = source;
  let model: { readonly line: Line; readonly type: string } | undefined;
  for (let line = lineAfter(text, lineAround(text, fields.open)); line && line.start < fields.close; line = lineAfter(text, line)) {
    const field = bracketsAround(source, line.start)?.open === fields.open ? fieldOf(source, line.text) : undefined;
    if (field?.name === member.name) return undefined;
    if (field?.name === sibling) model = { line, type: field.type };
  }
  if (!model || !text.slice(model.line.start, model.line.end).includes(model.type)) return undefined;
  const head = model.line.text.slice(0, model.line.text.lastIndexOf(model.type));
  const tail = model.line.text.slice(head.length + model.type.length);
  // A tag in backticks names the field in its own way.
  if (tail.includes('`')) return undefined;
  return { start: model.line.end, newText: eolAt(text, model.line) + renamedIn(head, sibling, member.name) + member.type + tail };
}

interface Assignment {
  readonly kind: 'line' | 'item';
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly isLineOfItsOwn?: boolean;
}

/** How a parameter gets into its field, where that is said in the simplest form. */
function assignmentOf(source: Source, name: string, { from, to }: Constructor): Assignment | undefined {
  const { text, family } = source;
  for (const at of wordsIn(text, name, { from, to })) {
    if (kindAt(source, at) !== 'code') continue;
    const line = lineAround(text, at);
    if (family === 'js' || family === 'python') {
      const [, target, value] = /^\s*(?:this|self)\.[#_]{0,2}([\p{L}_$][\p{L}\p{N}_$]*)\s*=\s*([\p{L}_$][\p{L}\p{N}_$]*);?\s*$/u.exec(line.text) ?? [];
      if (target?.replace(/^_+/, '') === name.replace(/^_+/, '') && value === name) return { kind: 'line', ...line };
      continue;
    }
    const around = bracketsAround(source, at);
    if (
      !around ||
      text[around.open] !== '{' ||
      !/(?:Self|[A-Z]\w*|&\w+|\breturn\s+\w+|:=\s*\w+)\s*$/.test(text.slice(Math.max(0, around.open - 60), around.open))
    )
      continue;
    const item = itemsBetween(source, around.open, around.close).find((one) => at >= one.start && at < one.end);
    const isPlain = item && new RegExp(`^(?:${name}|(?:${name}|${capitalized(name)})\\s*:\\s*${name})$`).test(item.text);
    if (item && isPlain)
      return { kind: 'item', start: item.start, end: item.end, text: item.text, isLineOfItsOwn: line.text.trim().replace(/,$/, '') === item.text };
  }
  return undefined;
}

function newAssignment(source: Source, { member, sibling, built }: Beside & { readonly built: Constructor }): { start: number; newText: string } | undefined {
  const { text } = source;
  if (wordsIn(text, member.name, { from: built.from, to: built.to }).some((at) => kindAt(source, at) === 'code')) return undefined;
  const model = assignmentOf(source, sibling, built);
  if (!model) return undefined;
  const copy = renamedIn(model.text, sibling, member.name);
  const line = lineAround(text, model.start);
  if (model.kind === 'line') return { start: line.end, newText: eolAt(text, line) + copy };
  if (!model.isLineOfItsOwn) return { start: model.end, newText: `, ${copy}` };
  const indent = text.slice(line.start, model.start);
  return { start: model.end, newText: `,${eolAt(text, line)}${indent}${copy}` };
}

function renamedIn(text: string, from: string, to: string): string {
  const renamed = text.replaceAll(
    new RegExp(`(?<![\\p{L}\\p{N}$])([#_]{0,2})${from.replaceAll('$', '\\$')}(?![\\p{L}\\p{N}_$])`, 'gu'),
    (_, lead: string) => lead + to,
  );
  return renamed.replaceAll(new RegExp(`(?<![\\p{L}\\p{N}_$])${capitalized(from).replaceAll('$', '\\$')}(?![\\p{L}\\p{N}_$])`, 'gu'), capitalized(to));
}

function capitalized(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
