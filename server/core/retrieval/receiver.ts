// What stands before the dot at the cursor, as far as the text and the facts tell without a type checker: `this`, `self`, a variable or field with a
// type, what a known function or class gives when it is called. It knows facts; it must not know ranks.
import type { Definition, FileFacts, SymbolSource } from './facts.ts';

/** A chain of names, each perhaps called, up to a dot and the begin of a name: `this.pool.take().na`. */
const chainBeforeDot = /((?:[A-Za-z_$][\w$]*(?:\([^()]*\))?\??\.)+)[\w$]*$/;
const maxSteps = 6;
const maxBases = 32;

/**
 * @param linePrefix the cursor's line up to the cursor
 * @returns simple names of types; none where nothing says what it is, or no dot stands there
 */
export function typesBeforeDot(source: SymbolSource, facts: FileFacts, cursor: { readonly line: number; readonly linePrefix: string }): readonly string[] {
  const steps = (chainBeforeDot.exec(cursor.linePrefix)?.[1] ?? '').split(/\??\./).slice(0, -1);
  const [first, ...rest] = steps;
  if (first === undefined || steps.length > maxSteps) return [];
  let types = typesOfFirst(source, facts, { name: nameOf(first), isCalled: first.endsWith(')'), line: cursor.line });
  for (const step of rest) {
    const members = membersOfTypes(source, types).filter((member) => member.name === nameOf(step));
    types = [...new Set(members.flatMap(({ typeName }) => (typeName === undefined ? [] : [typeName])))];
  }
  return types;
}

/** Members of these types and of all types that they extend or implement; the type's own first. */
export function membersOfTypes(source: SymbolSource, types: readonly string[]): Definition[] {
  const names = new Set(types);
  for (const name of names) {
    for (const base of source.baseTypesOf(name)) if (names.size < maxBases) names.add(base);
  }
  return [...names].flatMap((name) => source.membersOf(name));
}

function typesOfFirst(
  source: SymbolSource,
  facts: FileFacts,
  { name, isCalled, line }: { readonly name: string; readonly isCalled: boolean; readonly line: number },
): string[] {
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

const nameOf = (step: string) => step.replace(/\(.*$/, '');
const isClass = ({ kind }: Definition) => kind === 'class' || kind === 'interface' || kind === 'struct' || kind === 'trait' || kind === 'enum';
