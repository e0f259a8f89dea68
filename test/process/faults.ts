// Faults that tests and soak runs put on a real engine.
import type { Generation, Inference, InferenceState } from '../../server/inference/inference.ts';
import type { Outcome } from '../../server/core/outcome.ts';
import { chatRequest, forever } from '../native/prompts.ts';

export async function enginePid(inference: Inference): Promise<number> {
  const status = await inference.engineStatus(forever);
  if (status.outcome !== 'ok') throw new Error(JSON.stringify(status));
  return status.value.pid;
}

/** Resolves when the state is reached; with `skipCurrent` a change must come first. */
export function stateReached(inference: Inference, wanted: (state: InferenceState) => boolean, current: 'skipCurrent' | 'useCurrent'): Promise<void> {
  if (current === 'useCurrent' && wanted(inference.state)) return Promise.resolve();
  return new Promise((resolve) => {
    const unsubscribe = inference.onState((state) => {
      if (!wanted(state)) return;
      unsubscribe();
      resolve();
    });
  });
}

/** Four requests are pending: the engine is killed with the first piece of text of any. */
export async function killMidToken(inference: Inference): Promise<{ readonly outcomes: readonly Outcome<Generation>[]; readonly elapsedMs: number }> {
  const pid = await enginePid(inference);
  let killedAt = 0;
  const kill = () => {
    if (killedAt > 0) return;
    killedAt = performance.now();
    process.kill(pid, 'SIGKILL');
  };
  // The starter model answers each of these with text without end, so none is over before the kill.
  const long = (content: string, over = {}) => inference.generate(chatRequest(content, { maxTokens: 900, ...over }), { signal: forever, onText: kill });
  const outcomes = await Promise.all([
    long('Write a function that adds two numbers'),
    long('Write another one.'),
    long('And a third one.'),
    long('In the background, a fourth one.', { priority: 'background' }),
  ]);
  return { outcomes, elapsedMs: performance.now() - killedAt };
}

/** There is no event for the end of a process that is no child. */
export async function processEnded(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
