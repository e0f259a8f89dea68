// What a person reads when a request was not answered: of every way in which that happens one cause and one action, from the real engine where it
// can be brought to it, and from a scripted one on the real socket where it cannot.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { ChatTemplateOfModel } from '../../native/chatTemplateOfModel.ts';
import { modelCannot } from '../../native/promptProblems.ts';
import { superseded } from '../../native/refusals.ts';
import { RenderProcess } from '../../native/renderProcess.ts';
import { type GenerateResult, type GrammarSpec, maxMessageBytes, type ModelSpec, type Prompt } from '../../native/protocol/messages.ts';
import type { Failure, Outcome } from '../../server/core/outcome.ts';
import { failureOf, type ModelChoice } from '../../server/inference/failures.ts';
import { type TestEngine, testEngine } from '../native/localEngine.ts';
import { chatRequest, forever, holeRequest } from '../native/prompts.ts';
import { enginePid, stateReached } from './faults.ts';
import { scripted } from './scriptedServer.ts';
import { writeWithTemplate } from './templates.ts';

const chooseModel = 'Choose another model with the command "Tramontane: Choose Model".';
const restart = 'Run the command "Tramontane: Restart Engine".';
const report = 'Report this: it is a mistake in Tramontane.';
/** What somebody is asked to do. None of it belongs into a cause. */
const asksFor = /\b(?:Choose|Restart|Remove|Run|Try|Report|Correct|Send|Type|Clear|Close|Download|Delete|Reload|Wait|Leave)\b/g;

