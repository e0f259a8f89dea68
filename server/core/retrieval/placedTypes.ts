// Types by the places of their declarations, as an editor's language services give them: which type that is among the facts, and its members. It knows facts;
// it must not know who says a place. A place is exact where a simple name may mean several types, so homonyms in other files are kept apart.
import type { Definition, SymbolSource } from './facts.ts';

export interface PlaceInFile {
  readonly path: string;
  readonly line: number;
}

/** A type that stays the same one while its file is edited. */
export interface TypeIdentity {
  readonly path: string;
  readonly name: string;
  readonly container?: string;
}

const maxTypes = 32;
const typeKinds = new Set<Definition['kind']>(['class', 'interface', 'struct', 'trait', 'enum', 'type']);

/** @returns undefined where something else is declared, such as an object without a type */
export function typeDeclaredAt(source: SymbolSource, place: PlaceInFile): TypeIdentity | undefined {
  const around = definitionsAround(source, place);
  const found = around.find((one) => one.startLine === place.line && isType(one)) ?? innermost(around);
  return found && isType(found) ? identityOf(found) : undefined;
}

/** @returns the types of what is declared there under that name: a type itself, what a function returns, what a variable holds */
export function typesOfNamed(source: SymbolSource, place: PlaceInFile, name: string): TypeIdentity[] {
  const found = definitionsAround(source, place).find((one) => one.name === name || (isType(one) && one.startLine === place.line));
  if (!found) return [];
  if (isType(found)) return [identityOf(found)];
  return found.typeName === undefined ? [] : typesMeant(source, { path: found.path, name: found.typeName });
}

/** @returns the members of the type, then those of the types it extends or implements; a type without any stands for itself */
export function membersOfType(source: SymbolSource, type: TypeIdentity): Definition[] {
  const types = new Map([[keyOf(type), type]]);
  for (const one of types.values()) {
    for (const base of basesOf(source, one)) if (types.size < maxTypes) types.set(keyOf(base), base);
  }
  const members = [...types.values()].flatMap((one) => ownMembers(source, one));
  if (members.length > 0) return members;
  // What an alias stands for is in its signature.
  return (source.file(type.path)?.definitions ?? []).filter((one) => isType(one) && one.name === type.name && one.container === type.container);
}

function basesOf(source: SymbolSource, { path, name }: TypeIdentity): TypeIdentity[] {
  const bases = source.file(path)?.baseTypes.filter((one) => one.type === name) ?? [];
  return bases.flatMap(({ base }) => typesMeant(source, { path, name: base }));
}

/** In Go, Rust or C++ members may stand in other files than the type, but not in one that has a type of that name itself. */
function ownMembers(source: SymbolSource, { path, name, container }: TypeIdentity): Definition[] {
  const whole = container === undefined ? name : `${container}.${name}`;
  const homonyms = new Set(source.definitionsNamed(name).flatMap((one) => (isType(one) && one.path !== path ? [one.path] : [])));
  return source.membersOf(name).filter((member) => (member.path === path ? member.container === whole : homonyms.size === 0));
}

/** What a simple name of a type means in a file: declared there, imported, in the same folder, or the only one of the project. */
function typesMeant(source: SymbolSource, { path, name }: TypeIdentity): TypeIdentity[] {
  const facts = source.file(path);
  const own = facts?.definitions.filter((one) => one.name === name && isType(one)) ?? [];
  if (own.length > 0) return own.map(identityOf);
  const imported = facts?.imports.filter((one) => one.local === name).flatMap((one) => source.definitionsOfImport(one)) ?? [];
  if (imported.length > 0) return imported.filter(isType).map(identityOf);
  const named = source.definitionsNamed(name).filter(isType);
  const beside = named.filter((one) => folderOf(one.path) === folderOf(path));
  const meant = beside.length > 0 ? beside : named;
  return meant.length === 1 ? meant.map(identityOf) : [];
}

function definitionsAround(source: SymbolSource, { path, line }: PlaceInFile): Definition[] {
  return (source.file(path)?.definitions ?? []).filter((one) => one.startLine <= line && line <= one.endLine);
}

function innermost(around: readonly Definition[]): Definition | undefined {
  return around.toSorted((a, b) => b.startLine - a.startLine || a.endLine - b.endLine)[0];
}

const isType = ({ kind }: Definition) => typeKinds.has(kind);
const identityOf = ({ path, name, container }: Definition): TypeIdentity => ({ path, name, ...(container === undefined ? {} : { container }) });
const keyOf = ({ path, name, container }: TypeIdentity) => `${path}\0${container ?? ''}\0${name}`;
const folderOf = (path: string) => path.slice(0, path.lastIndexOf('/') + 1);
