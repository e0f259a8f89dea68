// Fits the weights of `server/core/retrieval/rankWeights.ts`: logistic regression by Newton's method over the reasons of every candidate of every hole. It
// knows holes and reasons; it must not see the seed and the repositories that figures are reported of.
// usage: npm run bench -- context --fit
import type { CursorReasons } from '../../../server/core/retrieval/rankWeights.ts';
import { collectFileEvidence } from '../../../server/core/retrieval/fileEvidence.ts';
import type { Reasons } from '../../../server/core/retrieval/reasons.ts';
import { cursorReasons, prepareEvidence } from '../../../server/core/retrieval/rankDefinitions.ts';
import { readRepository, sampleHoles, seededRandom } from './holes.ts';
import { isHit } from './methods.ts';
import { readProjectFacts } from './projectFacts.ts';
import { situationOf } from './situations.ts';

/** Never the seed of the report. */
const seed = 1;
const repositories = [
  { name: 'rxjs-7.8.2', language: 'typescript' },
  { name: 'ethers-6.17.0', language: 'typescript' },
  { name: 'rich-14.2.0', language: 'python' },
  { name: 'django-5.2.8', language: 'python' },
] as const;

/** Of the candidates that were not needed this share is looked at, and counts for all. */
const sampledShare = 0.12;
/** A hidden import is the rarer case while somebody works. */
const weightOfHidden = 0.6;
const penalty = 1e-6;
const steps = 12;

interface Examples {
  readonly names: string[];
  readonly rows: Float64Array[];
  readonly isNeeded: boolean[];
  readonly weights: number[];
}

/** @returns the weights by the names of the reasons, and `intercept` */
export async function fitWeights(drawnHoles: number): Promise<Record<string, number>> {
  const examples = await collectExamples(drawnHoles);
  const solution = solve(examples);
  return Object.fromEntries([...examples.names, 'intercept'].map((name, index) => [name, Math.round(100 * (solution[index] as number)) / 100]));
}

async function collectExamples(drawnHoles: number): Promise<Examples> {
  const examples: Examples = { names: [], rows: [], isNeeded: [], weights: [] };
  const random = seededRandom(seed);
  for (const { name, language } of repositories) {
    const repository = readRepository(name, language);
    const facts = await readProjectFacts(repository);
    const { holes } = await sampleHoles(repository, { count: drawnHoles, seed });
    for (const hole of holes) {
      for (const isHidden of hole.hidden === undefined ? [false] : [false, true]) {
        const situation = situationOf(repository, hole, { hideImport: isHidden });
        const evidence = await facts.withOpen(hole.path, situation.text, () => collectFileEvidence(facts.source, facts.usage, hole.path));
        if (!evidence) continue;
        const prepared = prepareEvidence(evidence, () => 1);
        const needed = prepared.prepared.map(({ candidate }) => isHit(hole, { definitions: [candidate.definition] }));
        if (!needed.includes(true)) continue;
        const reasonsAt = cursorReasons(prepared, { line: hole.line, nearText: situation.nearText });
        for (const [index, one] of prepared.prepared.entries()) {
          const isNeeded = needed[index] === true;
          if (!isNeeded && random() > sampledShare) continue;
          const reasons: Reasons & CursorReasons = { ...one.candidate.reasons, ...reasonsAt(one) };
          if (examples.names.length === 0) examples.names.push(...Object.keys(reasons));
          examples.rows.push(Float64Array.from([...Object.values(reasons), 1]));
          examples.isNeeded.push(isNeeded);
          examples.weights.push((isHidden ? weightOfHidden : 1) * (isNeeded ? 1 : 1 / sampledShare));
        }
      }
    }
    process.stderr.write(`${name}: ${examples.rows.length} examples\n`);
  }
  return examples;
}

/** https://en.wikipedia.org/wiki/Logistic_regression#Iteratively_reweighted_least_squares_(IRLS) */
function solve({ names, rows, isNeeded, weights }: Examples): Float64Array {
  const size = names.length + 1;
  const solution = new Float64Array(size);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  // From a chance near the true share on: from one half the first step would go too far.
  solution[size - 1] = -5;
  for (let step = 0; step < steps; step++) {
    const gradient = new Float64Array(size);
    const curvature = Array.from({ length: size }, () => new Float64Array(size));
    for (const [index, row] of rows.entries()) {
      let score = 0;
      for (let at = 0; at < size; at++) score += (row[at] as number) * (solution[at] as number);
      const chance = 1 / (1 + Math.exp(-score));
      const weight = (weights[index] as number) / total;
      const error = weight * (chance - (isNeeded[index] === true ? 1 : 0));
      const bend = weight * chance * (1 - chance);
      for (let at = 0; at < size; at++) {
        const value = row[at] as number;
        if (value === 0) continue;
        (gradient[at] as number) += error * value;
        const line = curvature[at] as Float64Array;
        for (let other = 0; other < size; other++) (line[other] as number) += bend * value * (row[other] as number);
      }
    }
    for (let at = 0; at < size; at++) {
      (gradient[at] as number) += 2 * penalty * (solution[at] as number);
      ((curvature[at] as Float64Array)[at] as number) += 2 * penalty;
    }
    const move = solveLinear(curvature, gradient);
    for (let at = 0; at < size; at++) (solution[at] as number) -= Math.max(-4, Math.min(4, move[at] as number));
  }
  return solution;
}

/** Gauss and Jordan with pivots. */
function solveLinear(matrix: readonly Float64Array[], right: Float64Array): Float64Array {
  const size = right.length;
  const rows: Float64Array[] = matrix.map((row, index) => Float64Array.from([...row, right[index] as number]));
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++) if (Math.abs(rows[row]?.[column] as number) > Math.abs(rows[pivot]?.[column] as number)) pivot = row;
    [rows[column], rows[pivot]] = [rows[pivot] as Float64Array, rows[column] as Float64Array];
    const own = rows[column] as Float64Array;
    const head = own[column] as number;
    for (let at = column; at <= size; at++) (own[at] as number) /= head;
    for (const [row, other] of rows.entries()) {
      const factor = other[column] as number;
      if (row === column || factor === 0) continue;
      for (let at = column; at <= size; at++) (other[at] as number) -= factor * (own[at] as number);
    }
  }
  return Float64Array.from(rows, (row) => row[size] as number);
}
