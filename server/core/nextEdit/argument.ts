// A parameter more: the calls of that function in this file that lack an argument for it, where one by that name is at hand. And an
// argument more at one call: the same at the others. It knows calls by the name before the parentheses; it must not know types.
import { declarationAt, bodyBehind } from './declarations.ts';
import { addedItem, insertionAt, type Item, itemsBetween } from './lists.ts';
import { isKeyword, isMember, isName, namesIn } from './names.ts';
import type { NextEdit, RecentChange, Rule } from './nextEdit.ts';
import { bracketsAround, kindAt, partnerOf, type Source, sourceOf } from './source.ts';

const mostCalls = 100;
/** Take as many as they are given. */
const variadic = new Set(
  'print printf println sprintf format max min append log assert push concat panic super require import catch emit call apply bind dict list tuple set make new'.split(
    ' ',
  ),
);

export const suggestArgument: Rule = ({ source, change }) => {
  const list = bracketsAround(source, change.start, '(');
  if (!list || list.close >= source.text.length) return [];
  const callee = calleeBefore(source, list.open);
  if (!callee || variadic.has(callee.name)) return [];
  const added = addedItem(source, list, change);
  const item = added?.items[added.index];
  if (!added || !item || item.text.includes('\n') || item.text.length > 80) return [];
  const definition = definitionAt(source, list.open);
  return definition
    ? forParameter(source, { ...added, item, definition, open: list.open })
    : forArgument(source, { ...added, item, callee, open: list.open, change });
};

interface Callee {
  /** The last name before the parentheses. */
  readonly name: string;
  /** All of it, such as `this.load`. */
  readonly path: string;
}

const calleePattern = /(?<![\p{L}\p{N}_$.\])])((?:[\p{L}_$][\p{L}\p{N}_$]*(?:\?\.|\.|::))*)([\p{L}_$][\p{L}\p{N}_$]*)$/u;

function calleeBefore({ text }: Source, open: number): Callee | undefined {
  const match = calleePattern.exec(text.slice(Math.max(0, open - 120), open));
  const name = match?.[2];
  return name !== undefined && (isName(name) || name === 'constructor') ? { name, path: match?.[0] ?? name } : undefined;
}

interface Definition {
  readonly name: string;
  /** Belongs to a class: called through `this` or `self`. */
  readonly isMethod: boolean;
}

