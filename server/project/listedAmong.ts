// Which of a few files the list of the folder will have, told before there is a list: git is asked about them alone, and only the ignore files above them are
// read. It may say no where the list says yes, as for files of submodules, but not the other way round.
import path from 'node:path';
import { ancestorsOf, folderOf, nameOf } from './fileSet.ts';
import { runGit } from './git.ts';
import { IgnoreRules, isIgnoredFolder } from './ignoreRules.ts';
import { gitNames, isOrdinaryPath, ownNames, readSmall } from './listing.ts';

export interface ListedAmongOptions {
  readonly signal: AbortSignal;
  readonly gitTimeoutMs: number;
}

const maxGitBytes = 1024 * 1024;

/** @param paths of files that are there, relative to the root, with `/`; some hundreds at most */
export async function listedAmong(root: string, paths: readonly string[], { signal, gitTimeoutMs: timeoutMs }: ListedAmongOptions): Promise<readonly string[]> {
  const ordinary = paths.filter(isOrdinaryPath);
  if (ordinary.length === 0) return [];
  // With paths to look at, git reads its index and the folders that lead to them: no hundred thousand files.
  const args = ['--literal-pathspecs', 'ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', ...ordinary];
  const output = await runGit(args, { cwd: root, timeoutMs, maxBytes: maxGitBytes, signal });
  const rules = new RulesAbove(root, output === undefined ? gitNames : ownNames);
  const named = output === undefined ? undefined : new Set(output.split('\0'));
  const kept: string[] = [];
  for (const file of ordinary) if ((named === undefined || named.has(file)) && !(await rules.ignore(file))) kept.push(file);
  return kept;
}

/** The ignore files in the folders above a file, each read once. */
class RulesAbove {
  readonly #root: string;
  readonly #names: readonly string[];
  readonly #inFolder = new Map<string, Promise<IgnoreRules>>();

  constructor(root: string, names: readonly string[]) {
    this.#root = root;
    this.#names = names;
  }

  async ignore(file: string): Promise<boolean> {
    for (const folder of ancestorsOf(folderOf(file)).reverse()) {
      if (folder === '') continue;
      if (isIgnoredFolder(nameOf(folder)) || (await this.#rulesIn(folderOf(folder))).ignores(folder, true)) return true;
    }
    return (await this.#rulesIn(folderOf(file))).ignores(file, false);
  }

  #rulesIn(folder: string): Promise<IgnoreRules> {
    let rules = this.#inFolder.get(folder);
    if (!rules) this.#inFolder.set(folder, (rules = this.#read(folder)));
    return rules;
  }

  async #read(folder: string): Promise<IgnoreRules> {
    const above = folder === '' ? IgnoreRules.none : await this.#rulesIn(folderOf(folder));
    return above.within(folder, await Promise.all(this.#names.map((name) => readSmall(path.join(this.#root, folder, name)))));
  }
}
