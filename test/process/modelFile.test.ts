// Model files that change under a running engine, and models that end it: what others do with the engine goes on.
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Inference } from '../../server/inference/inference.ts';
import { starterModel, testEngine } from '../native/localEngine.ts';
import { chatRequest, forever, holeRequest } from '../native/prompts.ts';
import { enginePid, stateReached } from './faults.ts';

let folder: string;
before(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'tm-models-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

const request = chatRequest('Write a function that adds two numbers', { maxTokens: 300 });

/** The starter model under another name, which is as long as its own. */
function putRenamed(file: string): string {
  const model = readFileSync(starterModel);
  const key = 'general.name';
  const at = model.indexOf(key) + key.length + 4;
  const name = 'another'.padEnd(Number(model.readBigUInt64LE(at)), '!');
  model.write(name, at + 8, 'latin1');
  writeFileSync(`${file}.new`, model);
  renameSync(`${file}.new`, file);
  return name;
}

async function nameOf(inference: Inference): Promise<string> {
  const described = await inference.describeModel(forever);
  return described.outcome === 'ok' ? described.value.name : JSON.stringify(described);
}

test('a model file that is replaced leaves the answers under way as they are, and is loaded for the next request, in every window', async () => {
  const file = path.join(folder, 'replaced.gguf');
  copyFileSync(starterModel, file);
  const engine = testEngine({ model: file });
  try {
    const other = engine.connect();
    const oldName = await nameOf(engine.inference);
    assert.equal(await nameOf(other), oldName);
    const whole = await engine.inference.generate(request, { signal: forever });
    assert.ok(whole.outcome === 'ok');
    const pid = await enginePid(engine.inference);
    let newName = '';
    const underWay = engine.inference.generate(request, {
      signal: forever,
      onText: () => {
        if (newName === '') newName = putRenamed(file);
      },
    });
    const told = Promise.all([engine.inference, other].map((inference) => stateReached(inference, (state) => state.state === 'starting', 'skipCurrent')));
    const disturbed = await underWay;
    assert.ok(disturbed.outcome === 'ok', JSON.stringify(disturbed));
    assert.equal(disturbed.value.text, whole.value.text);
    // Several at once notice it, and it is loaded once.
    const next = await Promise.all(['a = ', 'b = ', 'c = '].map((prefix) => other.generate(holeRequest(prefix), { signal: forever })));
    assert.ok(next.every((outcome) => outcome.outcome === 'ok'));
    await told;
    assert.equal(await nameOf(engine.inference), newName);
    assert.equal(await nameOf(other), newName);
    assert.notEqual(newName, oldName);
    assert.equal(await enginePid(engine.inference), pid);
    const status = await engine.inference.engineStatus(forever);
    assert.equal(status.outcome === 'ok' && status.value.models.length, 1, 'the old one is gone from memory');
  } finally {
    await engine.end();
  }
});

test('a model file that is deleted serves on from memory', { skip: process.platform === 'win32' ? 'Windows keeps it' : false }, async () => {
  const file = path.join(folder, 'deleted.gguf');
  copyFileSync(starterModel, file);
  const engine = testEngine({ model: file });
  try {
    const name = await nameOf(engine.inference);
    rmSync(file);
    assert.equal((await engine.inference.generate(holeRequest('x = '), { signal: forever })).outcome, 'ok');
    assert.equal(await nameOf(engine.connect()), name);
  } finally {
    await engine.end();
  }
});

test('a model file that is cut short in place ends at worst one engine, is named, and other models are served', async () => {
  const file = path.join(folder, 'cut.gguf');
  copyFileSync(starterModel, file);
  const engine = testEngine({ model: file });
  const other = engine.connect(starterModel);
  try {
    assert.equal((await other.describeModel(forever)).outcome, 'ok');
    await engine.inference.describeModel(forever);
    const pid = await enginePid(other);
    let isCut = false;
    const underWay = await engine.inference.generate(request, {
      signal: forever,
      onText: () => {
        if (!isCut) truncateSync(file, 4096);
        isCut = true;
      },
    });
    // The pages that were mapped are gone: reading them ends the process. Weights that were copied into memory survive.
    assert.ok(['ok', 'engineUnavailable'].includes(underWay.outcome), JSON.stringify(underWay));
    const named = await engine.inference.generate(holeRequest('x = '), { signal: forever });
    assert.ok(named.outcome === 'noModel', JSON.stringify(named));
    assert.match(named.cause, /cut short|damaged/);
    assert.equal(engine.inference.state.state, 'noModel');
    assert.equal((await other.generate(holeRequest('x = '), { signal: forever })).outcome, 'ok');
    const newPid = await enginePid(other);
    assert.equal(newPid === pid, underWay.outcome === 'ok');
    await engine.inference.generate(holeRequest('x = '), { signal: forever });
    assert.equal(await enginePid(other), newPid, 'no engine is started in a circle');
  } finally {
    await engine.end();
  }
});

test("a model that ends the engine again and again is given up, and another window's model is served on", async () => {
  const file = path.join(folder, 'deadly.gguf');
  copyFileSync(starterModel, file);
  const engine = testEngine({ model: file });
  const other = engine.connect(starterModel);
  try {
    for (let kill = 0; kill < 5; kill++) {
      assert.equal((await engine.inference.describeModel(forever)).outcome, 'ok');
      assert.equal((await other.describeModel(forever)).outcome, 'ok');
      const pid = await enginePid(other);
      const gone = stateReached(engine.inference, (state) => state.state === (kill < 4 ? 'ready' : 'failed'), 'skipCurrent');
      const back = stateReached(other, (state) => state.state === 'ready', 'skipCurrent');
      const deadly = await engine.inference.generate(request, { signal: forever, onText: () => process.kill(pid, 'SIGKILL') });
      assert.equal(deadly.outcome, 'engineUnavailable');
      await gone;
      await back;
    }
    const refused = await engine.inference.generate(holeRequest('x = '), { signal: forever });
    assert.ok(refused.outcome === 'engineUnavailable', JSON.stringify(refused));
    assert.equal(refused.cause, `The engine ended again and again while it used ${file}.`);
    assert.match(refused.action, /^Choose another model, or run the command "Tramontane: Restart Engine"\.$/);
    assert.equal((await other.generate(holeRequest('x = '), { signal: forever })).outcome, 'ok');
    const restarted = await engine.inference.restart(forever);
    assert.equal(restarted.outcome, 'ok', JSON.stringify(restarted));
  } finally {
    await engine.end();
  }
});
