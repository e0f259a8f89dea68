// Which of a few files the list of the folder will have, told before there is a list: git is asked about them alone, and only the ignore files above them are
// read. It may say no where the list says yes, as for files of submodules, but not the other way round.
import { ancestorsOf, folderOf, nameOf } from './fileSet.ts';
import { runGit } from './git.ts';
import { IgnoreFiles, placeInWorkTree } from './ignoreFiles.ts';
import { isIgnoredFolder } from './ignoreRules.ts';
import { isOrdinaryPath } from './listing.ts';

export interface ListedAmongOptions {
  readonly signal: AbortSignal;
  readonly gitTimeoutMs: number;
}

const maxGitBytes = 1024 * 1024;

/** @param paths of files that are there, relative to the root, with `/`; some hundreds at most */
export async function listedAmong(root: string, paths: readonly string[], { signal, gitTimeoutMs: timeoutMs }: ListedAmongOptions): Promise<readonly string[]> {
  const ordinary = paths.filter((file) => isOrdinaryPath(file) && !ancestorsOf(folderOf(file)).some((folder) => isIgnoredFolder(nameOf(folder))));
  if (ordinary.length === 0) return [];
  // With paths to look at, git reads its index and the folders that lead to them: no hundred thousand files.
  const args = ['--literal-pathspecs', 'ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', ...ordinary];
  const [output, place] = await Promise.all([
    runGit(args, { cwd: root, timeoutMs, maxBytes: maxGitBytes, signal }),
    placeInWorkTree(root, { signal, timeoutMs }),
  ]);
  const named = output === undefined ? undefined : new Set(output.split('\0'));
  const there = named ? ordinary.filter((file) => named.has(file)) : ordinary;
  const ignoreFiles = new IgnoreFiles(root, named ? (place ?? { top: root, prefix: '' }) : undefined);
  await ignoreFiles.read(there.map(folderOf), signal);
  return there.filter((file) => !signal.aborted && !ignoreFiles.ignores(file));
}
