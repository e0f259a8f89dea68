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
  const ending = files.endingWith(path.replace(/^(?:\.\.?\/)+/, ''));
  const best = ending.sort((a, b) => sharedParts(b, from) - sharedParts(a, from) || a.length - b.length || (a < b ? -1 : 1))[0];
  return best === undefined ? [] : [best];
}

function sharedParts(a: string, b: string): number {
  const left = a.split('/');
  const right = b.split('/');
  let count = 0;
  while (count < left.length && left[count] === right[count]) count++;
  return count;
}
