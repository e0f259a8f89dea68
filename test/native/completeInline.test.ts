// Ghost text with the real engine and the starter model: its form and what is asked of the engine, never the quality of its text.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOfHoleAnswer, holeRequest } from '../../server/core/prompt/holeFilling.ts';
import { CompleteInline } from '../../server/features/completeInline.ts';
import type { InlineOutcome } from '../../server/features/inlineRequest.ts';
import type { GenerateRequest, Inference } from '../../server/inference/inference.ts';
import { Session } from '../../server/session/session.ts';
import type { TestEngine } from './localEngine.ts';
import { testEngine } from './localEngine.ts';
import { forever } from './prompts.ts';
import { comesTrue } from '../patience.ts';

const uri = 'file:///shop/src/stack.py';
const above =
  'class Stack:\n    def __init__(self):\n        self.items = []\n\n    def push(self, item):\n        self.items.append(item)\n\n    def pop(self):\n';
const below = '\n\nstack = Stack()\nstack.push(1)\n';
const silent = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };

let engine: TestEngine;
before(async () => {
  engine = testEngine();
  await engine.inference.describeModel(forever);
});
after(() => engine.end());

/** What is asked of the engine, and when each answer is over. */
function watched(inference: Inference): { readonly inference: Inference; readonly requests: GenerateRequest[]; readonly settled: () => Promise<void> } {
  const requests: GenerateRequest[] = [];
  const running = new Set<Promise<unknown>>();
  const generate: Inference['generate'] = (request, options) => {
    requests.push(request);
    const answer = inference.generate(request, options);
    running.add(answer);
    void answer.finally(() => running.delete(answer));
    return answer;
  };
  return {
    requests,
    settled: async () => {
      while (running.size > 0) await Promise.all(running);
    },
    inference: new Proxy(inference, {
      get: (target, name) => {
        if (name === 'generate') return generate;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
      },
    }),
  };
}

function editor(line: string) {
  const watch = watched(engine.inference);
  const session = new Session();
  const ended = new AbortController();
  const clock = { now: () => performance.now(), wait: (ms: number, signal: AbortSignal) => delay(ms, undefined, { signal }).catch(() => undefined) };
  const feature = new CompleteInline({ session, inference: watch.inference, clock, log: silent, ended: ended.signal });
  let now = line;
  let version = 1;
  session.documents.open({ uri, languageId: 'python', version, text: above + line + below });
  return {
    watch,
    end: () => ended.abort(),
    ask: (isExplicit = false): Promise<InlineOutcome> =>
      feature.complete({ uri, position: { line: above.split('\n').length - 1, character: now.length }, isExplicit }, forever),
    type: (text: string) => {
      const at = { line: above.split('\n').length - 1, character: now.length };
      now += text;
      session.documents.change(uri, ++version, [{ range: { start: at, end: at }, text }]);
    },
  };
}

const textOf = (outcome: InlineOutcome) => (outcome.outcome === 'ok' ? (outcome.suggestions[0]?.insertText ?? '') : '');

test('a suggestion is typed through without asking the engine again', async () => {
  const to = editor('        return self.');
  try {
    const first = textOf(await to.ask(true));
    assert.ok(first.trim() !== '' && !first.includes('<|'), first);
    const asked = to.watch.requests.filter(({ isAhead }) => !isAhead).length;
    const [line = ''] = first.split('\n');
    for (const [index, sign] of [...line].slice(0, -1).entries()) {
      to.type(sign);
      assert.ok(textOf(await to.ask()).startsWith(line.slice(index + 1)), `after ${JSON.stringify(line.slice(0, index + 1))}`);
    }
    assert.equal(to.watch.requests.filter(({ isAhead }) => !isAhead).length, asked);
  } finally {
    to.end();
  }
});

test('what follows a suggestion is prepared on the real engine beside it', async () => {
  const to = editor('        return self.');
  try {
    assert.notEqual(textOf(await to.ask(true)), '');
    await comesTrue(() => to.watch.requests.length >= 2);
    await to.watch.settled();
    const ahead = to.watch.requests.find(({ isAhead }) => isAhead);
    assert.equal(ahead?.priority, 'background');
  } finally {
    to.end();
  }
});

test('filling a hole by a begun answer is a request that the engine accepts', async () => {
  const { prompt, stop } = holeRequest({ prefix: `${above}        return self.`, suffix: below, path: 'src/stack.py', languageId: 'python' });
  const generated = await engine.inference.generate({ prompt, priority: 'inline', maxTokens: 24, temperature: 0, stop }, { signal: forever });
  assert.equal(generated.outcome, 'ok', JSON.stringify(generated));
  assert.ok(generated.outcome === 'ok' && !generated.value.text.includes('```\n'));
  const code = generated.outcome === 'ok' ? codeOfHoleAnswer(generated.value.text, '        return self.', false) : undefined;
  assert.ok(code === undefined || !code.includes('```'));
});