/** Whether the parentheses hold the parameters of a function that is defined there. */
function definitionAt(source: Source, open: number): Definition | undefined {
  const { text, family } = source;
  const head = text.slice(Math.max(0, open - 120), open);
  const named = /\b(?:function\s*\*?|def|fn|func)\s+([\p{L}_$][\p{L}\p{N}_$]*)\s*(?:<[^()]*>)?$/u.exec(head)?.[1];
  const close = partnerOf(source, open);
  if (named !== undefined) {
    const first = text.slice(open + 1, close).trimStart();
    return {
      name: named,
      isMethod: (family === 'python' && /^(?:self|cls)\b/.test(first)) || (family === 'rust' && /^&?(?:'\w+\s+)?(?:mut\s+)?self\b/.test(first)),
    };
  }
  if (family !== 'js' || close === undefined) return undefined;
  const assigned = /\b(?:const|let|var)\s+([\p{L}_$][\p{L}\p{N}_$]*)\s*(?::[^=]*)?=\s*(?:async\s*)?(?:function\s*)?$/u.exec(head)?.[1];
  if (assigned !== undefined) return bodyBehind(source, { close }) ? { name: assigned, isMethod: false } : undefined;
  const method = /(?:^|[\n;{}])\s*(?:(?:public|private|protected|static|async|override)\s+)*[*#]?([\p{L}_$][\p{L}\p{N}_$]*)\s*(?:<[^()]*>)?$/u.exec(head)?.[1];
  if (method === undefined || isKeyword(method) || !/^\s*(?::[^{};=]*)?\{/.test(text.slice(close + 1, close + 200))) return undefined;
  return { name: method, isMethod: true };
}

interface Call {
  readonly open: number;
  readonly items: readonly Item[];
}

/** All calls by this path, apart from the one at `except`. */
function callsOf(source: Source, path: string, except: number): readonly Call[] {
  const { text } = source;
  const name = /[^.:?]*$/.exec(path)?.[0] ?? path;
  const places = namesIn(source, name, { from: 0, to: text.length });
  if (places.length > mostCalls) return [];
  return places.flatMap((at): Call[] => {
    const open = at + name.length;
    if (open === except || text[open] !== '(' || definitionAt(source, open) || calleeBefore(source, open)?.path !== path) return [];
    const close = partnerOf(source, open);
    return close === undefined ? [] : [{ open, items: itemsBetween(source, open, close) }];
  });
}

interface ForParameter {
  readonly index: number;
  readonly countBefore: number;
  readonly item: Item;
  readonly definition: Definition;
  readonly open: number;
}

function forParameter(source: Source, { index, countBefore, item, definition, open }: ForParameter): readonly NextEdit[] {
  const { family } = source;
  const name = /^(?:mut\s+)?([\p{L}_$][\p{L}\p{N}_$]*)/u.exec(item.text)?.[1];
  // One that may be left out asks for nothing.
  if (name === undefined || !isName(name) || item.text.includes('=') || /^[\p{L}\p{N}_$]+\?/u.test(item.text)) return [];
  const own = definition.isMethod && family !== 'js' ? 1 : 0;
  const path = definition.isMethod ? `${family === 'js' ? 'this' : 'self'}.${definition.name}` : definition.name;
  return callsOf(source, path, open).flatMap((call) => {
    if (call.items.length !== countBefore - own || !isVisible(source, name, call.open)) return [];
    const { start, newText } = insertionAt(source, call, { index: index - own, item: name });
    return [{ start, end: start, newText, kind: 'argument' as const, why: `${definition.name} takes ${name} now` }];
  });
}

interface ForArgument {
  readonly index: number;
  readonly countBefore: number;
  readonly item: Item;
  readonly callee: Callee;
  readonly open: number;
  readonly change: RecentChange;
}

function forArgument(source: Source, { index, countBefore, item, callee, open }: ForArgument): readonly NextEdit[] {
  const owner = /^(?:this|self)\./.test(callee.path);
  if (callee.path !== callee.name && !owner) return [];
  if (/=>|\bfunction\b|\blambda\b|[{;|]/.test(item.text)) return [];
  // Another signature of the same function is no call.
  if (/^(?:\.\.\.)?[\p{L}_$][\p{L}\p{N}_$]*\??:(?!:)/u.test(item.text)) return [];
  // What is given by its name may mostly be left out.
  if (/^[\p{L}_]\w*=(?!=)/u.test(item.text)) return [];
  const names = namesOf(source, item.text);
  const parameters = parametersOf(source, callee.name);
  // Where the function stands in this file, it must want the argument; where it does not, a value of one's own says that it does.
  if (parameters ? parameters.length <= countBefore || !isRequired(source, parameters[index]) : names.length === 0) return [];
  return callsOf(source, callee.path, open).flatMap((call) => {
    if (call.items.length !== countBefore || !names.every((name) => isVisible(source, name, call.open) || !isDeclaredAnywhere(source, name))) return [];
    const { start, newText } = insertionAt(source, call, { index, item: item.text });
    return [{ start, end: start, newText, kind: 'argument' as const, why: `another call of ${callee.name} got ${item.text}` }];
  });
}

/** Parameters of the one definition in the file, without `self`. */
function parametersOf(source: Source, name: string): readonly Item[] | undefined {
  const { text } = source;
  const lists = namesIn(source, name, { from: 0, to: text.length }).flatMap((at) => {
    const open = text.indexOf('(', at + name.length);
    const isNear = open >= 0 && open - at - name.length < 60 && definitionAt(source, open)?.name === name;
    const close = isNear ? partnerOf(source, open) : undefined;
    return close === undefined ? [] : [itemsBetween(source, open, close).filter(({ text: item }) => !/^&?(?:'\w+\s+)?(?:mut\s+)?(?:self|cls)$/.test(item))];
  });
  return lists.length === 0 ? undefined : lists.length === 1 ? lists[0] : [];
}

function isRequired(source: Source, parameter: Item | undefined): boolean {
  return (
    parameter !== undefined &&
    !parameter.text.includes('=') &&
    !/^(?:\.\.\.|\*|[\p{L}\p{N}_$]+\?)/u.test(parameter.text) &&
    kindAt(source, parameter.start) === 'code'
  );
}

function namesOf({ languageId }: Source, expression: string): readonly string[] {
  const source = sourceOf(expression, languageId);
  const words = [...expression.matchAll(/(?<![\p{L}\p{N}_$])[\p{L}_$][\p{L}\p{N}_$]*/gu)];
  return words.filter(({ 0: word, index }) => isName(word) && !isMember(expression, index) && kindAt(source, index) === 'code').map(([word]) => word);
}

/** The name means something at the offset: a declaration before it, or one of the file's own, reaches there. */
function isVisible(source: Source, name: string, offset: number): boolean {
  return declarationsOf(source, name).some(({ from, to }) => offset >= from && offset < to);
}

function isDeclaredAnywhere(source: Source, name: string): boolean {
  return declarationsOf(source, name).length > 0;
}

function declarationsOf(source: Source, name: string) {
  return namesIn(source, name, { from: 0, to: source.text.length })
    .slice(0, mostCalls)
    .flatMap((at) => {
      const declaration = declarationAt(source, at, at + name.length);
      return declaration && declaration.kind !== 'member' ? [declaration.scope] : [];
    });
}
