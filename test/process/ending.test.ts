// However the engine ends, whatever it is doing: nothing of it is left behind.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { recordPathFor } from '../../native/channel/engineRecord.ts';
import { buildIdOf, socketPathFor } from '../../native/channel/runtimeDirectory.ts';
import { engineProtocolVersion } from '../../native/protocol/messages.ts';
import { engineModule, type TestEngine, testEngine } from '../native/localEngine.ts';
import { chatRequest, forever } from '../native/prompts.ts';
import { childrenOf, engineLoads, enginePid, longPrompt, processEnded, startEngineProcess } from './faults.ts';
import { writeWithTemplate } from './templates.ts';

let folder: string;
let endlessTemplate: string;
before(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'tm-models-'));
  endlessTemplate = writeWithTemplate(path.join(folder, 'endless.gguf'), `${'{% for a in range(9999) %}'.repeat(3)}${'{% endfor %}'.repeat(3)}`);
});
after(() => rmSync(folder, { recursive: true, force: true }));

const onlyWithProc = { skip: process.platform === 'linux' ? false : 'reads /proc' };

const rendering = 'while a template is rendered';

/** Each resolves when the engine does what the name says. */
const phases: Readonly<Record<string, (engine: TestEngine, pid: number) => Promise<void>>> = {
  'while it waits': async ({ inference }) => {
    await inference.describeModel(forever);
  },
  'while it loads a model': async ({ inference, runtimeDirectory }) => {
    const loads = engineLoads(runtimeDirectory, forever);
    void inference.describeModel(forever);
    await loads;
  },
  'in a prefill': async ({ inference }) => {
    await inference.describeModel(forever);
    for (const seed of [1, 2, 3, 4]) void inference.generate(longPrompt(seed), { signal: forever });
    await enginePid(inference);
  },
  'while it decodes': async ({ inference }) => {
    await new Promise<void>((resolve) => {
      void inference.generate(chatRequest('Write a function that adds two numbers', { maxTokens: 900 }), { signal: forever, onText: () => resolve() });
    });
  },
  [rendering]: async ({ inference }, pid) => {
    void inference.generate(chatRequest('Hello'), { signal: forever });
    await childOf(pid);
  },
};

for (const [name, reached] of Object.entries(phases)) {
  test(`SIGTERM ${name}: the engine ends in an orderly way, with its child, its socket and its record`, onlyWithProc, async () => {
    const engine = testEngine(name === rendering ? { model: endlessTemplate } : {});
    const build = await buildIdOf(engineModule, engineProtocolVersion);
    const started = startEngineProcess(engine.runtimeDirectory, build);
    try {
      assert.equal(await started.announced, 'ready');
      const pid = started.child.pid ?? 0;
      await reached(engine, pid);
      const children = childrenOf(pid);
      // Its clients must not start another one meanwhile: what is left behind is looked at.
      await engine.inference.dispose();
      process.kill(pid, 'SIGTERM');
      assert.deepEqual(await started.ended, { code: 0, signal: null });
      await Promise.all(children.map(processEnded));
      const left = readdirSync(engine.runtimeDirectory);
      assert.ok(!left.includes(path.basename(socketPathFor(engine.runtimeDirectory, build))), left.join(' '));
      assert.ok(!left.includes(`evaluating-${pid}`), left.join(' '));
      assert.ok(!left.includes(path.basename(recordPathFor(engine.runtimeDirectory, build))), left.join(' '));
    } finally {
      started.child.kill('SIGKILL');
      await engine.end();
    }
  });
}

test(`killed ${rendering}, the engine leaves no process behind`, onlyWithProc, async () => {
  const engine = testEngine({ model: endlessTemplate });
  try {
    const pid = await enginePid(engine.inference);
    const pending = engine.inference.generate(chatRequest('Hello'), { signal: forever });
    const child = await childOf(pid);
    process.kill(pid, 'SIGKILL');
    assert.equal((await pending).outcome, 'engineUnavailable');
    await processEnded(child);
  } finally {
    await engine.end();
  }
});

async function childOf(pid: number): Promise<number> {
  for (;;) {
    const [child] = childrenOf(pid);
    if (child !== undefined) return child;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
