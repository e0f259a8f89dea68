// Which files a folder has: git's word in a work tree, an own walk elsewhere; `.tramontaneignore` and `.ignore` count everywhere. Links are
// listed only where they lead to a file inside the root, and never followed to folders, so that no loop and no way out exists.
import { promises as fs } from 'node:fs';
import path from 'node:path';
import { runGit } from './git.ts';
import { IgnoreRules, isIgnoredFolder } from './ignoreRules.ts';

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

export const gitNames = ['.gitignore', '.ignore', '.tramontaneignore'];
export const ownNames = ['.ignore', '.tramontaneignore'];
const maxGitBytes = 128 * 1024 * 1024;
const maxDepth = 64;
/** git itself nests no deeper in practice; a hostile repository might. */
const maxSubmodules = 50;
const sliceLength = 2000;

export async function listFiles(root: string, options: ListingOptions): Promise<Listing> {
  const listed = await listWithGit(root, '', options);
  const found = listed ? await withoutOwnIgnored(root, listed) : await walk(root, options);
  const paths = await inSlices(found, isOrdinaryPath);
  // git has an order of its own already, tracked files before others; only where a bound cuts does it matter.
  return { paths: paths.slice(0, options.maxFiles), source: listed ? 'git' : 'walk', isCut: paths.length > options.maxFiles };
}

/** Filters a list that may have a hundred thousand items without keeping the thread for longer than some milliseconds. */
export async function inSlices<Item>(items: readonly Item[], keeps: (item: Item) => boolean): Promise<Item[]> {
  const kept: Item[] = [];
  for (let start = 0; start < items.length; start += sliceLength) {
    for (const item of items.slice(start, start + sliceLength)) if (keeps(item)) kept.push(item);
    if (start + sliceLength < items.length) await new Promise(setImmediate);
  }
  return kept;
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

/** Applies `.ignore` and `.tramontaneignore`, which git does not know. */
async function withoutOwnIgnored(root: string, files: readonly string[]): Promise<string[]> {
  const ignoreFiles = await inSlices(files, (file) => file.endsWith('ignore') && ownNames.some((name) => file === name || file.endsWith(`/${name}`)));
  const isKept = new Map<string, boolean>();
  const kept = await inSlices(files, (file) => {
    const folder = folderOf(file);
    let verdict = isKept.get(folder);
    if (verdict === undefined) isKept.set(folder, (verdict = !folder.split('/').some(isIgnoredFolder)));
    return verdict;
  });
  if (ignoreFiles.length === 0) return kept;
  const patternsOf = new Map<string, string[]>();
  for (const file of ignoreFiles.sort((a, b) => ownNames.indexOf(path.posix.basename(a)) - ownNames.indexOf(path.posix.basename(b)))) {
    const folder = folderOf(file);
    patternsOf.set(folder, [...(patternsOf.get(folder) ?? []), await readSmall(path.join(root, file))]);
  }
  const rulesOf = new Map<string, IgnoreRules>();
  const ignoredFolders = new Map<string, boolean>([['', false]]);
  const rulesIn = (folder: string): IgnoreRules => {
    let rules = rulesOf.get(folder);
    if (!rules) {
      const above = folder === '' ? IgnoreRules.none : rulesIn(folderOf(folder));
      rules = above.within(folder, patternsOf.get(folder) ?? []);
      rulesOf.set(folder, rules);
    }
    return rules;
  };
  const isFolderIgnored = (folder: string): boolean => {
    let isIgnored = ignoredFolders.get(folder);
    if (isIgnored === undefined) {
      isIgnored = isFolderIgnored(folderOf(folder)) || rulesIn(folderOf(folder)).ignores(folder, true);
      ignoredFolders.set(folder, isIgnored);
    }
    return isIgnored;
  };
  return inSlices(kept, (file) => !isFolderIgnored(folderOf(file)) && !rulesIn(folderOf(file)).ignores(file, false));
}

async function walk(root: string, { signal, maxFiles }: ListingOptions): Promise<string[]> {
  const files: string[] = [];
  const pending: { folder: string; rules: IgnoreRules; depth: number }[] = [{ folder: '', rules: IgnoreRules.none, depth: 0 }];
  const realRoot = await fs.realpath(root).catch(() => root);
  // First what is near the root: where the bound cuts, it cuts the depths.
  for (let at = 0; at < pending.length && files.length <= maxFiles && !signal.aborted; at++) {
    const entry = pending[at];
    if (!entry) break;
    const entries = await fs.readdir(path.join(root, entry.folder), { withFileTypes: true }).catch(() => []);
    const names = new Set(entries.filter((item) => item.isFile()).map((item) => item.name));
    const patterns = await Promise.all(gitNames.filter((name) => names.has(name)).map((name) => readSmall(path.join(root, entry.folder, name))));
    const rules = entry.rules.within(entry.folder, patterns);
    for (const item of entries) {
      const relative = entry.folder === '' ? item.name : `${entry.folder}/${item.name}`;
      if (item.isDirectory()) {
        if (entry.depth < maxDepth && !isIgnoredFolder(item.name) && !rules.ignores(relative, true))
          pending.push({ folder: relative, rules, depth: entry.depth + 1 });
      } else if (rules.ignores(relative, false)) continue;
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

/** Names that cannot be told apart from what they are not: none of them is a source file's. */
export function isOrdinaryPath(file: string): boolean {
  return !/[\ufffd\n\r\0]|^\/|(?:^|\/)\.\.(?:\/|$)/.test(file);
}

export async function readSmall(file: string): Promise<string> {
  try {
    const stat = await fs.stat(file);
    return stat.isFile() && stat.size < 1024 * 1024 ? await fs.readFile(file, 'utf8') : '';
  } catch {
    return '';
  }
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

function folderOf(file: string): string {
  return file.includes('/') ? file.slice(0, file.lastIndexOf('/')) : '';
}
