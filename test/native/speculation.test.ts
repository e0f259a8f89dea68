// Guessing ahead: what is guessed, how much of it, and that the answer is the same as without.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, suite, test } from 'node:test';
import { DraftLength } from '../../native/speculation/draftLength.ts';
import { PromptLookup } from '../../native/speculation/promptLookup.ts';
import { TickCosts } from '../../native/speculation/tickCosts.ts';
import type { GenerateRequest } from '../../server/inference/inference.ts';
import { starterModel, testEngine } from './localEngine.ts';
import { chatRequest, forever, holeRequest, longCode } from './prompts.ts';

const newline = 10;
const lookupIn = (prompt: readonly number[], expected: readonly number[] = []) => new PromptLookup(prompt, expected, (token) => token === newline);

suite('what is guessed', () => {
  test('what followed the same two tokens', () => {
    const lookup = lookupIn([1, 2, 3, 4, 5, 9, 1, 2]);
    assert.deepEqual(lookup.draft(3), [3, 4, 5]);
  });

  test('whether a token was expected, where there was an idea', () => {
    const lookup = lookupIn([1, 2, 3, 4, 5, 9, 1, 2]);
    assert.equal(lookup.expects(3), true);
    assert.equal(lookup.expects(4), false);
    assert.deepEqual(lookup.draft(1), [3], 'asking changes nothing');
    assert.equal(lookupIn([1, 2, 3, 4, 5]).expects(3), undefined);
  });

  test('nothing, where the last tokens are new', () => {
    assert.deepEqual(lookupIn([1, 2, 3, 4, 5]).draft(3), []);
  });

  test('the place with the longer equal run', () => {
    const lookup = lookupIn([7, 1, 2, 30, 31, 8, 1, 2, 40, 41, 6, 7, 1, 2]);
    assert.deepEqual(lookup.draft(2), [30, 31]);
  });

  test('of equal places the one behind where the answer was followed last', () => {
    const lookup = lookupIn([5, 6, 1, 2, 30, 0, 1, 2, 40, 0, 1, 2, 50, 0, 5, 6]);
    assert.deepEqual(lookup.draft(1), [1]);
    for (const token of [1, 2, 30, 0, 1, 2]) lookup.append(token);
    assert.deepEqual(lookup.draft(1), [40]);
  });

  test('an expected text, from its first token on, and never beyond its end', () => {
    const lookup = lookupIn([1, 2], [7, 8, 9]);
    assert.deepEqual(lookup.draft(8), [7, 8, 9]);
    lookup.append(7);
    assert.deepEqual(lookup.draft(8), [8, 9]);
  });

  test('what came after a token, when another stands in its place', () => {
    const lookup = lookupIn([1, 2, 3, 4, 5, 6, 0, 0, 1, 2]);
    lookup.draft(1);
    lookup.append(99);
    assert.deepEqual(lookup.draft(2), [4, 5]);
  });

  test('the next line, when one was changed', () => {
    const lookup = lookupIn([1, 2, 3, 4, newline, 5, 6, 7, newline, 8, 0, 0, 1, 2]);
    lookup.draft(1);
    for (const token of [91, 92, 93, newline]) lookup.append(token);
    assert.deepEqual(lookup.draft(3), [5, 6, 7]);
  });
});

