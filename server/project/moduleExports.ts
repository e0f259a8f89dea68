// What a module gives away under a name, re-exports followed. It knows the facts of files; it must not know layers or how imports are resolved.
import type { Definition, FileFacts, ImportBinding } from '../core/retrieval/facts.ts';
import { isModuleNamed } from '../core/retrieval/moduleNames.ts';
import { ownerOf } from './factLayer.ts';
import { nameOf } from './fileSet.ts';

const maxReExportDepth = 8;
/** Of one import, at most. */
const maxExported = 256;

interface Wanted {
  readonly file: (path: string) => FileFacts | undefined;
  readonly path: string;
  readonly name: string;
  readonly depth: number;
  readonly seen: Set<string>;
}

type Follow = (paths: readonly string[], wanted: string) => Definition[];

/**
 * @param file the facts of a file of the folder
 * @param name `*` for everything
 * @returns its own definitions first, then what it passes on; at most 256
 */
export function definitionsExported(file: Wanted['file'], paths: readonly string[], name: string): Definition[] {
  const seen = new Set<string>();
  return distinct(paths.flatMap((path) => exported({ file, path, name, depth: 0, seen }))).slice(0, maxExported);
}

function exported({ file, path, name, depth, seen }: Wanted): Definition[] {
  const key = `${path}\0${name}`;
  if (depth > maxReExportDepth || seen.has(key)) return [];
  seen.add(key);
  const facts = file(path);
  if (!facts) return [];
  const follow: Follow = (paths, wanted) => paths.flatMap((target) => exported({ file, path: target, name: wanted, depth: depth + 1, seen }));
  const isTopLevel = (item: Definition) => item.container === undefined;
  const passedOn = facts.exports.filter((item) => item.specifier !== undefined && item.exported === '*');
  if (name === '*') {
    const own = facts.definitions.filter((item) => isTopLevel(item) && item.isExported && item.kind !== 'namespace');
    const named = facts.exports.filter((item) => item.specifier !== undefined && item.exported !== '*');
    return [
      ...own,
      ...passedOn.flatMap((item) => follow(item.resolvedPaths, '*')),
      ...[...named, ...givenAway(facts)].flatMap((item) => follow(item.resolvedPaths, item.imported)),
    ].slice(0, maxExported);
  }
  const own = facts.definitions.filter((item) => isTopLevel(item) && item.name === name);
  if (own.length > 0) return own;
  const found: Definition[] = [];
  for (const item of facts.exports) {
    if (item.exported !== name) continue;
    if (item.specifier !== undefined) found.push(...follow(item.resolvedPaths, item.imported));
    else if (item.imported !== name) found.push(...fromWithin(facts, item.imported, follow));
    else found.push(...fromImports(facts, name, follow));
  }
  // In Python and behind C#'s namespaces what a module imports can be imported from it.
  if (found.length === 0 && facts.languageId === 'python') found.push(...fromImports(facts, name, follow));
  if (found.length === 0) found.push(...passedOn.flatMap((item) => follow(item.resolvedPaths, name)));
  if (found.length === 0) found.push(...facts.definitions.filter((item) => item.name === name && item.isExported));
  // `from package import module` names the file itself, and an alias of a C# namespace all that is in it.
  const isWhole = stemOf(path) === name || facts.definitions.some((item) => item.kind === 'namespace' && ownerOf(item.name) === name);
  if (found.length === 0 && isWhole) return exported({ file, path, name: '*', depth, seen });
  return found;
}

function fromWithin(facts: FileFacts, name: string, follow: Follow): Definition[] {
  const own = facts.definitions.filter((item) => item.container === undefined && item.name === name);
  return own.length > 0 ? own : fromImports(facts, name, follow);
}

function fromImports(facts: FileFacts, name: string, follow: Follow): Definition[] {
  const exact = facts.imports.filter((item) => item.local === name).flatMap((item) => follow(item.resolvedPaths, item.imported));
  return exact.length > 0 ? exact : facts.imports.filter((item) => item.local === '*').flatMap((item) => follow(item.resolvedPaths, name));
}

/** A Python module gives away all that a star import brings in, and a package what it imports by name; neither says `export`. */
function givenAway({ path, languageId, imports }: FileFacts): readonly ImportBinding[] {
  if (languageId !== 'python') return [];
  const isPackage = stemOf(path) === '__init__';
  return imports.filter(({ local, imported, resolvedPaths }) => {
    if (local === '*') return true;
    const isModule = resolvedPaths.some((target) => isModuleNamed(target, imported));
    return isPackage && imported !== '*' && !local.startsWith('_') && !isModule;
  });
}

function stemOf(path: string): string {
  return nameOf(path).replace(/\.[^.]+$/, '');
}

function distinct(definitions: readonly Definition[]): Definition[] {
  const seen = new Set<string>();
  return definitions.filter((item) => {
    const key = `${item.path}\0${item.startLine}\0${item.name}\0${item.kind}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
