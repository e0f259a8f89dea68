// What stands before the dot at the cursor, as far as the text and the facts tell without a type checker: `this`, `self`, a variable or field with a
// type, what a known function or class gives when it is called. It knows facts; it must not know ranks.
import type { Definition, FileFacts, SymbolSource } from './facts.ts';

const maxSteps = 6;
const maxBases = 32;
/** What stands further before the cursor is data: a line may be as long as a file. */
const maxPrefix = 500;

/** One name of a chain; `take` of `this.pool.take().na` is called. */
interface Step {
  readonly name: string;
  readonly isCalled: boolean;
}

/**
 * @param linePrefix the cursor's line up to the cursor
 * @returns simple names of types; none where nothing says what it is, or no dot stands there
 */
export function typesBeforeDot(source: SymbolSource, facts: FileFacts, cursor: { readonly line: number; readonly linePrefix: string }): readonly string[] {
  const steps = stepsBeforeDot(cursor.linePrefix);
  const [first, ...rest] = steps;
  if (first === undefined || steps.length > maxSteps) return [];
  let types = typesOfFirst(source, facts, { ...first, line: cursor.line });
  for (const step of rest) {
    const members = membersOfTypes(source, types).filter((member) => member.name === step.name);
    types = [...new Set(members.flatMap(({ typeName }) => (typeName === undefined ? [] : [typeName])))];
  }
  return types;
}

/** The chain of names, each perhaps called, up to a dot and the begin of a name. It is read from its end, each sign once. */
function stepsBeforeDot(linePrefix: string): readonly Step[] {
  const text = linePrefix.slice(-maxPrefix);
  const steps: Step[] = [];
  let at = nameStart(text, text.length);
  while (steps.length <= maxSteps && text[at - 1] === '.') {
    let end = text[at - 2] === '?' ? at - 2 : at - 1;
    const opened = text[end - 1] === ')' ? text.lastIndexOf('(', end - 2) : -1;
    const isCalled = opened >= 0 && !text.slice(opened, end - 1).includes(')');
    if (isCalled) end = opened;
    at = nameStart(text, end);
    // `1.` is a number, and `2x` ends with the name `x`.
    const isCut = /\d/.test(text[at] ?? '');
    const name = text.slice(at, end).replace(/^\d+/, '');
    if (name === '') break;
    steps.unshift({ name, isCalled });
    if (isCut) break;
  }
  return steps;
}

/** Where the name begins that ends here. */
function nameStart(text: string, end: number): number {
  let at = end;
  while (at > 0 && /[\w$]/.test(text[at - 1] as string)) at--;
  return at;
}

/** Members of these types and of all types that they extend or implement; the type's own first. */
export function membersOfTypes(source: SymbolSource, types: readonly string[]): Definition[] {
  const names = new Set(types);
  for (const name of names) {
    for (const base of source.baseTypesOf(name)) if (names.size < maxBases) names.add(base);
  }
  return [...names].flatMap((name) => source.membersOf(name));
}

function typesOfFirst(source: SymbolSource, facts: FileFacts, { name, isCalled, line }: Step & { readonly line: number }): string[] {
  if (name === 'this' || name === 'self' || name === 'cls') return classAround(facts, line);
  if (name === 'super') return classAround(facts, line).flatMap((type) => source.baseTypesOf(type));
  if (!isCalled) {
    const nearest = facts.bindings.filter((binding) => binding.name === name).sort((a, b) => distance(a.line, line) - distance(b.line, line))[0];
    if (nearest) return [nearest.typeName];
  }
  const binding = facts.imports.find((one) => one.local === name && one.imported !== '*');
  const own = facts.definitions.filter((definition) => definition.name === name && definition.container === undefined);
  const meant = own.length > 0 ? own : binding ? source.definitionsOfImport(binding) : [];
  const types = meant.flatMap((definition) => (isClass(definition) ? [definition.name] : definition.typeName === undefined ? [] : [definition.typeName]));
  return [...new Set(types)];
}

/** A variable is likelier the one declared above than one further down. */
function distance(at: number, line: number): number {
  return at <= line ? line - at : 2 * (at - line) + 1;
}

/** The innermost type around the line; where none has been read yet, none. */
function classAround(facts: FileFacts, line: number): string[] {
  const around = facts.definitions.filter((definition) => isClass(definition) && definition.startLine <= line && line <= definition.endLine);
  const innermost = around.sort((a, b) => b.startLine - a.startLine)[0];
  return innermost ? [innermost.name] : [];
}

const isClass = ({ kind }: Definition) => kind === 'class' || kind === 'interface' || kind === 'struct' || kind === 'trait' || kind === 'enum';
