// Ignore files as git reads them: one in every folder, the nearest has the last word. It knows patterns and relative paths, not the disk.
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

export function isIgnoredFolder(name: string): boolean {
  return alwaysIgnored.has(name);
}

/** The rules in force in one folder: its own and those above it. */
export class IgnoreRules {
  readonly #levels: readonly { readonly folder: string; readonly rules: Ignore }[];

  private constructor(levels: readonly { readonly folder: string; readonly rules: Ignore }[]) {
    this.#levels = levels;
  }

  static readonly none = new IgnoreRules([]);

  /** `folder` is relative to the root, '' for the root itself. */
  within(folder: string, patterns: readonly string[]): IgnoreRules {
    const text = patterns.filter((pattern) => pattern.trim() !== '');
    if (text.length === 0) return this;
    const rules = ignore({ allowRelativePaths: true });
    for (const pattern of text) rules.add(pattern.slice(0, 1024 * 1024));
    return new IgnoreRules([...this.#levels, { folder, rules }]);
  }

  ignores(path: string, isFolder: boolean): boolean {
    for (let at = this.#levels.length - 1; at >= 0; at--) {
      const level = this.#levels[at];
      if (!level) continue;
      const relative = level.folder === '' ? path : path.slice(level.folder.length + 1);
      const verdict = level.rules.test(isFolder ? `${relative}/` : relative);
      if (verdict.ignored) return true;
      if (verdict.unignored) return false;
    }
    return false;
  }
}
