// Files in the order in which they are likely to be asked about: those beside what is open first, tests after all else. It knows paths.

export const isTest = (path: string) => /(?:^|\/)(?:tests?|__tests__|spec)\/|[._-](?:test|spec)\.\w+$|(?:^|\/)test_[^/]*$/.test(path);

/** Within one rank the order stays. */
export function nearestFirst(paths: readonly string[], openPaths: readonly string[]): string[] {
  const open = openPaths.map(foldersOf);
  const ranks = new Map<string, number>();
  const rankOf = (path: string) => {
    const folders = foldersOf(path);
    const key = folders.join('/');
    let steps = ranks.get(key);
    if (steps === undefined) {
      steps = open.length === 0 ? 0 : Math.min(...open.map((other) => stepsBetween(folders, other)));
      ranks.set(key, steps);
    }
    return steps + (isTest(path) ? 1000 : 0);
  };
  return paths
    .map((path) => ({ path, rank: rankOf(path) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ path }) => path);
}

function foldersOf(path: string): string[] {
  return path.split('/').slice(0, -1);
}

/** Up from one to the folder that holds both, and down to the other. */
function stepsBetween(a: readonly string[], b: readonly string[]): number {
  let shared = 0;
  while (shared < a.length && shared < b.length && a[shared] === b[shared]) shared++;
  return a.length - shared + (b.length - shared);
}
