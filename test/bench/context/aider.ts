// Aider's repository map as a peer. It is slow (seconds a request on a large repository), so it gets a smaller sample, and what it said is kept on
// disk. It knows its process and its text; it must not know other methods.
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { environment, type Hole, type Repository } from './holes.ts';
import type { Situation } from './situations.ts';

export const aiderName = 'aider 0.86.2, repository map';
const cacheVersion = 1;
const longestLine = 100;

/** @returns for each hole whether each budget's map shows the definition's first line under its file's name */
export async function askAider(
  repository: Repository,
  asked: readonly { readonly hole: Hole; readonly situation: Situation }[],
  options: { readonly seed: number; readonly budgets: readonly number[] },
): Promise<boolean[][]> {
  const folder = environment('TRAMONTANE_BENCH_TRUTH');
  const cache = path.join(folder, `aider-${repository.name}-${options.seed}-${asked.length}-${options.budgets.join('-')}-v${cacheVersion}.json`);
  try {
    return JSON.parse(readFileSync(cache, 'utf8')) as boolean[][];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const copy = path.join(folder, `aider-${repository.name}`);
  cpSync(repository.folder, copy, { recursive: true });
  const args = [path.join(import.meta.dirname, 'aider_map.py'), copy, environment('TRAMONTANE_TEKKEN')];
  const child = spawn(environment('TRAMONTANE_BENCH_AIDER_PYTHON'), args, { stdio: ['pipe', 'pipe', 'ignore'] });
  try {
    const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const hits: boolean[][] = [];
    for (const { hole, situation } of asked) {
      const identifiers = [...new Set(situation.nearText.match(/[A-Za-z_$][\w$]*/g))];
      child.stdin.write(`${JSON.stringify({ path: situation.path, text: situation.text, identifiers, budgets: options.budgets })}\n`);
      const answer = await answers.next();
      if (answer.done === true) throw new Error('aider_map.py ended early: run it by hand and read what it says.');
      const { maps } = JSON.parse(answer.value) as { readonly maps: readonly string[] };
      hits.push(maps.map((map) => shows(map, repository, hole)));
      process.stderr.write(`${repository.name}: aider has answered ${hits.length} of ${asked.length}\n`);
    }
    mkdirSync(folder, { recursive: true });
    writeFileSync(cache, JSON.stringify(hits));
    return hits;
  } finally {
    child.kill();
    rmSync(copy, { recursive: true, force: true });
  }
}

/** A map is a list of `path:`, each followed by lines with a bar before them. */
function shows(map: string, repository: Repository, hole: Hole): boolean {
  return hole.definitions.some((place) => {
    const line = repository.files
      .get(place.path)
      ?.split('\n')
      [place.line]?.slice(0, longestLine - 1)
      .trimEnd();
    const start = line === undefined ? -1 : `\n${map}`.indexOf(`\n${place.path}:\n`);
    if (start < 0) return false;
    const section = map.slice(start).split(/\n\n/, 1)[0] ?? '';
    return section.split('\n').some((shown) => /^[│█]/.test(shown) && shown.slice(1).trimEnd() === line);
  });
}
