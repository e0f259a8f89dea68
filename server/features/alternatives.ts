// More candidates for one place, for somebody who asks to choose. Computed side by side and warmer than the first; only those that differ.
// It knows runs; it must not know what is shown.
import type { Hit } from '../core/completion/reuse.ts';
import type { Place, RunStarter } from './startRun.ts';

/** With the first one that makes three. Any two numbers would do; the same ones give the same candidates. */
const seeds = [1, 2] as const;

export interface AlternativesInput {
  readonly place: Place;
  readonly runs: RunStarter;
  readonly signal: AbortSignal;
}

export async function alternativesTo(first: Hit, { place, runs, signal }: AlternativesInput): Promise<readonly Hit[]> {
  const results = await Promise.all(seeds.map((seed) => runs.start(place, { kind: 'alternative', seed }, signal)));
  const started = results.flatMap((run) => ('outcome' in run ? [] : [run]));
  const abandon = () => started.forEach((run) => run.abort());
  signal.addEventListener('abort', abandon, { once: true });
  if (signal.aborted) abandon();
  try {
    await Promise.all(started.map((run) => run.join(signal, { wantsWhole: true })));
  } finally {
    signal.removeEventListener('abort', abandon);
  }
  const hits: Hit[] = [];
  for (const { suggestion } of started) {
    const isNew = suggestion && [first, ...hits].every(({ remainder }) => remainder.trim() !== suggestion.text.trim());
    if (isNew) hits.push({ suggestion, remainder: suggestion.text, typed: 0 });
  }
  return hits;
}
