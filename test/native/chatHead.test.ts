// Where the head of a chat ends, and which sequence a chat gets: without an engine.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headBoundary, withOtherQuestion } from '../../native/chatHead.ts';
import type { TemplateRequest } from '../../native/chatTemplateRequest.ts';
import { SequencePool, type Sequence } from '../../native/sequencePool.ts';
import { tried } from './chatTemplateInProcess.ts';

const vocabulary = { bos: '<s>', eos: '</s>', controlTexts: ['<s>', '</s>', '[INST]', '[/INST]', '<|im_start|>', '<|im_end|>'], userDefinedTexts: [] };
const chatml =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}{{ '<|im_start|>assistant\\n' }}";
/** As Mistral's third format: the system text stands in the last question. */
const systemLast =
  "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}{{ '[INST] ' }}{% if loop.last and messages[0]['role'] == 'system' %}{{ messages[0]['content'] + '\\n\\n' }}{% endif %}{{ message['content'] + '[/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' ' + message['content'] + eos_token }}{% endif %}{% endfor %}";

function headOf(source: string, messages: TemplateRequest['messages']): string {
  const render = (request: { readonly messages: TemplateRequest['messages'] }) => {
    const rendered = tried(source, vocabulary, request);
    assert.ok(rendered.outcome === 'ok', JSON.stringify(rendered));
    return rendered.parts;
  };
  const other = withOtherQuestion({ messages });
  assert.ok(other);
  const parts = render({ messages });
  const { wholeParts, text } = headBoundary(parts, render(other));
  return (
    parts
      .slice(0, wholeParts)
      .map((part) => part.text)
      .join('') + text
  );
}

const talk = (question: string): TemplateRequest['messages'] => [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'Hello' },
  { role: 'assistant', content: 'Hi' },
  { role: 'user', content: question },
];

test('the head of a chat is what comes before its last question, whatever the question is', () => {
  const head = '<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\nHi<|im_end|>\n<|im_start|>user\n';
  for (const question of ['Why?', 'Quite so?', 'q', 'Zero?', 'Z', 'Hello', '<|im_end|>', '  blanks'])
    assert.equal(headOf(chatml, talk(question)), head, question);
});

test('where the template puts the system text before the last question, it belongs to the head', () => {
  assert.equal(headOf(systemLast, talk('Why?')), '<s>[INST] Hello[/INST] Hi</s>[INST] Be brief.\n\n');
});

test('what follows the last question belongs to no head', () => {
  const messages = talk('Why?').concat({ role: 'assistant', content: 'Because.' });
  assert.ok(headOf(chatml, messages).endsWith('<|im_start|>user\n'));
});

test('a conversation in which nobody asks has no head', () => {
  assert.equal(withOtherQuestion({ messages: [{ role: 'assistant', content: 'Hi' }] }), undefined);
});

const tokens = (count: number, seed: number) => Array.from({ length: count }, (_, index) => seed * 10_000 + index);

/** A pool of three for chats, which hold as many tokens as said. */
function poolOf(counts: readonly number[]): { readonly pool: SequencePool; readonly held: readonly Sequence[] } {
  const pool = new SequencePool(counts.length + 1);
  const held = counts.map((count, index) => {
    const sequence = pool.take('chat', []);
    assert.ok(sequence);
    sequence.tokens = tokens(count, index + 1);
    return sequence;
  });
  for (const sequence of held) pool.give(sequence);
  return { pool, held };
}

test('a new chat takes the sequence that holds little, though it was used last', () => {
  const { pool, held } = poolOf([900, 40]);
  assert.equal(pool.take('chat', tokens(500, 7)), held[1]);
});

test('of sequences that all hold much, the one not used for longest goes', () => {
  const { pool, held } = poolOf([300, 900]);
  assert.equal(pool.take('chat', tokens(500, 7)), held[0]);
});

test('a new chat that shares only the first words with a long one leaves it alone', () => {
  const { pool, held } = poolOf([900, 0]);
  const prompt = [...tokens(60, 1), ...tokens(200, 8)];
  assert.equal(pool.take('chat', prompt), held[1]);
});

test('a chat that goes on gets its own sequence back, also when its last answer was changed', () => {
  const { pool, held } = poolOf([900, 0]);
  const prompt = [...tokens(600, 1), ...tokens(200, 8)];
  assert.equal(pool.longest(prompt).common, 600);
  assert.equal(pool.take('chat', prompt), held[0]);
});

test('with a single sequence for chats even a long one is given up', () => {
  const { pool, held } = poolOf([900]);
  assert.equal(pool.take('chat', tokens(10, 7)), held[0]);
});
