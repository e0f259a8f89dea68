// Ignore files as git reads them: one in every folder, the nearest has the last word. It knows patterns and relative paths, not the disk. The patterns are
// a repository's own words, so whatever they say, a path is judged in a time that grows with its length only.
import ignore, { type Ignore } from 'ignore';

/** Folders that hold what others wrote or machines made, wherever no ignore file says so. */
const alwaysIgnored = new Set([
  '.git',
  '.hg',
  '.svn',
  '.jj',
  'node_modules',
  'bower_components',
  '__pycache__',
  '.venv',
  'venv',
  '.tox',
  '.nox',
  '.mypy_cache',
  '.pytest_cache',
  '.ruff_cache',
  '.gradle',
  '.idea',
  '.terraform',
  '.next',
  '.nuxt',
  '.cache',
  '.yarn',
]);
/** Longer than any path that is listed; some steps of the library take the square of it. */
const maxPatternLength = 1024;

export function isIgnoredFolder(name: string): boolean {
  return alwaysIgnored.has(name);
}

type Verdict = 'ignored' | 'unignored' | undefined;

interface Level {
  readonly folder: string;
  /** @param path relative to the folder, with a slash at the end of a folder's */
  readonly judge: (path: string) => Verdict;
}

/** The rules in force in one folder: its own and those above it. Whoever asks about a path has asked about the folders above it before. */
export class IgnoreRules {
  readonly #levels: readonly Level[];

  private constructor(levels: readonly Level[]) {
    this.#levels = levels;
  }

  static readonly none = new IgnoreRules([]);

  /** `folder` is relative to the root, '' for the root itself; what later patterns say goes before what earlier ones do. */
  within(folder: string, patterns: readonly string[]): IgnoreRules {
    const judges = patterns.flatMap(judgesOf);
    return judges.length === 0 ? this : new IgnoreRules([...this.#levels, ...judges.map((judge) => ({ folder, judge }))]);
  }

  ignores(path: string, isFolder: boolean): boolean {
    for (let at = this.#levels.length - 1; at >= 0; at--) {
      const level = this.#levels[at];
      if (!level) continue;
      const relative = level.folder === '' ? path : path.slice(level.folder.length + 1);
      const verdict = level.judge(isFolder ? `${relative}/` : relative);
      if (verdict !== undefined) return verdict === 'ignored';
    }
    return false;
  }
}

/** The text of an ignore file as judges of paths, of which the last one that has a verdict is right. */
function judgesOf(text: string): Level['judge'][] {
  const judges: Level['judge'][] = [];
  let plain: string[] = [];
  const flush = () => {
    if (plain.some((line) => line.trim() !== '')) judges.push(judgeOf(ignore({ allowRelativePaths: true }).add(plain)));
    plain = [];
  };
  for (const line of text.split(/\r?\n/)) {
    if (line.length > maxPatternLength) continue;
    if (innerStars(line) < 2) plain.push(line);
    else {
      flush();
      judges.push(deepJudge(line));
    }
  }
  flush();
  return judges;
}

function judgeOf(rules: Ignore): Level['judge'] {
  return (path) => {
    const { ignored, unignored } = rules.test(path);
    return ignored ? 'ignored' : unignored ? 'unignored' : undefined;
  };
}

function innerStars(line: string): number {
  return line.startsWith('#') || !line.includes('/**') ? 0 : (line.match(/\/\*{2,}(?=\/)/g)?.length ?? 0);
}

// `a/**/b/**/c`: with several `**` between names the library tries all ways to divide a path among them, which for a path of some hundred folders takes
// minutes. The first place where a part fits is as good as any other.
function deepJudge(line: string): Level['judge'] {
  const isNegated = line.startsWith('!');
  const pattern = line.slice(isNegated ? 1 : 0).trimEnd();
  const names = pattern.split('/');
  const isOfFolders = names.at(-1) === '';
  const parts: (readonly NameTest[])[] = [];
  let part: NameTest[] = [];
  for (const name of names.filter((one) => one !== '')) {
    if (!/^\*{2,}$/.test(name)) part.push(nameTest(name));
    // Two in a row say no more than one.
    else if (part.length > 0 || parts.length === 0) {
      parts.push(part);
      part = [];
    }
  }
  parts.push(part);
  return (path) => {
    const isFolder = path.endsWith('/');
    if (isOfFolders && !isFolder) return undefined;
    return fits(parts, (isFolder ? path.slice(0, -1) : path).split('/')) ? (isNegated ? 'unignored' : 'ignored') : undefined;
  };
}

type NameTest = (name: string) => boolean;

function nameTest(pattern: string): NameTest {
  const rules = ignore({ allowRelativePaths: true }).add(`/${pattern}`);
  return (name) => rules.test(name).ignored;
}

/** @param parts what stands between the `**`: the first is at the beginning of the path, the last at its end */
function fits(parts: readonly (readonly NameTest[])[], names: readonly string[]): boolean {
  const isAt = (part: readonly NameTest[], start: number) => start + part.length <= names.length && part.every((test, at) => test(names[start + at] as string));
  const [first = [], ...rest] = parts;
  const last = rest.pop() ?? [];
  if (!isAt(first, 0)) return false;
  let start = first.length;
  for (const part of rest) {
    while (start + part.length <= names.length && !isAt(part, start)) start++;
    if (start + part.length > names.length) return false;
    start += part.length;
  }
  // Nothing behind the last one stands for all that is further down.
  return last.length === 0 ? start < names.length : names.length - last.length >= start && isAt(last, names.length - last.length);
}
