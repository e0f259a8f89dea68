// Answers that follow a grammar or a schema, from the real engine: each is right, together and alone, greedy and not.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { GrammarSpec } from '../../native/protocol/messages.ts';
import type { Generation } from '../../server/inference/inference.ts';
import type { TestEngine } from './localEngine.ts';
import { testEngine } from './localEngine.ts';
import { chatRequest, forever, holeRequest } from './prompts.ts';

let engine: TestEngine;
before(() => {
  engine = testEngine();
});
after(() => engine.end());

async function run(
  request: Parameters<typeof engine.inference.generate>[0],
  onText?: (text: string, confidence?: readonly number[]) => void,
): Promise<Generation> {
  const outcome = await engine.inference.generate(request, { signal: forever, ...(onText ? { onText } : {}) });
  assert.equal(outcome.outcome, 'ok', JSON.stringify(outcome));
  return (outcome as { value: Generation }).value;
}

const yesOrNo: GrammarSpec = { kind: 'gbnf', text: 'root ::= "yes" | "no"' };
const digits: GrammarSpec = { kind: 'gbnf', text: 'root ::= [0-9]{3} "." [0-9]{3}' };

interface Person {
  readonly name: string;
  readonly kind: string;
  readonly tags: readonly string[];
  readonly home: { readonly zip: number };
}
const person = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 8 },
    kind: { enum: ['cat', 'dog'] },
    tags: { type: 'array', items: { type: 'string', maxLength: 4 }, minItems: 1, maxItems: 3 },
    home: { type: 'object', properties: { zip: { type: 'integer' } }, required: ['zip'] },
  },
  required: ['name', 'kind', 'tags', 'home'],
};

function checkPerson(text: string): void {
  const value = JSON.parse(text) as Person;
  assert.deepEqual(Object.keys(value), ['name', 'kind', 'tags', 'home'], text);
  const length = Array.from(value.name).length;
  assert.ok(length >= 1 && length <= 8, text);
  assert.ok(['cat', 'dog'].includes(value.kind), text);
  assert.ok(value.tags.length >= 1 && value.tags.length <= 3 && value.tags.every((tag) => Array.from(tag).length <= 4), text);
  assert.ok(Number.isInteger(value.home.zip), text);
}

for (const temperature of [0, 1]) {
  for (const seed of [1, 2, 3]) {
    test(`a nested schema at temperature ${temperature}, seed ${seed}`, async () => {
      const request = { temperature, seed, maxTokens: 300, grammar: { kind: 'jsonSchema', schema: person } as const };
      const chat = await run(chatRequest('Describe a pet as JSON.', request));
      assert.equal(chat.finish, 'end', chat.text);
      checkPerson(chat.text);
      const hole = await run(holeRequest('pet = ', request));
      assert.equal(hole.finish, 'end', hole.text);
      checkPerson(hole.text);
    });
  }
  test(`only yes or no at temperature ${temperature}`, async () => {
    const { text, finish } = await run(chatRequest('Is water wet?', { temperature, grammar: yesOrNo }));
    assert.ok(['yes', 'no'].includes(text), text);
    assert.equal(finish, 'end');
  });
}

test('a list of an enumeration', async () => {
  const schema = { type: 'array', items: { enum: [1, 'two', null] }, minItems: 2, maxItems: 5 };
  const { text } = await run(chatRequest('A list, please.', { temperature: 1, seed: 5, grammar: { kind: 'jsonSchema', schema } }));
  const value = JSON.parse(text) as unknown[];
  assert.ok(value.length >= 2 && value.length <= 5 && value.every((one) => [1, 'two', null].includes(one as string)), text);
});

test('a grammar and a stop text: the stop text ends the answer before the grammar does', async () => {
  const { text, finish } = await run(chatRequest('A number, please.', { grammar: digits, stop: ['.'] }));
  assert.match(text, /^\d{3}$/);
  assert.equal(finish, 'stop');
});

test('the end of the grammar ends the answer although the model would go on', async () => {
  const { text, finish, usage } = await run(chatRequest('Write a function that adds two numbers', { grammar: digits, maxTokens: 400 }));
  assert.match(text, /^\d{3}\.\d{3}$/);
  assert.equal(finish, 'end');
  assert.ok(usage.generatedTokens <= 7);
});

test('two grammars and none at the same time, in shared batches, each right', async () => {
  const endless = 'Write a function that adds two numbers';
  const alone = await run(chatRequest(endless, { maxTokens: 60 }));
  const letters: GrammarSpec = { kind: 'gbnf', text: 'root ::= [a-f]{40}' };
  const numbers: GrammarSpec = { kind: 'gbnf', text: 'root ::= ([0-9] "\\n"){20}' };
  const before = await engine.inference.engineStatus(forever);
  const [first, second, free] = await Promise.all([
    run(chatRequest('Letters.', { grammar: letters, temperature: 1, seed: 3 })),
    run(chatRequest('Numbers.', { grammar: numbers, temperature: 1, seed: 4 })),
    run(chatRequest(endless, { maxTokens: 60 })),
  ]);
  const after = await engine.inference.engineStatus(forever);
  assert.match(first.text, /^[a-f]{40}$/);
  assert.match(second.text, /^(?:\d\n){20}$/);
  assert.equal(free.text, alone.text);
  const totals = [before, after].map((status) => (status.outcome === 'ok' ? status.value.totals : assert.fail()));
  const fill = ((totals[1]?.streamTicks ?? 0) - (totals[0]?.streamTicks ?? 0)) / ((totals[1]?.ticks ?? 0) - (totals[0]?.ticks ?? 0));
  assert.ok(fill > 1, `${fill} streams a batch`);
});

