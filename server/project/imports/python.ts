// Where Python's imports lead: relative ones by their dots, absolute ones from the roots that a project can have (the folder itself, `src`,
// and the folders above the importing file that are no packages).
import { ancestorsOf, type FileSet, folderOf, joinPath } from '../fileSet.ts';
import type { ImportToResolve } from './surroundings.ts';

const sourceFolders = ['', 'src', 'lib', 'python'];

export function resolvePython(from: string, { specifier, imported }: ImportToResolve, files: FileSet): readonly string[] {
  const dots = /^\.*/.exec(specifier)?.[0].length ?? 0;
  const parts = specifier
    .slice(dots)
    .split('.')
    .filter((part) => part !== '');
  if (dots > 0) {
    const folder = joinPath(folderOf(from), '../'.repeat(dots - 1));
    return folder === undefined ? [] : moduleAt(folder, parts, imported, files);
  }
  for (const root of rootsFor(folderOf(from), files)) {
    const found = moduleAt(root, parts, imported, files);
    if (found.length > 0) return found;
  }
  return [];
}

/** `from a import b` may mean the module `a/b.py` as well as a name in `a`: where there is such a module, it is the better answer. */
function moduleAt(root: string, parts: readonly string[], imported: string, files: FileSet): string[] {
  const base = [...(root === '' ? [] : [root]), ...parts].join('/');
  if (imported !== '*' && /^\w+$/.test(imported)) {
    const below = fileOf(base === '' ? imported : `${base}/${imported}`, files);
    if (below) return [below];
  }
  const found = parts.length === 0 ? initOf(base, files) : fileOf(base, files);
  return found ? [found] : [];
}

function fileOf(base: string, files: FileSet): string | undefined {
  for (const end of ['.py', '/__init__.py', '.pyi', '/__init__.pyi']) if (files.has(base + end)) return base + end;
  return undefined;
}

function initOf(folder: string, files: FileSet): string | undefined {
  const inside = folder === '' ? '' : `${folder}/`;
  return [`${inside}__init__.py`, `${inside}__init__.pyi`].find((file) => files.has(file));
}

/** Nearest first: two projects in one folder each have their own `utils`. */
function rootsFor(folder: string, files: FileSet): string[] {
  const outside = ancestorsOf(folder).filter((ancestor) => initOf(ancestor, files) === undefined);
  return [...new Set(outside.flatMap((root) => sourceFolders.map((source) => [root, source].filter((part) => part !== '').join('/'))))];
}
