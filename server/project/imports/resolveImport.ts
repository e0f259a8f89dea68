// From what an import says to the project's files it means: pure functions over the set of paths and the texts of a few configuration files.
import { folderOf, nameOf } from '../fileSet.ts';
import { resolveInclude } from './cInclude.ts';
import { resolveCsharp } from './csharp.ts';
import { resolveGo } from './go.ts';
import { resolveJava } from './java.ts';
import { resolvePython } from './python.ts';
import { resolveRust } from './rust.ts';
import { resolveTypescript } from './typescript.ts';
import type { ImportToResolve, Surroundings } from './surroundings.ts';

const none: readonly string[] = [];
const maxResolved = 64;

export interface ImportingFile {
  readonly path: string;
  readonly languageId: string;
  /** Those of a C# file that the import stands in. */
  readonly namespaces?: readonly string[] | undefined;
}

export function resolveImport(from: ImportingFile, wanted: ImportToResolve, around: Surroundings): readonly string[] {
  const paths = resolveFor(from, wanted, around);
  return paths.length > maxResolved ? paths.slice(0, maxResolved) : paths;
}

function resolveFor({ path, languageId, namespaces = none }: ImportingFile, wanted: ImportToResolve, around: Surroundings): readonly string[] {
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
      return resolveCsharp(wanted.specifier, namespaces, around);
    default:
      return none;
  }
}

/**
 * Last parts of what an import names: the index keeps them, so that the importers of a file are found by its name without resolving every
 * import of the project. `./c` stands for any relative path to a `c` in the importing file's folder or above, `b/c` for one with two parts.
 */
export function importTails({ specifier, imported }: ImportToResolve, languageId: string): string[] {
  const isNamed = imported !== '*' && imported !== 'default';
  const tails = languageId === 'python' ? pythonTails(specifier, isNamed ? imported : undefined) : [tailOf(specifier, languageId)];
  if (isNamed && (languageId === 'rust' || languageId === 'java')) tails.push(imported);
  return tails.filter((tail) => tail !== '' && tail.length <= 200);
}

export interface PathTails {
  /** Under these an importer may lie anywhere. */
  readonly anywhere: readonly string[];
  /** Under these only in that folder and below. */
  readonly within: readonly { readonly tail: string; readonly folder: string }[];
}

/** The tails under which imports of this file may be kept. */
export function tailsOfPath(path: string, packageName: string | undefined): PathTails {
  const stem = nameOf(path).replace(/\.d\.[cm]?ts$|\.[^.]+$/, '');
  const folder = folderOf(path);
  const anywhere = [stem, `${nameOf(folder)}/${stem}`, ...(packageName ? [tailOf(packageName, 'typescript')] : [])];
  const within = [{ tail: `./${stem}`, folder }];
  // A folder's own file goes by the folder's name; a package of Go or Java is a folder as a whole.
  const isOfFolder = /^(?:index|__init__|mod)$/.test(stem);
  if (isOfFolder || /\.(?:go|java)$/.test(path)) anywhere.push(nameOf(folder));
  if (isOfFolder) {
    anywhere.push(`${nameOf(folderOf(folder))}/${nameOf(folder)}`);
    within.push({ tail: `./${nameOf(folder)}`, folder: folderOf(folder) }, { tail: '.', folder });
  }
  // `crate` and `super` stand for it, too, and a crate's name for its root file.
  if (/^(?:lib|main|mod)$/.test(stem)) {
    anywhere.push(nameOf(folderOf(folder)));
    within.push(...['crate', 'super', 'self'].map((tail) => ({ tail, folder })));
  }
  return { anywhere: [...new Set(anywhere)].filter((tail) => tail !== '' && !tail.startsWith('/')), within };
}

function tailOf(specifier: string, languageId: string): string {
  if (languageId === 'go')
    return (
      specifier
        .split('/')
        .filter((part) => !/^v\d+$/.test(part))
        .at(-1) ?? ''
    );
  if (languageId === 'rust') return specifier.split('::').at(-1)?.trim() ?? '';
  if (languageId === 'java' || languageId === 'csharp') return specifier.split('.').at(-1) ?? '';
  const path = specifier.replace(/[<>]/g, '').replace(/(?<=.)\.(?:d\.)?(?:[cm]?[jt]sx?|json|h|hh|hpp|hxx|inl|vue|svelte)$/, '');
  const parts = path.split('/').filter((part) => part !== '');
  // What is relative says its folders as they are; names and aliases do not.
  return /^\.\.?(?:\/|$)/.test(specifier) ? relativeTail(parts.filter((part) => part !== '.' && part !== '..')) : (parts.at(-1) ?? '');
}

function pythonTails(specifier: string, imported: string | undefined): string[] {
  const isRelative = specifier.startsWith('.');
  const parts = specifier.split('.').filter((part) => part !== '');
  const tailOfParts = (all: readonly string[]) => (isRelative || all.length > 1 ? relativeTail(all) : (all[0] ?? ''));
  return [tailOfParts(parts), ...(imported === undefined ? [] : [tailOfParts([...parts, imported])])];
}

function relativeTail(parts: readonly string[]): string {
  return parts.length > 1 ? parts.slice(-2).join('/') : parts.length === 1 ? `./${parts[0]}` : '.';
}
