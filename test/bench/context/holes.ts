// Holes: seeded references whose definition, as a type checker says, stands in another file of the same repository. What the checker said is kept
// on disk by package, version and seed. It knows files and the checker; it must not know any method of retrieval.
import { globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { identifiersOf, importsOf, type ImportedName, type Language, lineAt, lineStartsOf } from './sourceScan.ts';
import { type Place, TypeChecker } from './typeChecker.ts';

export interface Repository {
  /** The folder's name: package and version. */
  readonly name: string;
  readonly language: Language;
  readonly folder: string;
  readonly files: ReadonlyMap<string, string>;
}

export interface DefinitionPlace {
  readonly path: string;
  readonly line: number;
}

export type ModuleCell = 'imported by name' | 'module imported' | 'not imported';

export interface Hole {
  readonly path: string;
  readonly line: number;
  readonly name: string;
  /** Any of them will do: overloads, and members of several types. */
  readonly definitions: readonly DefinitionPlace[];
  readonly module: ModuleCell;
  /** Whether the name stands elsewhere in the file, outside of imports. */
  readonly isSeen: boolean;
  /** The binding whose import is hidden: the name itself, or the module before the dot. */
  readonly hidden?: string;
}

export interface Sample {
  readonly holes: readonly Hole[];
  /** What else was drawn, and why it is no hole. */
  readonly asked: number;
  readonly sameFile: number;
  readonly outside: number;
  readonly modules: number;
  /** References that the checker could not place at all. */
  readonly unplaced: number;
}

/** Part of the cached file's name: another number when what is written changes. */
const truthVersion = 3;
const chunk = 300;

export function readRepository(name: string, language: Language): Repository {
  const folder = path.join(environment('TRAMONTANE_BENCH_REPOSITORIES'), name);
  const files = new Map<string, string>();
  for (const file of globSync(`**/*.${language === 'python' ? 'py' : 'ts'}`, { cwd: folder }).sort())
    files.set(file.split(path.sep).join('/'), readFileSync(path.join(folder, file), 'utf8'));
  if (files.size === 0) throw new Error(`There are no sources in ${folder}.`);
  return { name, language, folder, files };
}

export function environment(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: start this bench with "npm run bench -- context".`);
  return value;
}

export async function sampleHoles(repository: Repository, options: { readonly count: number; readonly seed: number }): Promise<Sample> {
  const cache = path.join(environment('TRAMONTANE_BENCH_TRUTH'), `${repository.name}-${options.seed}-${options.count}-v${truthVersion}.json`);
  try {
    return JSON.parse(readFileSync(cache, 'utf8')) as Sample;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const sample = await askForHoles(repository, options);
  mkdirSync(path.dirname(cache), { recursive: true });
  writeFileSync(`${cache}.tmp`, JSON.stringify(sample));
  renameSync(`${cache}.tmp`, cache);
  return sample;
}

interface Candidate {
  readonly path: string;
  readonly name: string;
  readonly line: number;
  readonly column: number;
}

async function askForHoles(repository: Repository, options: { readonly count: number; readonly seed: number }): Promise<Sample> {
  const candidates = shuffled(candidatesOf(repository), options.seed);
  const tally = { asked: 0, sameFile: 0, outside: 0, modules: 0, unplaced: 0 };
  const holes: Hole[] = [];
  const lines = new Set<string>();
  prepare(repository);
  await using checker = await TypeChecker.start({ command: commandFor(repository.language), repository: repository.folder, language: repository.language });
  for (let start = 0; start < candidates.length && holes.length < options.count; start += chunk) {
    // By file, so that the checker opens each once a chunk; the sample stays that of the shuffled order, chunk by chunk.
    const asked = candidates.slice(start, start + chunk).sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line));
    const found: Hole[] = [];
    for (const [index, candidate] of asked.entries()) {
      const places = await checker.definitionsAt(candidate.path, { line: candidate.line, character: candidate.column });
      if (asked[index + 1]?.path !== candidate.path) await checker.close(candidate.path);
      tally.asked++;
      const inside = places.filter((place) => place.path !== undefined && repository.files.has(place.path));
      if (places.length === 0) tally.unplaced++;
      else if (inside.length === 0) tally.outside++;
      else if (inside.some((place) => place.path === candidate.path)) tally.sameFile++;
      else if (inside.every((place) => place.line === 0 && place.column === 0)) tally.modules++;
      else {
        const key = `${candidate.path}:${candidate.line}`;
        if (lines.has(key)) continue;
        lines.add(key);
        found.push(holeOf(repository, candidate, inside));
      }
    }
    holes.push(...shuffled(found, options.seed + start).slice(0, options.count - holes.length));
    process.stderr.write(`${repository.name}: ${holes.length} holes of ${tally.asked} references\n`);
  }
  return { holes, ...tally };
}

/** The project file that the checkers want; whatever is not in the repository stays unresolved. */
function prepare(repository: Repository): void {
  const [name, content] =
    repository.language === 'typescript'
      ? [
          'tsconfig.json',
          {
            compilerOptions: {
              target: 'ES2022',
              module: 'ESNext',
              moduleResolution: 'bundler',
              lib: ['ES2023', 'DOM', 'DOM.Iterable'],
              types: [],
              noEmit: true,
              strict: true,
              experimentalDecorators: true,
              allowImportingTsExtensions: true,
            },
            include: ['src'],
          },
        ]
      : ['pyrightconfig.json', { typeCheckingMode: 'off', useLibraryCodeForTypes: false }];
  writeFileSync(path.join(repository.folder, name), JSON.stringify(content));
}

function commandFor(language: Language): readonly string[] {
  const root = path.resolve(import.meta.dirname, '../../..');
  if (language === 'python') return [process.execPath, environment('TRAMONTANE_BENCH_PYRIGHT'), '--stdio'];
  return [process.execPath, path.join(root, 'node_modules/typescript/bin/tsc'), '--lsp', '--stdio'];
}

function candidatesOf(repository: Repository): Candidate[] {
  const candidates: Candidate[] = [];
  for (const [file, text] of repository.files) {
    const starts = lineStartsOf(text);
    for (const { name, offset } of identifiersOf(text, repository.language)) {
      const line = lineAt(starts, offset);
      candidates.push({ path: file, name, line, column: offset - (starts[line] as number) });
    }
  }
  return candidates;
}

function holeOf(repository: Repository, candidate: Candidate, places: readonly Place[]): Hole {
  const text = repository.files.get(candidate.path) as string;
  const line = text.split('\n')[candidate.line] as string;
  const definitions = places.map((place): DefinitionPlace => ({ path: place.path as string, line: place.line }));
  const imports = importsOf(text, repository.language).flatMap((statement) => statement.names);
  const before = line.slice(0, candidate.column);
  const isMember =
    /\.\s*$/.test(before) ||
    (repository.language === 'typescript' && /^\s*$/.test(before) && /^\s*[:(]/.test(line.slice(candidate.column + candidate.name.length)));
  const receiver = /([\w$]+)\??\.\s*$/.exec(before)?.[1];
  const byName = isMember ? undefined : imports.find((name) => name.local === candidate.name);
  const throughModule =
    receiver === undefined ? undefined : imports.find((name) => name.local === receiver && leadsTo(repository, candidate.path, name, definitions));
  const isImported = imports.some((name) => leadsTo(repository, candidate.path, name, definitions));
  const hidden = byName?.local ?? throughModule?.local;
  return {
    path: candidate.path,
    line: candidate.line,
    name: candidate.name,
    definitions,
    module: byName ? 'imported by name' : isImported ? 'module imported' : 'not imported',
    isSeen: identifiersOf(text, repository.language).some(
      (token) => token.name === candidate.name && lineAt(lineStartsOf(text), token.offset) !== candidate.line,
    ),
    ...(hidden === undefined ? {} : { hidden }),
  };
}

/** Whether the import names the very file of a definition; what that file takes from others does not count. */
function leadsTo(repository: Repository, from: string, name: ImportedName, definitions: readonly DefinitionPlace[]): boolean {
  const targets = repository.language === 'python' ? pythonTargets(from, name) : typescriptTargets(from, name.specifier);
  return definitions.some((definition) => targets.includes(definition.path));
}

function typescriptTargets(from: string, specifier: string): string[] {
  if (!specifier.startsWith('.')) return [];
  const base = path.posix.join(path.posix.dirname(from), specifier);
  const bare = base.replace(/\.[jt]s$/, '');
  return [`${bare}.ts`, `${base}.ts`, `${base}/index.ts`, base];
}

function pythonTargets(from: string, { specifier, imported }: ImportedName): string[] {
  const dots = /^\.*/.exec(specifier)?.[0].length ?? 0;
  let folder = '';
  if (dots > 0) {
    folder = path.posix.dirname(from);
    for (let up = 1; up < dots; up++) folder = path.posix.dirname(folder);
  }
  const base = path.posix.join(folder, specifier.slice(dots).replaceAll('.', '/'));
  const inside = imported === '*' ? [] : [`${base}/${imported}.py`, `${base}/${imported}/__init__.py`];
  return [`${base}.py`, `${base}/__init__.py`, ...inside];
}

/** Mulberry32: the same numbers from 0 to 1 for the same seed everywhere. */
export function seededRandom(seed: number): () => number {
  let state = (seed * 2654435761) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Fisher and Yates. */
function shuffled<T>(values: readonly T[], seed: number): T[] {
  const random = seededRandom(seed);
  const result = [...values];
  for (let index = result.length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    [result[index], result[other]] = [result[other] as T, result[index] as T];
  }
  return result;
}
