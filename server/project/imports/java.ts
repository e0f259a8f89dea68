// Where Java's imports lead: the end of a class's path is its package and its name, whatever source root stands before.
import { type FileSet, folderOf } from '../fileSet.ts';
import type { ImportToResolve } from './surroundings.ts';

export function resolveJava({ specifier, imported }: ImportToResolve, files: FileSet): readonly string[] {
  const parts = specifier.split('.');
  if (imported === '*') {
    const folder = parts.join('/');
    const inFolder = filesInFolderEndingWith(folder, files);
    // `import static a.b.C.*` names a class.
    return inFolder.length > 0 ? inFolder : files.endingWith(`${folder}.java`);
  }
  // A nested class or a static member is in the file of the class around it.
  for (let length = parts.length; length >= Math.max(1, parts.length - 2); length--) {
    const found = files.endingWith(`${parts.slice(0, length).join('/')}.java`);
    if (found.length > 0) return found;
  }
  return [];
}

function filesInFolderEndingWith(suffix: string, files: FileSet): string[] {
  const found: string[] = [];
  for (const folder of files.folders()) {
    if (folder !== suffix && !folder.endsWith(`/${suffix}`)) continue;
    for (const path of files.in(folder)) if (path.endsWith('.java') && folderOf(path) === folder) found.push(path);
  }
  return found;
}