suite('how much is guessed', () => {
  const costsOf = (perToken: number) => {
    const costs = new TickCosts();
    for (const size of [1, 2, 4, 8, 16, 32, 64]) for (let times = 0; times < 20; times++) costs.note(size, size === 1 ? 10 : 10 + (size - 1) * perToken);
    return costs;
  };

  test('nothing before the cost of a token is known', () => {
    assert.equal(new DraftLength(new TickCosts()).next(63), 0);
  });

  test('more while guesses come true, and little after one that did not', () => {
    const length = new DraftLength(costsOf(1));
    const first = length.next(63);
    assert.ok(first > 0);
    for (let times = 0; times < 12; times++) length.noteDrafted(8, 8);
    const later = length.next(63);
    assert.ok(later > first, `${later} after ${first}`);
    length.noteDrafted(8, 0);
    assert.ok(length.next(63) <= first);
    assert.equal(length.next(1), 1);
  });

  test('nothing where a guess costs more than a token, however often it comes true', () => {
    const length = new DraftLength(costsOf(12));
    for (let times = 0; times < 12; times++) length.noteDrafted(8, 8);
    assert.equal(length.next(63), 0);
  });

  test('nothing where guesses never come true, until something else was written for a while', () => {
    const length = new DraftLength(costsOf(3));
    for (let times = 0; times < 12; times++) length.noteDrafted(4, 0);
    assert.equal(length.next(63), 0);
    for (let times = 0; times < 300; times++) length.notePlain(undefined);
    assert.ok(length.next(63) > 0);
  });

  test('more, where what was written without a guess is what would have been guessed', () => {
    const length = new DraftLength(costsOf(3));
    for (let times = 0; times < 12; times++) length.noteDrafted(4, 0);
    assert.equal(length.next(63), 0);
    for (let times = 0; times < 12; times++) length.notePlain(true);
    const later = length.next(63);
    assert.ok(later > 0);
    length.notePlain(false);
    assert.ok(length.next(63) < later);
  });

  test('what the change of the size costs is not taken for the cost of the size', () => {
    const changeMs = 8;
    const costs = new TickCosts();
    let last = 0;
    const tick = (size: number) => {
      costs.note(size, 10 + (size - 1) + (size === last ? 0 : changeMs));
      last = size;
    };
    for (let round = 0; round < 40; round++) for (const size of [1, 1, 1, 8, 1, 1, 64, 64]) tick(size);
    assert.ok((costs.of(8) as number) < 17 + changeMs / 2, `${costs.of(8)}`);
    assert.ok((costs.of(1) as number) < 10 + changeMs / 2, `${costs.of(1)}`);
    assert.ok((costs.of(64) as number) >= 73 * 0.8, `${costs.of(64)}`);
  });

  test('a piece of a prompt tells what many tokens cost before any was guessed, and nothing afterwards', () => {
    const costs = new TickCosts();
    costs.noteOther(512, 80);
    for (let times = 0; times < 5; times++) costs.note(1, 10);
    const untried = costs.of(64) as number;
    assert.ok(untried < 20, `${untried}`);
    for (let times = 0; times < 5; times++) costs.note(64, 40);
    const tried = costs.of(64) as number;
    costs.noteOther(512, 80);
    assert.equal(costs.of(64), tried);
  });

  test('a larger batch is never taken to be faster than a single token', () => {
    const costs = new TickCosts();
    costs.noteOther(512, 8);
    for (let times = 0; times < 5; times++) costs.note(1, 10);
    for (const size of [2, 8, 33, 64]) assert.ok((costs.of(size) as number) >= (costs.of(1) as number));
  });

  test('a single disturbed tick changes little', () => {
    const costs = costsOf(1);
    const before = costs.of(8) as number;
    costs.note(8, before * 20);
    assert.ok((costs.of(8) as number) < before * 4);
    for (let times = 0; times < 5; times++) costs.note(8, before);
    assert.ok((costs.of(8) as number) < before * 1.1);
  });
});

const mostRounds = 30;

suite('the answer is the same with and without', () => {
  const engine = testEngine();
  after(() => engine.end());
  const ask = async (request: GenerateRequest) => {
    const result = await engine.inference.generate(request, { signal: forever });
    assert.ok(result.outcome === 'ok', JSON.stringify(result));
    return result.value;
  };
  const code = 'export function area(width: number, height: number): number {\n  return width * height;\n}\n';
  const instructions = ['Rename the variable width to size.', 'Write a function that adds two numbers', 'Remove the line that returns.'];

  for (const [name, sampling] of [
    ['greedy', { temperature: 0 }],
    ['at a temperature, with a seed', { temperature: 0.9, topP: 0.95, seed: 7 }],
  ] as const) {
    test(name, async () => {
      let accepted = 0;
      // How much is guessed depends on what ticks cost, so on a busy machine it may take some answers until a guess is worth it.
      for (let round = 0; round < mostRounds && accepted === 0; round++) {
        for (const instruction of instructions) {
          const request = { ...chatRequest(`${instruction}\n\nsrc/area.ts\n\`\`\`ts\n${code}\`\`\`\n`, { maxTokens: 160 }), ...sampling };
          const plain = await ask(request);
          const drafted = await ask({ ...request, speculation: 'promptLookup' });
          assert.equal(drafted.text, plain.text);
          assert.equal(drafted.finish, plain.finish);
          assert.equal(drafted.usage.generatedTokens, plain.usage.generatedTokens);
          assert.equal(plain.usage.draftedTokens, undefined);
          accepted += drafted.usage.acceptedTokens ?? 0;
        }
      }
      assert.ok(accepted > 0, 'no guess ever came true');
    });
  }

  test('an answer that is expected is confirmed', async () => {
    const request = chatRequest('Write a function that adds two numbers', { maxTokens: 120 });
    const plain = await ask(request);
    let accepted = 0;
    for (let round = 0; round < mostRounds && accepted === 0; round++) {
      const confirmed = await ask({ ...request, speculation: 'promptLookup', expected: plain.text });
      assert.equal(confirmed.text, plain.text);
      accepted = confirmed.usage.acceptedTokens ?? 0;
    }
    assert.ok(accepted > 0);
  });

  test('two at once, one with guesses, and the state that is left serves the next request', async () => {
    const one = chatRequest('Write a function that adds two numbers', { maxTokens: 80 });
    const other = chatRequest('Write another one.', { maxTokens: 80 });
    const alone = [await ask(one), await ask(other)];
    const together = await Promise.all([ask({ ...one, speculation: 'promptLookup' }), ask(other)]);
    assert.deepEqual(
      together.map(({ text }) => text),
      alone.map(({ text }) => text),
    );
    const again = await ask(one);
    assert.equal(again.text, alone[0]?.text);
    assert.equal(again.usage.evaluatedTokens, 1);
  });
});

