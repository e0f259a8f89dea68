// Where TypeScript's and JavaScript's imports lead: relative paths, `paths` of tsconfig files, and the packages of the workspace by their
// names and `exports`. What was compiled is not in the set, so a way into `dist` is tried in `src`, too.
import { ancestorsOf, folderOf, joinPath, nameOf } from '../fileSet.ts';
import { field, parseJsonWithComments, strings } from './configText.ts';
import type { Surroundings } from './surroundings.ts';

const extensions = ['.ts', '.tsx', '.d.ts', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs', '.json', '.vue', '.svelte'];
/** The extension that is imported is the compiled one. */
const sources: Readonly<Record<string, readonly string[]>> = {
  '.js': ['.ts', '.tsx', '.d.ts'],
  '.jsx': ['.tsx'],
  '.mjs': ['.mts', '.d.mts'],
  '.cjs': ['.cts', '.d.cts'],
};
const maxExtends = 8;
const maxPackages = 2000;
/** No path is longer; one of nothing but stars, each of which stands for a long name, would fill the memory. */
const maxTargetLength = 1000;

export function resolveTypescript(from: string, specifier: string, around: Surroundings): readonly string[] {
  const found =
    specifier === '.' || specifier === '..' || specifier.startsWith('./') || specifier.startsWith('../')
      ? fileAt(joinPath(folderOf(from), specifier), around)
      : (byPaths(from, specifier, around) ?? byPackage(from, specifier, around));
  return found === undefined ? [] : [found];
}

/** The file or the folder's main file at a path without or with any extension. */
function fileAt(path: string | undefined, around: Surroundings): string | undefined {
  if (path === undefined) return undefined;
  const { files } = around;
  const extension = /\.[cm]?jsx?$/.exec(path)?.[0];
  if (extension) {
    const stem = path.slice(0, -extension.length);
    for (const source of sources[extension] ?? []) if (files.has(stem + source)) return stem + source;
  }
  if (path !== '' && files.has(path)) return path;
  if (path !== '') for (const end of extensions) if (files.has(path + end)) return path + end;
  const inside = path === '' ? '' : `${path}/`;
  for (const end of extensions) if (files.has(`${inside}index${end}`)) return `${inside}index${end}`;
  return files.has(`${inside}package.json`) ? mainFileOf(path, around) : undefined;
}

interface PathRules {
  readonly folder: string;
  readonly baseUrl: string | undefined;
  readonly paths: readonly { readonly pattern: string; readonly targets: readonly string[] }[];
}

function byPaths(from: string, specifier: string, around: Surroundings): string | undefined {
  for (const rules of rulesFor(folderOf(from), around)) {
    for (const { pattern, targets } of rules.paths) {
      const star = matchStar(pattern, specifier);
      if (star === undefined) continue;
      for (const target of targets) {
        const found = fileAt(
          joinPath(
            rules.folder,
            target.replace('*', () => star),
          ),
          around,
        );
        if (found) return found;
      }
    }
    const found = rules.baseUrl === undefined ? undefined : fileAt(joinPath(rules.baseUrl, specifier), around);
    if (found) return found;
  }
  return undefined;
}

/** The rules of the nearest configuration and, where that one only names others, of those. */
function rulesFor(folder: string, around: Surroundings): readonly PathRules[] {
  return around.remember(`tsconfig:${folder}`, () => {
    for (const ancestor of ancestorsOf(folder)) {
      for (const name of ['tsconfig.json', 'jsconfig.json']) {
        const file = ancestor === '' ? name : `${ancestor}/${name}`;
        if (!around.files.has(file)) continue;
        const config = configAt(file, around);
        const references = field(config, 'references');
        const referenced = (Array.isArray(references) ? references : []).slice(0, 20).flatMap((reference: unknown) => {
          const at = field(reference, 'path');
          const target = typeof at === 'string' ? joinPath(ancestor, at) : undefined;
          if (target === undefined) return [];
          return [target.endsWith('.json') ? target : target === '' ? 'tsconfig.json' : `${target}/tsconfig.json`];
        });
        return [file, ...referenced.filter((target) => around.files.has(target))].map((target) => pathRules(target, around));
      }
    }
    return [];
  });
}

/** A configuration's own words go before those it extends; relative paths are meant from the file that says them. */
function pathRules(file: string, around: Surroundings): PathRules {
  let folder = folderOf(file);
  let baseUrl: string | undefined;
  let paths: PathRules['paths'] = [];
  const pending = [file];
  const seen = new Set<string>();
  for (let current = pending.shift(); current !== undefined && seen.size < maxExtends; current = pending.shift()) {
    if (seen.has(current)) continue;
    seen.add(current);
    const config = configAt(current, around);
    const compilerOptions = field(config, 'compilerOptions');
    const base = field(compilerOptions, 'baseUrl');
    const ownBase = typeof base === 'string' ? joinPath(folderOf(current), base.replaceAll('${configDir}', '.')) : undefined;
    if (baseUrl === undefined && ownBase !== undefined) baseUrl = ownBase;
    const own = field(compilerOptions, 'paths');
    if (paths.length === 0 && typeof own === 'object' && own !== null) {
      folder = ownBase ?? baseUrl ?? folderOf(current);
      paths = Object.entries(own as Record<string, unknown>)
        .map(([pattern, targets]) => ({ pattern, targets: strings(targets).map((target) => target.replaceAll('${configDir}', '.')) }))
        // The longest prefix wins, as in the compiler.
        .sort((a, b) => lengthBeforeStar(b.pattern) - lengthBeforeStar(a.pattern));
    }
    const parents = field(config, 'extends');
    for (const parent of typeof parents === 'string' ? [parents] : strings(parents).reverse()) {
      const target = joinPath(folderOf(current), parent);
      if (!parent.startsWith('.') || target === undefined) continue;
      pending.push(around.files.has(target) ? target : `${target}.json`);
    }
  }
  return { folder, baseUrl, paths };
}

function byPackage(from: string, specifier: string, around: Surroundings): string | undefined {
  if (specifier.startsWith('#')) return byOwnImports(from, specifier, around);
  const name = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0];
  const folder = name === undefined ? undefined : packagesByName(around).get(name);
  if (name === undefined || folder === undefined) return undefined;
  const rest = specifier.slice(name.length + 1);
  const manifest = manifestOf(folder, around);
  const target = exportTarget(field(manifest, 'exports'), rest === '' ? '.' : `./${rest}`);
  const found = target === undefined ? undefined : sourceOf(folder, target, around);
  if (found) return found;
  return rest === '' ? mainFileOf(folder, around) : (fileAt(joinPath(folder, rest), around) ?? fileAt(joinPath(folder, `src/${rest}`), around));
}