function checkMessage(outcome: Outcome<unknown>, expected: { readonly outcome: Failure['outcome']; readonly cause: RegExp; readonly action: string }): void {
  assert.ok(outcome.outcome !== 'ok' && outcome.outcome !== 'cancelled', JSON.stringify(outcome));
  const { cause, action } = outcome;
  assert.equal(action, expected.action, cause);
  assert.match(cause, expected.cause);
  assert.equal(outcome.outcome, expected.outcome);
  assert.match(cause, /^[^\s].*[.!?]$/s, 'the cause is a sentence');
  assert.deepEqual(cause.match(asksFor), null, `the cause asks for something: ${cause}`);
  assert.match(action, /^[A-Z].*\.$/s, 'the action is a sentence');
  assert.equal(action.replace(/"[^"]*"/g, '').match(/[.!?](?:\s|$)/g)?.length, 1, `more than one sentence: ${action}`);
}

suite('the real engine', () => {
  let engine: TestEngine;
  let folder: string;
  before(() => {
    engine = testEngine();
    folder = mkdtempSync(path.join(os.tmpdir(), 'tm-models-'));
  });
  after(async () => {
    await engine.end();
    rmSync(folder, { recursive: true, force: true });
  });
  const asked = (prompt: Prompt) => engine.inference.generate({ ...holeRequest(''), prompt }, { signal: forever });
  const following = (grammar: GrammarSpec) => engine.inference.generate(chatRequest('Go.', { grammar }), { signal: forever });
  /** Behaves in the trial, with its few words, and not afterwards: a template that fails there is replaced by that of its family. */
  const templated = (name: string, template: string) =>
    engine.connect(writeWithTemplate(path.join(folder, `${name}.gguf`), template)).generate(chatRequest('Boom'), { signal: forever });
  const late = (what: string) => `{% for m in messages %}[INST]{{ m.content }}{% endfor %}{% if 'Boom' in messages[0].content %}${what}{% endif %}`;

  const cases: readonly [name: string, ask: () => Promise<Outcome<unknown>>, cause: RegExp, action: string, outcome?: Failure['outcome']][] = [
    ['a prompt of nothing', () => asked({ kind: 'parts', parts: [] }), /^The prompt is empty\.$/, 'Type some text first.'],
    ['a conversation of nothing', () => asked({ kind: 'chat', messages: [] }), /^The conversation is empty\.$/, 'Type a question and send it.'],
    [
      'an image',
      () => asked({ kind: 'chat', messages: [{ role: 'user', content: [{ kind: 'image' }] }] }),
      /cannot look at images here/,
      'Remove the image from the conversation.',
    ],
    ['an unknown special token', () => asked({ kind: 'parts', parts: [{ kind: 'special', token: '<nope>' }] }), /no special token <nope>\.$/, chooseModel],
    [
      'an unknown marker of the line',
      () => asked({ kind: 'parts', parts: [{ kind: 'text', text: 'x', lineMarker: '<no>' }] }),
      /no special token <no>\.$/,
      chooseModel,
    ],
    ['a grammar with a mistake', () => following({ kind: 'gbnf', text: 'root ::= "a' }), /^The grammar for the answer/, 'Correct the grammar.'],
    [
      'a schema that no grammar can hold',
      () => following({ kind: 'jsonSchema', schema: { type: 'number', maximum: 3 } }),
      /^The JSON schema for the answer/,
      'Correct the JSON schema.',
    ],
    ['a grammar with a dead end', () => following({ kind: 'gbnf', text: 'root ::= "a" [z-a]' }), /nothing that it allows/, 'Allow more in the grammar.'],
    [
      'an empty text among others for vectors',
      () => engine.inference.embed(['a', ''], forever),
      /^Text 2 is empty: it has no vector\.$/,
      'Leave out texts without a word.',
    ],
    [
      'a text longer than the context',
      () => engine.inference.generate(holeRequest('x '.repeat(2000)), { signal: forever }),
      /^The text needs \d+ tokens/,
      'Send less text, or choose a model with a longer context.',
      'contextOverflow',
    ],
    [
      'a template that refuses the conversation',
      () => templated('refusing', late("{{ raise_exception('no more') }}")),
      /refuses this conversation: no more\.$/,
      chooseModel,
    ],
    [
      'a template that does not come to an end',
      () => templated('endless', late(`${'{% for a in range(9999) %}'.repeat(3)}${'{% endfor %}'.repeat(3)}`)),
      /did not finish within 2 s and was stopped\.$/,
      chooseModel,
    ],
    ['a template that cannot be evaluated', () => templated('broken', late("{{ 'a' | nope }}")), /cannot render this conversation: .*nope.*\.$/, chooseModel],
    [
      'a template that leaves the question out',
      () => templated('silent', "{% for m in messages %}{% if 'Boom' not in m.content %}[INST]{{ m.content }}{% endif %}{% endfor %}"),
      /leaves a message out\.$/,
      chooseModel,
    ],
    [
      'a model file that is not there',
      () => engine.connect('/nowhere/m.gguf').describeModel(forever),
      /there is no such file\.$/,
      'Choose another model file.',
      'noModel',
    ],
    [
      'a model file that is not there and was named by a setting',
      () => engine.connect('/nowhere/m.gguf', { chooseAction: 'Correct the setting "a".' }).describeModel(forever),
      /there is no such file\.$/,
      'Correct the setting "a".',
      'noModel',
    ],
    [
      'a text longer than a message may be',
      () => engine.inference.countTokens(['x'.repeat(maxMessageBytes)], forever),
      /^A message of \d+ bytes is over the limit of \d+\.$/,
      'Send less text.',
    ],
    [
      'more than the door takes',
      () => engine.inference.generate(holeRequest('x', { stop: Array.from({ length: 17 }, String) }), { signal: forever }),
      /do not understand each other: engine\/generate: .*\.$/,
      report,
    ],
  ];
  for (const [name, ask, cause, action, outcome = 'unsupported'] of cases) {
    test(`${name} is told with its cause and one action`, async () => checkMessage(await ask(), { outcome, cause, action }));
  }
  test('none of these has ended the engine or the connection', async () => {
    const pid = await enginePid(engine.inference);
    const answer = await engine.inference.generate(holeRequest('x = '), { signal: forever });
    assert.equal(answer.outcome, 'ok', JSON.stringify(answer));
    assert.equal(await enginePid(engine.inference), pid);
    assert.equal(engine.logLines.filter((line) => line.startsWith('Starting the engine')).length, 1);
  });
});

test('a process that renders templates and cannot be started is told with its cause and one action', async () => {
  const nowhere = new RenderProcess({ timeoutMs: 700, heapMegabytes: 64, idleMs: 10 }, '/nowhere/renderTemplate.mjs');
  const vocabulary = { bos: '<s>', eos: '</s>', controlTexts: ['<u>'], userDefinedTexts: [] };
  const template = new ChatTemplateOfModel('{{ messages[0].content }}', vocabulary, nowhere);
  const rendered = await template.render({ date: '2026-01-31T12:00', messages: [{ role: 'user', content: 'Hi' }] }, forever);
  assert.deepEqual(rendered, { outcome: 'failed', cause: 'The process that renders chat templates cannot be started.', action: restart });
});

suite('what the engine answers', () => {
  const starter: ModelChoice = { path: '/m.gguf', settingAction: 'Correct the setting "a".', isBySettingAlone: false };
  const another: ModelChoice = { ...starter, isBySettingAlone: true };
  const cannot = modelCannot('This model cannot.');
  test('another model is chosen with the command', () =>
    checkMessage(failureOf(cannot, starter), { outcome: 'unsupported', cause: /cannot/, action: chooseModel }));
  test('another model is chosen in its setting where the command chooses another one', () =>
    checkMessage(failureOf(cannot, another), { outcome: 'unsupported', cause: /cannot/, action: 'Correct the setting "a".' }));
  test('what no other model would help with is left to the engine', () => {
    const problem: GenerateResult = { outcome: 'promptProblem', cause: 'The prompt is empty.', action: 'Type some text first.' };
    checkMessage(failureOf(problem, another), { outcome: 'unsupported', cause: /empty/, action: 'Type some text first.' });
  });
  test('a newer build', () =>
    checkMessage(failureOf(superseded, starter), { outcome: 'engineUnavailable', cause: /^A newer version/, action: 'Reload this window.' }));
});

suite('an engine in which something goes wrong', () => {
  const counted = (spec: ModelSpec, texts: readonly string[]) => ({ outcome: 'ok' as const, counts: texts.map(() => spec.path.length) });

  test('asks to try again, and where the next request fails too to restart it; what was under way beside it counts as one', async () => {
    let isBroken = true;
    const { engine, end } = await scripted({
      countTokens: async ({ model, texts }) => {
        if (isBroken) throw new Error('decode failed with -3');
        return counted(model, texts);
      },
    });
    const count = () => engine.inference.countTokens(['a'], forever);
    const wrong = (action: string) =>
      ({ outcome: 'engineUnavailable', cause: /^Something went wrong in the engine: decode failed with -3\.$/, action }) as const;
    try {
      for (const outcome of await Promise.all([count(), count()])) checkMessage(outcome, wrong('Try again.'));
      checkMessage(await count(), wrong(restart));
      isBroken = false;
      assert.equal((await count()).outcome, 'ok');
      isBroken = true;
      checkMessage(await count(), wrong('Try again.'));
      assert.deepEqual(
        engine.logLines.filter((line) => /start/i.test(line)),
        [],
        'nothing is started again, and nothing else is promised',
      );
    } finally {
      await end();
    }
  });

  test('and says what is not its protocol asks to report it', async () => {
    const { engine, end } = await scripted({ countTokens: async () => ({ outcome: 'ok', counts: [-1] }) });
    try {
      const cause = /do not understand each other: The engine's answer to engine\/countTokens is not valid/;
      checkMessage(await engine.inference.countTokens(['a'], forever), { outcome: 'unsupported', cause, action: report });
    } finally {
      await end();
    }
  });

  test('and ends is started again by itself, which is said', async () => {
    const engine = testEngine();
    try {
      const pid = await enginePid(engine.inference);
      const back = stateReached(engine.inference, (state) => state.state === 'ready', 'skipCurrent');
      const kill = () => process.kill(pid, 'SIGKILL');
      const gone = await engine.inference.generate(chatRequest('Write a function', { maxTokens: 900 }), { signal: forever, onText: kill });
      const action = 'Try again in a moment: it is started again by itself.';
      checkMessage(gone, { outcome: 'engineUnavailable', cause: /^The engine is gone\.$/, action });
      await back;
    } finally {
      await engine.end();
    }
  });

  test('that is exchanged since the settings changed is no crash', async () => {
    const engine = testEngine();
    const other = engine.connect();
    try {
      await other.describeModel(forever);
      let begin = () => {};
      const begun = new Promise<void>((resolve) => {
        begin = resolve;
      });
      const underWay = other.generate(chatRequest('Write a function', { maxTokens: 900 }), { signal: forever, onText: () => begin() });
      await begun;
      await other.dispose();
      const cause = /^The engine's settings have changed\.$/;
      checkMessage(await underWay, { outcome: 'engineUnavailable', cause, action: 'Try again.' });
    } finally {
      await engine.end();
    }
  });
});
