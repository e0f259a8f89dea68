// How the project's other files, open or not, import a name that came in with a change: from the index, which knows what each file imports and where
// that leads. It knows facts and paths; it must not know which names are missing, nor how an import is put into a file.
//
// A name counts only where one file alone defines and exports it and some other file imports it from there by that very name: so a default export is
// never taken for a named one, and the way to write the path is that of the project.
import type { Definition, ImportBinding, SymbolSource } from '../retrieval/facts.ts';
import { isName } from './names.ts';
import type { KnownImport } from './nextEdit.ts';
import type { Source } from './source.ts';

const mostNames = 40;
const mostImporters = 50;

export interface ProjectImportsInput {
  readonly symbols: SymbolSource;
  /** Of the document, as the facts name it. */
  readonly path: string;
  readonly source: Source;
  /** What came in with changes. */
  readonly texts: readonly string[];
}

/** @returns at most one for each name */
export function projectImports({ symbols, path, source, texts }: ProjectImportsInput): readonly KnownImport[] {
  if (source.family !== 'js' && source.family !== 'python') return [];
  const words = texts.flatMap((text) => text.match(/[\p{L}_$][\p{L}\p{N}_$]*/gu) ?? []);
  const names = [...new Set(words)].filter((word) => word.length > 2 && isName(word)).slice(0, mostNames);
  return names.flatMap((name) => {
    const exported = symbols.definitionsNamed(name).filter((one) => one.isExported && one.container === undefined);
    const [definition] = exported;
    if (!definition || definition.path === path || exported.some((one) => one.path !== definition.path)) return [];
    const module = commonest(waysTo(definition, { symbols, path, source }));
    return module === undefined ? [] : [{ name, module, statement: statementOf(definition, module, source) }];
  });
}

/** The specifiers by which other files import it, as they would be written in this one. */
function waysTo({ name, path: target }: Definition, { symbols, path, source }: Pick<ProjectImportsInput, 'symbols' | 'path' | 'source'>): readonly string[] {
  const importers = symbols.importersOf(target).filter((one) => one !== path);
  return importers.slice(0, mostImporters).flatMap((importer) => {
    const facts = symbols.file(importer);
    const binding = facts?.imports.find((one) => one.local === name && one.imported === name && one.resolvedPaths.includes(target));
    const module = facts && binding && writtenHere(binding, { importer, path, target, source });
    return module === undefined ? [] : [module];
  });
}

interface Way {
  readonly importer: string;
  readonly path: string;
  readonly target: string;
  readonly source: Source;
}

function writtenHere({ specifier }: ImportBinding, { importer, path, target, source }: Way): string | undefined {
  if (!/^[\w@~#$./-]+$/.test(specifier)) return undefined;
  if (!specifier.startsWith('.') || folderOf(importer) === folderOf(path)) return specifier;
  return source.family === 'js' ? relativeTo(path, target, specifier) : undefined;
}

/** Ends as the other file's specifier does: with an extension of its own, or none, and with or without `index`. */
function relativeTo(path: string, target: string, like: string): string {
  const from = folderOf(path) === '' ? [] : folderOf(path).split('/');
  const to = target.split('/');
  let shared = 0;
  while (shared < from.length && shared < to.length - 1 && from[shared] === to[shared]) shared++;
  const extension = /\.[cm]?[jt]sx?$/.exec(like)?.[0] ?? '';
  const stem = to
    .slice(shared)
    .join('/')
    .replace(/\.[cm]?[jt]sx?$/, '');
  const isIndexNamed = /(?:^|\/)index(?:\.[cm]?[jt]sx?)?$/.test(like);
  const named = isIndexNamed || extension !== '' ? stem + extension : stem.replace(/(?:^|\/)index$/, '');
  const up = from.length - shared;
  return (up === 0 ? './' : '../'.repeat(up)) + named;
}

function statementOf({ name, kind }: Definition, module: string, { text, family }: Source): string {
  if (family === 'python') return `from ${module} import ${name}`;
  // As the file's own first import is written.
  const [, , quote = "'", end = ';'] = /^import\b([^'"\n]*)(['"])[^'"\n]+\2(;?)/m.exec(text) ?? [];
  const isType = (kind === 'interface' || kind === 'type') && /^import\s+type\b/m.test(text);
  return `import ${isType ? 'type ' : ''}{ ${name} } from ${quote}${module}${quote}${end}`;
}

function commonest(modules: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const module of modules) counts.set(module, (counts.get(module) ?? 0) + 1);
  return [...counts].sort((one, other) => other[1] - one[1])[0]?.[0];
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