function byOwnImports(from: string, specifier: string, around: Surroundings): string | undefined {
  for (const folder of ancestorsOf(folderOf(from))) {
    const manifest = manifestOf(folder, around);
    if (manifest === undefined) continue;
    const target = exportTarget(field(manifest, 'imports'), specifier);
    return target === undefined ? undefined : sourceOf(folder, target, around);
  }
  return undefined;
}

/** The names that packages of the workspace have. A folder that is called like the package is preferred over a copy in a fixture. */
export function packagesByName(around: Surroundings): ReadonlyMap<string, string> {
  return around.remember('packages', () => {
    const packages = new Map<string, string>();
    for (const file of [...around.files.named('package.json')].sort((a, b) => a.split('/').length - b.split('/').length).slice(0, maxPackages)) {
      const name = field(manifestOf(folderOf(file), around), 'name');
      if (typeof name === 'string' && !packages.has(name)) packages.set(name, folderOf(file));
    }
    return packages;
  });
}

function manifestOf(folder: string, around: Surroundings): unknown {
  const file = folder === '' ? 'package.json' : `${folder}/package.json`;
  if (!around.files.has(file)) return undefined;
  return configAt(file, around);
}

/** Each is read once: all folders below it ask for the same one. */
function configAt(file: string, around: Surroundings): unknown {
  return around.remember(`config:${file}`, () => parseJsonWithComments(around.readConfig(file)));
}

