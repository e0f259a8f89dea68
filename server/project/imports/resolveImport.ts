// From what an import says to the project's files it means: pure functions over the set of paths and the texts of a few configuration files.
import { folderOf, nameOf } from '../fileSet.ts';
import { resolveGo } from './go.ts';
import { resolveInclude } from './cInclude.ts';
import { resolveJava } from './java.ts';
import { resolvePython } from './python.ts';
import { resolveRust } from './rust.ts';
import { resolveTypescript } from './typescript.ts';
import type { ImportToResolve, Surroundings } from './surroundings.ts';

const none: readonly string[] = [];
const maxResolved = 64;

export function resolveImport(from: { readonly path: string; readonly languageId: string }, wanted: ImportToResolve, around: Surroundings): readonly string[] {
  const paths = resolveFor(from, wanted, around);
  return paths.length > maxResolved ? paths.slice(0, maxResolved) : paths;
}

function resolveFor(
  { path, languageId }: { readonly path: string; readonly languageId: string },
  wanted: ImportToResolve,
  around: Surroundings,
): readonly string[] {
  switch (languageId) {
    case 'typescript':
    case 'typescriptreact':
    case 'javascript':
    case 'javascriptreact':
      return resolveTypescript(path, wanted.specifier, around);
    case 'python':
      return resolvePython(path, wanted, around.files);
    case 'go':
      return resolveGo(wanted.specifier, around);
    case 'rust':
      return resolveRust(path, wanted, around);
    case 'java':
      return resolveJava(wanted, around.files);
    case 'c':
    case 'cpp':
      return resolveInclude(path, wanted.specifier, around.files);
    case 'csharp':
      return around.filesOfNamespace(wanted.specifier);
    default:
      return none;
  }
}

/**
 * Last parts of what an import names: the index keeps them, so that the importers of a file are found by its name without resolving every
 * import of the project.
 */
export function importTails({ specifier, imported }: ImportToResolve, languageId: string): string[] {
  const last = tailOf(specifier, languageId);
  const byName = (languageId === 'python' || languageId === 'rust' || languageId === 'java') && imported !== '*' && imported !== 'default';
  return [...new Set([last, ...(byName ? [imported] : [])])].filter((tail) => tail !== '' && tail.length <= 200);
}

/** The tails under which imports of this file may be kept. */
export function tailsOfPath(path: string, packageName: string | undefined): string[] {
  const stem = nameOf(path).replace(/\.d\.[cm]?ts$|\.[^.]+$/, '');
  const tails = [stem, ...(packageName ? [tailOf(packageName, 'typescript')] : [])];
  // A folder's own file goes by the folder's name; a package of Go or Java is a folder as a whole.
  if (/^(?:index|__init__|mod)$/.test(stem) || /\.(?:go|java)$/.test(path)) tails.push(nameOf(folderOf(path)));
  // `crate`, `super` and `.` stand for it, too.
  if (/^(?:lib|main|mod)$/.test(stem)) tails.push('crate', 'super', 'self', nameOf(folderOf(folderOf(path))));
  if (/^(?:index|__init__|mod)$/.test(stem)) tails.push('.', '..');
  return [...new Set(tails)].filter((tail) => tail !== '');
}

function tailOf(specifier: string, languageId: string): string {
  const parts = specifier
    .replace(/[<>]/g, '')
    .split(languageId === 'rust' ? '::' : languageId === 'python' || languageId === 'java' || languageId === 'csharp' ? '.' : '/');
  const last = parts.at(-1) ?? '';
  // `from . import x` and `import '..'` name a folder by dots alone.
  if (last === '' || /^\.+$/.test(last)) return /^\.+$/.test(specifier) || last !== '' ? '.' : '';
  if (languageId === 'go') return /^v\d+$/.test(last) ? (parts.at(-2) ?? last) : last;
  if (languageId === 'python' || languageId === 'rust' || languageId === 'java' || languageId === 'csharp') return last;
  return last.replace(/\.(?:d\.)?(?:[cm]?[jt]sx?|json|h|hh|hpp|hxx|inl|vue|svelte)$/, '');
}
