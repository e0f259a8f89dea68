// Which files a folder has: git's word in a work tree, an own walk elsewhere; `.tramontaneignore` and `.ignore` count everywhere. Links are
// listed only where they lead to a file inside the root, and never followed to folders, so that no loop and no way out exists.
import { promises as fs } from 'node:fs';
import path from 'node:path';
import { folderOf } from './fileSet.ts';
import { runGit } from './git.ts';
import { type FolderPlace, ignoreFileNames, IgnoreFiles, joined, placeInWorkTree, readIgnoreFile, rulesAbove } from './ignoreFiles.ts';
import { type IgnoreRules, isIgnoredFolder } from './ignoreRules.ts';
import { inSlices } from './slices.ts';

export { inSlices };

export interface Listing {
  /** Relative to the root, with `/`. */
  readonly paths: readonly string[];
  readonly source: 'git' | 'walk';
  /** The bound was reached: there are more files than are listed. */
  readonly isCut: boolean;
}

export interface ListingOptions {
  readonly signal: AbortSignal;
  readonly maxFiles: number;
  readonly gitTimeoutMs: number;
  /** Awaited before what git says is read: a long list keeps the thread busy. It must not reject. */
  readonly beforeReading?: () => Promise<void>;
}

const maxGitBytes = 128 * 1024 * 1024;
const maxDepth = 64;
/** git itself nests no deeper in practice; a hostile repository might. */
const maxSubmodules = 50;
const maxPathLength = 1024;

export async function listFiles(root: string, options: ListingOptions): Promise<Listing> {
  const { signal, gitTimeoutMs: timeoutMs } = options;
  const [listed, placed] = await Promise.all([listWithGit(root, '', options), placeInWorkTree(root, { signal, timeoutMs })]);
  const place = placed ?? { top: root, prefix: '' };
  const paths = listed ? await withoutOwnIgnored(root, await inSlices(listed, isOrdinaryPath), { place, signal }) : await walk(root, place, options);
  // git has an order of its own already, tracked files before others; only where a bound cuts does it matter.
  return { paths: paths.slice(0, options.maxFiles), source: listed ? 'git' : 'walk', isCut: paths.length > options.maxFiles };
}

/** Tracked files and untracked ones that are not ignored; of submodules and work trees inside the root their own lists. */
async function listWithGit(root: string, prefix: string, options: ListingOptions, budget = { submodules: maxSubmodules }): Promise<string[] | undefined> {
  const { signal, gitTimeoutMs: timeoutMs } = options;
  const folder = path.join(root, prefix);
  const git = { cwd: folder, timeoutMs, maxBytes: maxGitBytes, signal };
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  let begin = () => {};
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const beforeReading = async () => {
    if (prefix === '') await options.beforeReading?.();
    begin();
  };
  const [output, staged] = await Promise.all([
    runGit(list, { ...git, beforeReading }).finally(begin),
    runGit(['ls-files', '-z', '--stage'], { ...git, beforeReading: () => begun }),
  ]);
  if (output === undefined) return undefined;
  // A folder ignored by the work tree around it has no list; someone opened it all the same.
  if (output === '' && prefix === '' && (await runGit(['check-ignore', '-q', '.'], git)) !== undefined) return undefined;
  // What ends with a slash is a repository of its own that this one does not track.
  const links = submodulesIn(staged ?? '');
  // Unmerged files are listed once for each side.
  const seen = new Set<string>();
  const repositories: string[] = [];
  const files = await inSlices(output.split('\0'), (name) => {
    if (name === '' || seen.has(name)) return false;
    seen.add(name);
    const isFile = !links.has(name) && !name.endsWith('/');
    if (!isFile) repositories.push(name.replace(/\/$/, ''));
    return isFile;
  });
  const found = prefix === '' ? files : files.map((name) => `${prefix}/${name}`);
  for (const name of repositories) {
    const inner = prefix === '' ? name : `${prefix}/${name}`;
    if (budget.submodules-- <= 0 || !(await isRealFolder(path.join(root, inner)))) continue;
    // A submodule that was never fetched has no `.git`; git would answer for the repository around it.
    if (await exists(path.join(root, inner, '.git'))) found.push(...((await listWithGit(root, inner, options, budget)) ?? []));
  }
  return found;
}