function mainFileOf(folder: string, around: Surroundings): string | undefined {
  const manifest = manifestOf(folder, around);
  for (const key of ['source', 'types', 'typings', 'module', 'main']) {
    const target = field(manifest, key);
    const found = typeof target === 'string' ? sourceOf(folder, target, around) : undefined;
    if (found) return found;
  }
  for (const stem of ['src/index', 'index', 'lib/index', 'src/main']) {
    const base = folder === '' ? stem : `${folder}/${stem}`;
    for (const end of extensions) if (around.files.has(base + end)) return base + end;
  }
  return undefined;
}

/** `./dist/esm/a.js` is written in `src/a.ts`, if the compiled file is not in the project. */
function sourceOf(folder: string, target: string, around: Surroundings): string | undefined {
  const own = joinPath(folder, target);
  if (own === undefined || nameOf(own) === '') return undefined;
  const direct = around.files.has(own) ? own : fileWithin(own, around);
  if (direct) return direct;
  const inside = folder === '' ? own : own.slice(folder.length + 1);
  const stem = inside.replace(/^(?:dist|build|lib|out|esm|cjs)\/(?:(?:esm|cjs|types|src)\/)?/, '').replace(/\.d\.[cm]?ts$|\.[cm]?jsx?$/, '');
  return fileWithin(joinPath(folder, `src/${stem}`), around) ?? fileWithin(joinPath(folder, stem), around);
}

/** Like `fileAt` without a package's main file, which would lead back here. */
function fileWithin(path: string | undefined, around: Surroundings): string | undefined {
  if (path === undefined) return undefined;
  const extension = /\.[cm]?jsx?$/.exec(path)?.[0];
  for (const source of extension ? (sources[extension] ?? []) : []) {
    const candidate = path.slice(0, -(extension?.length ?? 0)) + source;
    if (around.files.has(candidate)) return candidate;
  }
  for (const end of ['', ...extensions]) if (around.files.has(path + end)) return path + end;
  for (const end of extensions) if (around.files.has(`${path}/index${end}`)) return `${path}/index${end}`;
  return undefined;
}

/** The target of a subpath in `exports` or `imports`; of conditions the one that is nearest to the source. */
function exportTarget(table: unknown, subpath: string): string | undefined {
  if (typeof table === 'string') return subpath === '.' ? table : undefined;
  if (typeof table !== 'object' || table === null) return undefined;
  const entries = Object.entries(table as Record<string, unknown>);
  if (!entries.some(([key]) => key.startsWith('.') || key.startsWith('#'))) return subpath === '.' ? conditionTarget(table) : undefined;
  const exact = entries.find(([key]) => key === subpath);
  if (exact) return conditionTarget(exact[1]);
  for (const [pattern, value] of entries.sort((a, b) => b[0].length - a[0].length)) {
    const star = pattern.includes('*') ? matchStar(pattern, subpath) : undefined;
    if (star !== undefined) return withStars(conditionTarget(value), star);
  }
  return undefined;
}

function conditionTarget(value: unknown, depth = 0): string | undefined {
  if (typeof value === 'string') return value;
  if (depth > 6 || typeof value !== 'object' || value === null) return undefined;
  const options = value as Record<string, unknown>;
  for (const condition of ['source', 'types', 'import', 'module', 'default', 'require', 'node', ...Object.keys(options)]) {
    const found = Object.hasOwn(options, condition) ? conditionTarget(options[condition], depth + 1) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function withStars(target: string | undefined, star: string): string | undefined {
  // A function, since a name may hold what a replacement takes for signs of its own (`$&`).
  return target !== undefined && target.length <= maxTargetLength ? target.replaceAll('*', () => star) : undefined;
}

function lengthBeforeStar(pattern: string): number {
  const at = pattern.indexOf('*');
  return at < 0 ? pattern.length : at;
}

function matchStar(pattern: string, text: string): string | undefined {
  const at = pattern.indexOf('*');
  if (at < 0) return pattern === text ? '' : undefined;
  const head = pattern.slice(0, at);
  const tail = pattern.slice(at + 1);
  return text.length >= head.length + tail.length && text.startsWith(head) && text.endsWith(tail)
    ? text.slice(head.length, text.length - tail.length)
    : undefined;
}
