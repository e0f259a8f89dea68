// A project in a temporary folder, with git where a test wants it, and an index of it by the real worker with the real grammars.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../../server/core/log.ts';
import type { SymbolSource } from '../../server/core/retrieval/facts.ts';
import type { GrammarFiles } from '../../server/project/parsing.ts';
import { Project, type ProjectLimits } from '../../server/project/project.ts';

const repository = path.resolve(import.meta.dirname, '../..');

export const grammars: GrammarFiles = {
  runtime: path.join(repository, 'node_modules/web-tree-sitter/web-tree-sitter.wasm'),
  folder: path.join(repository, 'node_modules/@vscode/tree-sitter-wasm/wasm'),
};
export const workerModule = path.join(repository, 'server/project/parseWorker.ts');

export type Files = Readonly<Record<string, string | Uint8Array>>;

export class TemporaryProject implements AsyncDisposable {
  readonly root: string;
  readonly storage: string;
  readonly warnings: string[] = [];
  readonly #base: string;
  readonly #projects = new Set<Project>();

  constructor(files: Files = {}) {
    this.#base = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'tm-project-')));
    this.root = path.join(this.#base, 'root');
    this.storage = path.join(this.#base, 'storage');
    mkdirSync(this.root);
    this.write(files);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const project of this.#projects) await project.dispose();
    rmSync(this.#base, { recursive: true, force: true });
  }

  at(relative: string): string {
    return path.join(this.root, relative);
  }

  write(files: Files): void {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(path.dirname(this.at(name)), { recursive: true });
      writeFileSync(this.at(name), content);
    }
  }

  git(...args: string[]): string {
    const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org', '-c', 'commit.gpgsign=false', '-c', 'protocol.file.allow=always'];
    const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' };
    return execFileSync('git', [...identity, ...args], { cwd: this.root, encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'ignore'] });
  }

  commitAll(): void {
    this.git('init', '--quiet', '--initial-branch=main');
    this.git('add', '--all');
    this.git('commit', '--quiet', '--message=All');
  }

  /** An index that is in step with the folder. `storage: undefined` keeps it in memory. */
  async index(options: { readonly storage?: string | undefined; readonly limits?: Partial<ProjectLimits>; readonly worker?: string } = {}): Promise<Project> {
    const project = this.project(options);
    await project.open([this.root]);
    await project.whenIdle();
    return project;
  }

  project({
    storage = this.storage,
    limits = {},
    worker = workerModule,
  }: {
    readonly storage?: string | undefined;
    readonly limits?: Partial<ProjectLimits>;
    readonly worker?: string;
  } = {}): Project {
    const note = (message: string) => this.warnings.push(message);
    const log: Log = { error: note, warn: note, info: () => undefined, debug: () => undefined };
    const project = new Project({
      storageDirectory: storage === '' ? undefined : storage,
      workerModule: worker,
      grammars,
      clock: { now: () => performance.now(), wait: (ms, signal) => delay(ms, undefined, { signal }).catch(() => undefined) },
      log,
      limits: { cpuShare: 1, debounceMs: 5, fileTimeoutMs: 20_000, ...limits },
    });
    this.#projects.add(project);
    return project;
  }
}

export function symbolsOf(project: Project): SymbolSource {
  const first = project.folders[0];
  if (!first) throw new Error('No folder is open.');
  return first.symbols;
}

/** Resolves as soon as the condition holds after a change of the project's facts; the test's own time limit ends a wait in vain. */
export async function until(project: Project, condition: () => boolean): Promise<void> {
  while (!condition()) {
    let stop: (() => void) | undefined;
    await new Promise<void>((resolve) => {
      stop = project.onChange(resolve);
    });
    stop?.();
  }
}
