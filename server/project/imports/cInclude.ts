// Where `#include` leads: beside the including file, in an include folder above it, or to the nearest file that ends so. Build files, which
// would say it exactly, are programs; this is the best guess without running them.
import { ancestorsOf, type FileSet, folderOf, joinPath } from '../fileSet.ts';

const includeFolders = ['', 'include', 'inc', 'src'];

export function resolveInclude(from: string, specifier: string, files: FileSet): readonly string[] {
  const isSystem = specifier.startsWith('<');
  const path = specifier.replace(/^<|>$/g, '');
  if (path === '') return [];
  const folder = folderOf(from);
  const beside = isSystem ? undefined : joinPath(folder, path);
  if (beside !== undefined && files.has(beside)) return [beside];
  for (const ancestor of ancestorsOf(folder)) {
    for (const include of includeFolders) {
      const candidate = joinPath([ancestor, include].filter((part) => part !== '').join('/'), path);
      if (candidate !== undefined && files.has(candidate)) return [candidate];
    }
  }
  // <string.h> is the system's, whatever file of that name lies somewhere.
  if (isSystem && !path.includes('/')) return [];
  const best = nearestOf(files.endingWith(path.replace(/^(?:\.\.?\/)+/, '')), from);
  return best === undefined ? [] : [best];
}

/** Each is looked at once, since a repository may have tens of thousands of one name. */
function nearestOf(paths: readonly string[], from: string): string | undefined {
  let best: { readonly path: string; readonly shared: number } | undefined;
  for (const path of paths) {
    const shared = sharedParts(path, from);
    const order = best && (best.shared - shared || path.length - best.path.length || (path < best.path ? -1 : 1));
    if (order === undefined || order < 0) best = { path, shared };
  }
  return best?.path;
}

function sharedParts(a: string, b: string): number {
  const left = a.split('/');
  const right = b.split('/');
  let count = 0;
  while (count < left.length && left[count] === right[count]) count++;
  return count;
}