test('the same grammar again gives the same answer: a state is not shared', async () => {
  const once = () => run(chatRequest('A number, please.', { grammar: digits, temperature: 0.9, seed: 11 }));
  const answers = await Promise.all([once(), once(), once()]);
  assert.deepEqual(new Set(answers.map(({ text }) => text)).size, 1);
});

test('a control token never takes part in a text that the grammar leaves open', async () => {
  const grammar: GrammarSpec = { kind: 'gbnf', text: 'root ::= "<" [^\\n]{30}' };
  const { text, finish } = await run(holeRequest('x = ', { grammar, temperature: 2, seed: 9, maxTokens: 200 }));
  assert.equal(Array.from(text).length, 31, text);
  assert.equal(finish, 'end');
});

const bad: readonly [name: string, grammar: GrammarSpec, cause: RegExp][] = [
  ['a grammar with a mistake', { kind: 'gbnf', text: 'root ::= "a' }, /^The grammar for the answer is not valid in line 1: .*\.$/],
  ['a grammar that would end the engine', { kind: 'gbnf', text: `root ::= ${'('.repeat(30_000)}` }, /nests groups/],
  ['a schema with a bound', { kind: 'jsonSchema', schema: { type: 'number', maximum: 3 } }, /^The JSON schema for the answer has "maximum"/],
  ['a grammar with a dead end', { kind: 'gbnf', text: 'root ::= "a" [z-a]' }, /nothing that it allows/],
];
for (const [name, grammar, cause] of bad) {
  test(`${name} is refused with a sentence, beside a request that goes on`, async () => {
    const beside = run(chatRequest('Write a function that adds two numbers', { maxTokens: 60 }));
    const outcome = await engine.inference.generate(chatRequest('Go.', { grammar }), { signal: forever });
    assert.equal(outcome.outcome, 'unsupported', JSON.stringify(outcome));
    assert.match(outcome.outcome === 'unsupported' ? outcome.cause : '', cause);
    assert.equal((await beside).usage.generatedTokens, 60);
  });
}

test('a grammar that reads the same text in ever more ways is given up, and the engine goes on', { timeout: 60_000 }, async () => {
  const grammar: GrammarSpec = { kind: 'gbnf', text: 'root ::= "a" root "b" | "a" root "c" | "a"' };
  const outcome = await engine.inference.generate(chatRequest('aaaaaaaa', { grammar, maxTokens: 200 }), { signal: forever });
  assert.ok(['ok', 'unsupported'].includes(outcome.outcome), JSON.stringify(outcome));
  assert.equal((await run(holeRequest('x = ', { maxTokens: 2 }))).usage.generatedTokens > 0, true);
});

test('the engine ends an answer by its lines and streams nothing that is cut off', async () => {
  const request = chatRequest('Write a function that adds two numbers', { maxTokens: 120 });
  const free = await run(request);
  const lines = free.text.trimStart().split('\n');
  assert.ok(lines.length > 3, free.text);
  const pieces: string[] = [];
  const cut = await run({ ...request, lineStops: { maxLines: 2 } }, (piece) => pieces.push(piece));
  assert.equal(cut.text.trimStart(), lines.slice(0, 2).join('\n'));
  assert.equal(cut.finish, 'stop');
  assert.equal(pieces.join(''), cut.text);
  assert.ok(cut.usage.generatedTokens < free.usage.generatedTokens);
});

test('the first tokens come with their probabilities, and with the same text', async () => {
  const request = holeRequest('def add(a, b):\n    return ', { maxTokens: 12 });
  const plain = await run(request);
  const said: (readonly number[] | undefined)[] = [];
  const sure = await run({ ...request, confidenceTokens: 4 }, (_text, confidence) => void said.push(confidence));
  assert.equal(sure.text, plain.text);
  assert.equal(plain.confidence, undefined);
  assert.equal(sure.confidence?.length, 4);
  // Told while it is written, too: whoever ends it early knows as much.
  assert.ok((said[0]?.length ?? 0) >= 1, JSON.stringify(said));
  assert.deepEqual(said.at(-1), sure.confidence);
  for (const value of sure.confidence ?? []) assert.ok(value > 0 && value <= 1, String(value));
  assert.ok(new Set(sure.confidence).size > 1);
  // Of the likeliest tokens the first is at least as likely as an average one.
  assert.ok((sure.confidence?.[0] ?? 0) >= 1 / 8192);
});

test('where only one token is possible its probability is 1, and an answer may be shorter than what was asked for', async () => {
  const { confidence } = await run(chatRequest('Go.', { grammar: { kind: 'gbnf', text: 'root ::= "q"' }, confidenceTokens: 16, temperature: 1 }));
  assert.ok(confidence && confidence.length <= 2, JSON.stringify(confidence));
  assert.ok(Math.abs((confidence[0] ?? 0) - 1) < 1e-6, JSON.stringify(confidence));
});
