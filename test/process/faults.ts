// Faults that tests and soak runs put on a real engine.
import type { Generation, Inference, InferenceState } from '../../server/inference/inference.ts';
import type { Outcome } from '../../server/core/outcome.ts';
import { chatRequest, forever, holeRequest } from '../native/prompts.ts';

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

/** Four requests are pending, one of them streams: the engine is killed with its first piece of text. */
export async function killMidToken(inference: Inference): Promise<{ readonly outcomes: readonly Outcome<Generation>[]; readonly elapsedMs: number }> {
  const pid = await enginePid(inference);
  let killedAt = 0;
  const kill = () => {
    if (killedAt > 0) return;
    killedAt = performance.now();
    process.kill(pid, 'SIGKILL');
  };
  const outcomes = await Promise.all([
    inference.generate(chatRequest('Write a long story.', { maxTokens: 900 }), { signal: forever, onText: kill }),
    inference.generate(chatRequest('Write another one.', { maxTokens: 900 }), { signal: forever }),
    inference.generate(chatRequest('And a third one.', { maxTokens: 900 }), { signal: forever }),
    inference.generate(holeRequest('def add(a, b):\n    return ', { priority: 'background', maxTokens: 400 }), { signal: forever }),
  ]);
  return { outcomes, elapsedMs: performance.now() - killedAt };
}
