// Which files an instruction names, which a file imports from beside it, and which files deserve a warning.
// It knows paths as texts, relative to the workspace and with slashes; it must not know VS Code or the disk.
import { posix } from 'node:path';

/** An instruction that names more files than this is not about single files. */
const maxNamed = 8;

/** The paths of `files` that the instruction names: whole, or by an ending that only one file has. A name needs its extension. */
export function namedFiles(instruction: string, files: readonly string[]): readonly string[] {
  const named = new Set<string>();
  for (const word of instruction.split(/[\s"'`“”‘’()<>[\]{},;|]+/)) {
    const name = word
      .replaceAll('\\', '/')
      .replace(/^\.\//, '')
      .replace(/[.:!?]+$/, '');
    if (!/[^/]\.[^./]+$|^\.[^./]+/.test(name.slice(name.lastIndexOf('/') + 1))) continue;
    const found = files.includes(name) ? [name] : files.filter((file) => file.endsWith(`/${name}`));
    if (found.length === 1 && found[0] !== undefined) named.add(found[0]);
    if (named.size >= maxNamed) break;
  }
  return [...named];
}

const importPatterns = [
  // JavaScript and TypeScript: import, export from, require, dynamic import.
  /\b(?:from|import|require)\s*\(?\s*['"](\.{1,2}\/[^'"\n]{1,200})['"]/g,
  // C and C++.
  /^[ \t]*#[ \t]*include[ \t]*"([^"\n]{1,200})"/gm,
] as const;

const pythonImport = /^[ \t]*from[ \t]+(\.{1,3})([\w.]{0,200})[ \t]+import\b/gm;

const endings = [
  '',
  '.ts',
  '.tsx',
  '.mts',
  '.cts',
  '.js',
  '.jsx',
  '.mjs',
  '.cjs',
  '.vue',
  '.svelte',
  '.py',
  '/index.ts',
  '/index.tsx',
  '/index.js',
  '/__init__.py',
] as const;

/** The paths of `files` that the text at `path` imports by a relative name, in the order of their first import. */
export function importedFiles(path: string, text: string, files: readonly string[]): readonly string[] {
  const known = new Set(files);
  const folder = posix.dirname(path);
  const names = importPatterns.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => posix.join(folder, match[1] ?? '')));
  for (const match of text.matchAll(pythonImport)) {
    const up = '../'.repeat((match[1]?.length ?? 1) - 1);
    names.push(posix.join(folder, up, (match[2] ?? '').replaceAll('.', '/')));
  }
  const found = new Set<string>();
  for (const name of names) {
    // TypeScript names the file that it will become.
    const bare = name.replace(/\.([cm]?)jsx?$/, '.$1ts');
    const file = [name, bare].flatMap((base) => endings.map((ending) => base + ending)).find((candidate) => known.has(candidate) && candidate !== path);
    if (file !== undefined) found.add(file);
  }
  return [...found];
}

/** Files that configure the editor, run code by themselves, or hold secrets: a change of them is looked at with more care. */
export function isSensitive(path: string): boolean {
  const parts = path.toLowerCase().split('/');
  const name = parts.at(-1) ?? '';
  return parts.some((part) => sensitiveFolders.has(part)) || sensitiveNames.has(name) || /^\.env(?:\..*)?$|\.code-workspace$|^\.[a-z]*rc(?:\..*)?$/.test(name);
}

const sensitiveFolders = new Set(['.git', '.vscode', '.github', '.gitlab', '.circleci', '.husky', '.githooks', '.devcontainer', '.idea']);
const sensitiveNames = new Set([
  'package.json',
  '.npmrc',
  '.gitlab-ci.yml',
  '.gitattributes',
  '.gitmodules',
  '.envrc',
  'makefile',
  'dockerfile',
  'setup.py',
  'pyproject.toml',
  'cargo.toml',
  'build.rs',
]);
