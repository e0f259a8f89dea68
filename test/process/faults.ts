// Faults that tests and soak runs put on a real engine.
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile, watch } from 'node:fs/promises';
import path from 'node:path';
import type { EngineStatus } from '../../native/protocol/messages.ts';
import type { Generation, Inference, InferenceState } from '../../server/inference/inference.ts';
import type { Outcome } from '../../server/core/outcome.ts';
import { engineModule } from '../native/localEngine.ts';
import { chatRequest, forever, holeRequest, longCode } from '../native/prompts.ts';
import { Window } from './windows.ts';

export async function enginePid(inference: Inference): Promise<number> {
  return (await statusOf(inference)).pid;
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

export interface Killed {
  readonly outcomes: readonly Outcome<Generation>[];
  /** From the kill to the last outcome. */
  readonly elapsedMs: number;
  /** Whether the engine was still doing what it was to be killed in. */
  readonly wasInPhase: boolean;
}

/** Four requests are pending: the engine is killed with the first piece of text of any. */
export async function killMidToken(inference: Inference): Promise<Killed> {
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
  return { outcomes, elapsedMs: performance.now() - killedAt, wasInPhase: killedAt > 0 };
}

/** A prompt that takes a while to be evaluated. */
export const longPrompt = (seed: number, over = {}) => holeRequest(longCode(18, seed), { maxTokens: 200, priority: 'chat', ...over });

/** Four requests are pending: the engine is killed while it evaluates their prompts. */
export async function killInPrefill(inference: Inference): Promise<Killed> {
  const pid = await enginePid(inference);
  let hasText = false;
  const pending = [1, 2, 3, 4].map((seed) =>
    inference.generate(longPrompt(seed, seed === 4 ? { priority: 'background' } : {}), {
      signal: forever,
      onText: () => {
        hasText = true;
      },
    }),
  );
  // The answer comes after the requests were taken up, in the order in which they were sent.
  await enginePid(inference);
  const killedAt = performance.now();
  process.kill(pid, 'SIGKILL');
  const wasInPrefill = !hasText;
  return { outcomes: await Promise.all(pending), elapsedMs: performance.now() - killedAt, wasInPhase: wasInPrefill };
}

/** Four requests are pending: the engine is killed while it loads the model that they need, which is not in memory yet. */
export async function killInLoading(inference: Inference, runtimeDirectory: string): Promise<Killed> {
  const given = new AbortController();
  const seen = engineLoads(runtimeDirectory, given.signal);
  const pending = [1, 2, 3, 4].map((seed) => inference.generate(longPrompt(seed), { signal: forever }));
  const pid = await seen;
  given.abort();
  const killedAt = performance.now();
  process.kill(pid, 'SIGKILL');
  const outcomes = await Promise.all(pending);
  const elapsedMs = performance.now() - killedAt;
  return { outcomes, elapsedMs, wasInPhase: (await recordOf(runtimeDirectory, pid)).loading.length > 0 };
}

/** Resolves with the process id of an engine that has begun to load a model. */
export async function engineLoads(runtimeDirectory: string, signal: AbortSignal): Promise<number> {
  for await (const { filename } of watch(runtimeDirectory, { signal })) {
    const pid = Number(/^evaluating-(\d+)$/.exec(filename ?? '')?.[1]);
    if (pid && (await recordOf(runtimeDirectory, pid)).loading.length > 0) return pid;
  }
  throw new Error('No engine has loaded a model.');
}

async function recordOf(runtimeDirectory: string, pid: number): Promise<{ readonly loading: readonly string[] }> {
  const text = await readFile(path.join(runtimeDirectory, `evaluating-${pid}`), 'utf8').catch(() => '');
  try {
    return JSON.parse(text) as { loading: string[] };
  } catch {
    // Not there, or just being written: its next change is seen as well.
    return { loading: [] };
  }
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

export interface EngineProcess {
  readonly child: ChildProcess;
  /** `ready`, `taken` or `failed`. */
  readonly announced: Promise<string>;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

/** An engine as a child of the test, which learns how it ends; clients of the same build find it. */
export function startEngineProcess(runtimeDirectory: string, build: string, module = engineModule): EngineProcess {
  const options = JSON.stringify({ gpu: 'off', threads: 1, keepAliveMs: 10_000 });
  const args = [module, '--runtime', runtimeDirectory, '--state', runtimeDirectory + '-state', '--build', build, '--written-at', '1', '--options', options];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  return {
    child,
    announced: new Promise((resolve) => child.once('message', (message) => resolve((message as { kind: string }).kind))),
    ended: new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal }))),
  };
}

/** Processes whose parent is this one. Linux only. */
export function childrenOf(pid: number): readonly number[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      const parent = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1];
      return Number(parent) === pid ? [Number(name)] : [];
    } catch {
      // No process, or one that ended meanwhile.
      return [];
    }
  });
}

/**
 * A window dies with requests in prefill and in decoding.
 * @returns how the engine fares: the requests that are still active when it has answered somebody else, and its memory
 */
export async function killWindow(observer: Inference, runtimeDirectory: string): Promise<{ readonly activeRequests: number; readonly heapBytes: number }> {
  const window = new Window(runtimeDirectory);
  try {
    const described = await window.describe();
    if (described.outcome !== 'ok') throw new Error(JSON.stringify(described));
    const decoding = window.generate(chatRequest('Write a function that adds two numbers', { maxTokens: 900 }));
    await decoding.firstText;
    for (const seed of [1, 2, 3, 4, 5, 6]) window.generate(longPrompt(seed));
    // Answered after the six were taken up, since it was sent after them.
    await window.status();
    const before = await statusOf(observer);
    if (before.activeRequests !== 7) throw new Error(`${before.activeRequests} requests were under way, not 7`);
  } finally {
    await window.kill();
  }
  const answer = await observer.generate(holeRequest('def add(a, b):\n    return '), { signal: forever });
  if (answer.outcome !== 'ok') throw new Error(JSON.stringify(answer));
  const { activeRequests, memory } = await statusOf(observer);
  return { activeRequests, heapBytes: memory.heapBytes };
}

async function statusOf(inference: Inference): Promise<EngineStatus> {
  const status = await inference.engineStatus(forever);
  if (status.outcome !== 'ok') throw new Error(JSON.stringify(status));
  return status.value;
}

/** Process ids of the living engines that were started for this directory. */
export function enginesOf(runtimeDirectory: string): readonly number[] {
  return readdirSync(runtimeDirectory)
    .filter((name) => name.startsWith('evaluating-'))
    .map((name) => Number(name.slice('evaluating-'.length)))
    .filter((pid) => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    });
}
