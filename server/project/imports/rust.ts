// Where Rust's `use` and `mod` lead: from a crate's root file down its modules. Modules that are written inside of a file are found by the
// longest part of the path that is a file.
import { ancestorsOf, folderOf, nameOf } from '../fileSet.ts';
import { trimmedLines } from './configText.ts';
import type { ImportToResolve, Surroundings } from './surroundings.ts';

interface Place {
  /** The folder that holds the crate's root file. */
  readonly source: string;
  readonly modules: readonly string[];
}

export function resolveRust(from: string, { specifier, imported }: ImportToResolve, around: Surroundings): readonly string[] {
  const here = placeOf(from, around);
  let parts = specifier.split('::').filter((part) => part !== '');
  if (/^\w+$/.test(imported)) parts = [...parts, imported];
  const first = parts[0];
  if (first === undefined) return [];
  let start: Place | undefined;
  if (first === 'crate') start = { source: here.source, modules: [] };
  else if (first === 'self') start = here;
  else if (first === 'super') start = { source: here.source, modules: here.modules.slice(0, -1) };
  const other = start ? undefined : crates(around).get(first);
  if (other !== undefined) start = { source: other, modules: [] };
  if (start) {
    let rest = parts.slice(1);
    let modules = start.modules;
    if (first === 'super') {
      for (; rest[0] === 'super'; rest = rest.slice(1)) modules = modules.slice(0, -1);
    }
    return longestModule({ source: start.source, modules: [...modules, ...rest] }, around, modules.length);
  }
  // A path may begin with a module beside this one (or, in the 2015 edition, of the crate).
  return longestModule({ source: here.source, modules: [...here.modules, ...parts] }, around, here.modules.length + 1);
}

function longestModule({ source, modules }: Place, around: Surroundings, least: number): readonly string[] {
  for (let length = modules.length; length >= least; length--) {
    const file = fileOf(source, modules.slice(0, length), around);
    if (file) return [file];
  }
  return [];
}

function fileOf(source: string, modules: readonly string[], around: Surroundings): string | undefined {
  const base = [...(source === '' ? [] : [source]), ...modules].join('/');
  const candidates = modules.length === 0 ? ['lib.rs', 'main.rs'].map((name) => (base === '' ? name : `${base}/${name}`)) : [`${base}.rs`, `${base}/mod.rs`];
  return candidates.find((file) => around.files.has(file));
}

function placeOf(path: string, around: Surroundings): Place {
  const folder = folderOf(path);
  const manifest = ancestorsOf(folder).find((ancestor) => around.files.has(ancestor === '' ? 'Cargo.toml' : `${ancestor}/Cargo.toml`));
  const src = manifest === undefined ? undefined : manifest === '' ? 'src' : `${manifest}/src`;
  const source = src !== undefined && (path.startsWith(`${src}/`) || folder === src) ? src : folder;
  const inside = source === '' ? path : path.slice(source.length + 1);
  const parts = inside.split('/').slice(0, -1);
  const stem = nameOf(path).replace(/\.rs$/, '');
  const isOwnFolder = stem === 'mod' || (parts.length === 0 && (stem === 'lib' || stem === 'main'));
  return { source, modules: isOwnFolder ? parts : [...parts, stem] };
}

/** The crates of the workspace, under the names that code uses. */
function crates(around: Surroundings): ReadonlyMap<string, string> {
  return around.remember('crates', () => {
    const found = new Map<string, string>();
    for (const file of around.files.named('Cargo.toml')) {
      const name = packageNameOf(around.readConfig(file) ?? '');
      const folder = folderOf(file);
      if (name) found.set(name.replaceAll('-', '_'), folder === '' ? 'src' : `${folder}/src`);
    }
    return found;
  });
}

/** The `name` of the table `[package]`, which ends where the next table begins; a line of an array's value begins with a bracket, too, but is no table. */
function packageNameOf(text: string): string | undefined {
  let isInPackage = false;
  for (const line of trimmedLines(text)) {
    const table = /^\[\[?\s*([\w.-]+)\s*\]/.exec(line)?.[1];
    if (table !== undefined) isInPackage = table === 'package';
    const name = isInPackage ? /^name\s*=\s*["']([^"']+)["']/.exec(line)?.[1] : undefined;
    if (name !== undefined) return name;
  }
  return undefined;
}