suite('work ahead of a completion', () => {
  const engine = testEngine();
  after(() => engine.end());
  const ask = async (request: GenerateRequest) => {
    const result = await engine.inference.generate(request, { signal: forever });
    assert.ok(result.outcome === 'ok', JSON.stringify(result));
    return result.value;
  };
  const prefix = `${longCode(12, 3)}\ndef add(first, second):\n    return`;

  test('copies the state of the current one, writes what would have been written without, and is there when it is asked for', async () => {
    const current = await ask(holeRequest(prefix));
    const accepted = `${prefix} first + second\n`;
    const ahead = await ask(holeRequest(accepted, { isAhead: true, priority: 'background' }));
    assert.ok(ahead.usage.evaluatedTokens < 20, `${ahead.usage.evaluatedTokens} of the prompt were evaluated again`);
    assert.ok(ahead.usage.reusedTokens > 200);
    const again = await ask(holeRequest(prefix));
    assert.equal(again.text, current.text);
    assert.equal(again.usage.evaluatedTokens, 1, 'the current one kept its state');
    const next = await ask(holeRequest(accepted));
    assert.equal(next.text, ahead.text);
    assert.equal(next.usage.evaluatedTokens, 1, 'what was prepared is there');
    const fresh = testEngine();
    try {
      const alone = await fresh.inference.generate(holeRequest(accepted), { signal: forever });
      assert.ok(alone.outcome === 'ok');
      assert.equal(alone.value.text, ahead.text);
    } finally {
      await fresh.end();
    }
  });
});

suite('a draft model', () => {
  const engine = testEngine();
  after(() => engine.end());
  const request = chatRequest('Write a function that adds two numbers', { maxTokens: 120 });

  test('drafts for chats, and the answer is the same', async () => {
    const alone = await engine.inference.generate(request, { signal: forever });
    assert.ok(alone.outcome === 'ok');
    const memory = async () => {
      const status = await engine.inference.engineStatus(forever);
      assert.ok(status.outcome === 'ok');
      return status.value.memory;
    };
    const single = await memory();
    const client = engine.connect(starterModel, { spec: { draftPath: starterModel } });
    let drafted = 0;
    for (let round = 0; round < mostRounds && drafted === 0; round++) {
      const result = await client.generate(request, { signal: forever });
      assert.ok(result.outcome === 'ok', JSON.stringify(result));
      assert.equal(result.value.text, alone.value.text);
      drafted = result.value.usage.draftedTokens ?? 0;
      // It is the model itself, so that all that it drafts comes true.
      if (drafted > 0) assert.equal(result.value.usage.acceptedTokens, drafted);
    }
    assert.ok(drafted > 0);
    const both = await memory();
    // The same model again, now with itself to draft for it.
    assert.equal(both.modelBytes, single.modelBytes * 3);
    assert.ok(both.contextBytes > single.contextBytes * 2, `${both.contextBytes} bytes of contexts, ${single.contextBytes} without`);
  });

  test('a file that is no model, or is not there, is named with one action', async () => {
    for (const draftPath of [new URL(import.meta.url).pathname, path.join(path.dirname(starterModel), 'none.gguf')]) {
      const outcome = await engine.connect(starterModel, { spec: { draftPath } }).describeModel(forever);
      assert.ok(outcome.outcome === 'noModel', JSON.stringify(outcome));
      assert.match(outcome.cause, new RegExp(path.basename(draftPath)));
      assert.match(outcome.action, /tramontane\.model\.draftPath/);
    }
  });
});
