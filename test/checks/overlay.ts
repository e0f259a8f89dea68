// A temporary copy of the project's configuration with planted files, so that a tool can be seen refusing them: the real tree is never
// touched. It knows directories and processes. It must not know any rule.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export const repositoryRoot = path.resolve(import.meta.dirname, '../..');

/** Directories that the tsconfig.json of a directory refers to, relative to the root. */
function referencesOf(directory: string): string[] {
  const text = readFileSync(path.join(repositoryRoot, directory, 'tsconfig.json'), 'utf8');
  const { references = [] } = JSON.parse(text) as { references?: { path: string }[] };
  return references.map((reference) => path.posix.join(directory, reference.path));
}

/** Every directory that the tsconfig.json of a directory leads to; the compiler follows references of references. */
export function reachableFrom(directory: string, seen = new Set<string>()): Set<string> {
  for (const target of referencesOf(directory)) {
    if (!seen.has(target)) reachableFrom(target, seen.add(target));
  }
  return seen;
}

/** Directories of all projects that `tsc -b` builds. */
export const projects: readonly string[] = [...reachableFrom('.')];

export interface ToolRun {
  readonly exitCode: number;
  readonly output: string;
}

export class Overlay {
  readonly root = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'tramontane-checks-')));

  constructor() {
    // A junction needs no privilege on Windows; elsewhere the kind is ignored.
    symlinkSync(path.join(repositoryRoot, 'node_modules'), path.join(this.root, 'node_modules'), 'junction');
    const configurations = ['package.json', '.oxlintrc.json', 'biome.json', 'knip.json'];
    const solutions = readdirSync(repositoryRoot).filter((name) => /^tsconfig.*\.json$/.test(name));
    for (const name of [...configurations, ...solutions, ...projects.map((directory) => `${directory}/tsconfig.json`)])
      cpSync(path.join(repositoryRoot, name), path.join(this.root, name));
  }

  /** @param file path relative to the root, with forward slashes */
  plant(file: string, text: string): void {
    const target = path.join(this.root, file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, text);
  }

  /** Runs a script with node, in the overlay. @param script path relative to the root */
  run(script: string, args: readonly string[]): Promise<ToolRun> {
    return new Promise((resolve, reject) => {
      const command = [path.join(this.root, script), ...args];
      execFile(process.execPath, command, { cwd: this.root, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
        // A tool that could not be started at all has no exit code, and must not pass for one that found something.
        if (error && typeof error.code !== 'number') reject(new Error(`${script} could not be run`, { cause: error }));
        else resolve({ exitCode: error ? Number(error.code) : 0, output: stdout + stderr });
      });
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
