// Tests that need a GPU: an engine on the software Vulkan device, or the reason why there is none.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { EngineStatus } from '../../native/protocol/messages.ts';
import type { Inference } from '../../server/inference/inference.ts';
import type { Outcome } from '../../server/core/outcome.ts';
import type { TestEngine, TestEngineOptions } from '../native/localEngine.ts';
import { testEngine } from '../native/localEngine.ts';
import { forever } from '../native/prompts.ts';

const engineModule = path.join(import.meta.dirname, 'vulkanEngine.ts');
const missing = process.env['TRAMONTANE_TEST_NO_VULKAN'] ?? (process.env['VK_DRIVER_FILES'] ? false : 'run by scripts/test.mjs, which sets the device up');

export function vulkanTest(name: string, run: () => Promise<void>): void {
  test(name, { skip: missing }, run);
}

export interface VulkanOptions extends TestEngineOptions {
  /** Variables of the engine's environment, on top of those that name the device. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Mesa's software device (22.3) has a race in the thread of its queue, which now and then ends the whole process on a busy machine: a core dump
 * shows libvulkan_lvp.so alone on that thread's stack. No other failure than an engine that is gone without a word is tried again.
 */
const mostTries = 4;

/** Runs with an engine on the device, and ends it. */
export async function withVulkan(options: VulkanOptions, run: (engine: TestEngine) => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries++) {
    const ended = await runOnce(options, run);
    if (ended === 'done') return;
    if (tries === mostTries || !ended.isDriverCrash) throw ended.error;
    process.stdout.write("The software device's driver ended the engine; the test runs once more.\n");
  }
}

type Ended = 'done' | { readonly error: unknown; readonly isDriverCrash: boolean };

async function runOnce(options: VulkanOptions, run: (engine: TestEngine) => Promise<void>): Promise<Ended> {
  const { env = {}, ...rest } = options;
  const before = Object.fromEntries(Object.keys(env).map((name) => [name, process.env[name]]));
  Object.assign(process.env, env);
  // The device computes on the same cores as everything else, so a loaded machine makes it slow beyond what counts as hanging elsewhere.
  const engine = testEngine({ engineModule, heartbeatMs: 60_000, ...rest, engine: { gpu: 'vulkan', ...rest.engine } });
  try {
    await run(engine);
    return 'done';
  } catch (error) {
    const log = engineLog(engine);
    process.stdout.write(`${engine.logLines.join('\n')}\n${log}\n`);
    const isGone = error instanceof Error && error.message.includes('engineUnavailable') && error.message.includes('is gone');
    return { error, isDriverCrash: isGone && !/Ending|GGML|terminate called/.test(log) };
  } finally {
    await engine.end();
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

export function valueOf<Value>(outcome: Outcome<Value>): Value {
  assert.equal(outcome.outcome, 'ok', JSON.stringify(outcome));
  return (outcome as { value: Value }).value;
}

export async function statusOf(inference: Inference): Promise<EngineStatus> {
  return valueOf(await inference.engineStatus(forever));
}

/** What the engine wrote since it was started. */
export function engineLog(engine: TestEngine): string {
  const file = path.join(engine.runtimeDirectory, 'engine.log');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