/** Mode 160000 is a submodule. They are few: the list of a hundred thousand files is searched, not split. */
function submodulesIn(staged: string): Set<string> {
  const entries = `\u0000${staged}`;
  const mark = '\u0000160000 ';
  const found = new Set<string>();
  for (let at = entries.indexOf(mark); at >= 0; at = entries.indexOf(mark, at + 1)) {
    const entry = entries.slice(at + 1).split('\u0000', 1)[0] ?? '';
    found.add(entry.slice(entry.indexOf('\t') + 1));
  }
  return found;
}

/** Applies `.ignore` and `.tramontaneignore`, which git does not know, and which it may itself be told to ignore: they are looked for in every folder. */
async function withoutOwnIgnored(
  root: string,
  files: readonly string[],
  { place, signal }: { readonly place: FolderPlace; readonly signal: AbortSignal },
): Promise<string[]> {
  const isKept = new Map<string, boolean>();
  const kept = await inSlices(files, (file) => {
    const folder = folderOf(file);
    let verdict = isKept.get(folder);
    if (verdict === undefined) isKept.set(folder, (verdict = !folder.split('/').some(isIgnoredFolder)));
    return verdict;
  });
  const ignoreFiles = new IgnoreFiles(root, place);
  await ignoreFiles.read(
    [...isKept].flatMap(([folder, verdict]) => (verdict ? [folder] : [])),
    signal,
  );
  return ignoreFiles.haveRules ? inSlices(kept, (file) => !signal.aborted && !ignoreFiles.ignores(file)) : kept;
}

async function walk(root: string, place: FolderPlace, { signal, maxFiles }: ListingOptions): Promise<string[]> {
  const files: string[] = [];
  const pending: { folder: string; rules: IgnoreRules; depth: number }[] = [{ folder: '', rules: await rulesAbove(place), depth: 0 }];
  // Rules are about ways from the top, which is the folder itself outside of a work tree.
  const fromTop = (relative: string) => joined(place.prefix, relative);
  const realRoot = await fs.realpath(root).catch(() => root);
  // First what is near the root: where the bound cuts, it cuts the depths.
  for (let at = 0; at < pending.length && files.length <= maxFiles && !signal.aborted; at++) {
    const entry = pending[at];
    if (!entry) break;
    const entries = await fs.readdir(path.join(root, entry.folder), { withFileTypes: true }).catch(() => []);
    const names = new Set(entries.map((item) => item.name));
    const there = ignoreFileNames.filter((name) => names.has(name));
    const patterns = await Promise.all(there.map((name) => readIgnoreFile(root, joined(entry.folder, name))));
    const rules = entry.rules.within(fromTop(entry.folder), patterns);
    for (const item of entries) {
      const relative = joined(entry.folder, item.name);
      if (item.isDirectory()) {
        if (entry.depth < maxDepth && !isIgnoredFolder(item.name) && !rules.ignores(fromTop(relative), true))
          pending.push({ folder: relative, rules, depth: entry.depth + 1 });
      } else if (rules.ignores(fromTop(relative), false)) continue;
      else if (!isOrdinaryPath(relative)) continue;
      else if (item.isFile()) files.push(relative);
      else if (item.isSymbolicLink() && (await leadsToFileInside(path.join(root, relative), realRoot))) files.push(relative);
    }
  }
  return files;
}

async function leadsToFileInside(link: string, realRoot: string): Promise<boolean> {
  try {
    const target = await fs.realpath(link);
    return target.startsWith(realRoot + path.sep) && (await fs.stat(target)).isFile();
  } catch {
    return false;
  }
}

/**
 * No source file has a name that cannot be told apart from what it is not, or lies deeper than one walks: a list of git's may name what no file
 * system holds.
 */
export function isOrdinaryPath(file: string): boolean {
  if (file.length > maxPathLength || /[\ufffd\n\r\0]|^\/|(?:^|\/)\.\.(?:\/|$)/.test(file)) return false;
  let depth = 0;
  for (let at = file.indexOf('/'); at >= 0; at = file.indexOf('/', at + 1)) depth++;
  return depth <= maxDepth;
}

async function isRealFolder(folder: string): Promise<boolean> {
  return fs.lstat(folder).then(
    (stat) => stat.isDirectory(),
    () => false,
  );
}

async function exists(file: string): Promise<boolean> {
  return fs.lstat(file).then(
    () => true,
    () => false,
  );
}
