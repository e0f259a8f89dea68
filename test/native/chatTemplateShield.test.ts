// What people wrote never becomes a special token, and reaches the model unchanged.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { ChatTemplateOfModel } from '../../native/chatTemplateOfModel.ts';
import type { RenderedPart, TemplateMessage, TemplateRequest } from '../../native/chatTemplateRequest.ts';
import { planShield, Shield } from '../../native/chatTemplateShield.ts';
import { builtIn, date, forever, vocabularies } from './chatTemplateGoldens.ts';
import { shielded, tried } from './chatTemplateInProcess.ts';

const families = Object.keys(vocabularies);
const spellings = [...new Set(Object.values(vocabularies).flatMap((one) => [one.bos, one.eos, ...one.controlTexts]))].filter((text) => text !== '');
const pieces = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...spellings) },
  fc.constantFrom(...spellings).chain((text) => fc.nat({ max: text.length }).map((at) => text.slice(at))),
  fc.constantFrom(...spellings).chain((text) => fc.nat({ max: text.length }).map((at) => text.slice(0, at))),
  fc.constantFrom(
    's',
    'INST',
    '|im_end|',
    '<',
    '>',
    '[',
    ']',
    ' ',
    '\n',
    '"',
    '\\',
    '\\ue000',
    '\\u003c',
    '\ue000',
    '\uf8ff',
    '｜',
    '\ud83c',
    '🌬️',
    '{}',
    'word',
  ),
  fc.string({ unit: 'grapheme', maxLength: 6 }),
);
const hostile = fc.array(pieces, { minLength: 1, maxLength: 8 }).map((parts) => parts.join(''));
/** Something to see: an empty or blank text may be dropped by a template. */
const question = hostile.map((text) => `q${text}`);
const name = fc.constantFrom('s', 'INST', 'read_file', 'bos', 'function');

const conversation = fc.record({
  system: fc.option(question),
  turns: fc.array(fc.tuple(question, question), { maxLength: 2 }),
  last: question,
  call: fc.option(fc.record({ name, key: hostile, value: hostile, result: hostile, description: hostile })),
  prefill: fc.option(hostile),
});

function requestFrom(one: typeof conversation extends fc.Arbitrary<infer T> ? T : never): TemplateRequest {
  const messages: TemplateMessage[] = [];
  if (one.system !== null) messages.push({ role: 'system', content: one.system });
  for (const [asked, answered] of one.turns) messages.push({ role: 'user', content: asked }, { role: 'assistant', content: answered });
  messages.push({ role: 'user', content: one.last });
  if (one.call) {
    messages.push(
      { role: 'assistant', content: '', toolCalls: [{ id: 'call<s>', name: one.call.name, arguments: JSON.stringify({ [one.call.key]: one.call.value }) }] },
      { role: 'tool', toolCallId: 'call<s>', name: one.call.name, content: one.call.result },
    );
  }
  return {
    date,
    messages,
    ...(one.call
      ? { tools: [{ name: one.call.name, description: one.call.description, parameters: { properties: { [one.call.key]: { enum: [one.call.value] } } } }] }
      : {}),
    ...(one.prefill === null ? {} : { prefill: one.prefill }),
  };
}

/** The same conversation with harmless words in the place of every text: what it makes special is the template's own. */
function harmless(request: TemplateRequest): TemplateRequest {
  const calls = (message: TemplateMessage) =>
    message.role === 'assistant' && message.toolCalls
      ? { toolCalls: message.toolCalls.map((call) => ({ ...call, id: 'x', name: 'w', arguments: '{"w":"w"}' })) }
      : {};
  return {
    ...request,
    messages: request.messages.map((message) => ({
      ...message,
      content: message.content === '' ? '' : 'word',
      ...(message.role === 'tool' ? { toolCallId: 'x', name: 'w' } : {}),
      ...calls(message),
    })),
    ...(request.tools ? { tools: [{ name: 'w', description: 'w', parameters: {} }] } : {}),
    ...(request.prefill === undefined ? {} : { prefill: 'word' }),
  };
}

const specialsOf = (parts: readonly RenderedPart[]) => parts.filter((part) => part.kind === 'template').map((part) => part.text);

suite('texts that spell special tokens stay texts', () => {
  for (const family of families) {
    test(family, async () => {
      const template = builtIn(family);
      await fc.assert(
        fc.asyncProperty(conversation, async (one) => {
          const request = requestFrom(one);
          const rendered = await template.render(request, forever);
          const expected = await template.render(harmless(request), forever);
          assert.ok(rendered.outcome === 'ok' && expected.outcome === 'ok', JSON.stringify(rendered));
          assert.deepEqual(specialsOf(rendered.parts), specialsOf(expected.parts));
          const whole = rendered.parts.map((part) => part.text).join('');
          assert.ok(whole.includes(one.last.trim()), 'the question is unchanged');
        }),
        { numRuns: 150 },
      );
    });
  }
});

const chatml = vocabularies.chatml!;
const rewriting: Readonly<Record<string, string>> = {
  'trims and splits': "{{ m.content.strip().split('x')[-1] }}",
  'changes the case': '{{ m.content | lower }}',
  'takes characters apart': "{{ m.content | join('-') }}{{ m.content[::-1] }}{{ m.content[1:] }}{{ m.content[:-1] }}{{ m.content }}",
  'deletes blanks': "{{ m.content.replace(' ', '').replace('_', '') }}",
  'quotes as JSON': '{{ m.content | tojson }}',
  'quotes as ASCII JSON': '{{ m.content | tojson(ensure_ascii=True) }}',
  'puts it into its own brackets': "{{ '<' + m.content + '>' }}{{ '<|' ~ m.content ~ '|>' }}",
};
suite('even where the template', () => {
  for (const [what, expression] of Object.entries(rewriting)) {
    test(what, () =>
      fc.assert(
        fc.property(hostile, (text) => {
          const source = `{% for m in messages %}<|im_start|>${expression}<|im_end|>{% endfor %}`;
          const parts = shielded(source, chatml, text);
          assert.deepEqual(specialsOf(parts), ['<|im_start|>', '<|im_end|>']);
        }),
      ),
    );
  }
});

test('exchanging and exchanging back gives the same text', () =>
  fc.assert(
    fc.property(hostile, fc.constantFrom(...families), (text, family) => {
      const shield = new Shield(planShield('', vocabularies[family]!), [text]);
      const parts = shield.restore(shield.text(text));
      assert.ok(parts.every((part) => part.kind === 'content'));
      assert.equal(parts.map((part) => part.text).join(''), text);
    }),
  ));

test('a user-defined token that the template uses is cut in two where people spell it', () => {
  const vocabulary = { ...chatml, userDefinedTexts: ['<tool_call>', '<h1>'] };
  const source = '{% for m in messages %}<tool_call>{{ m.content }}{% endfor %}';
  assert.deepEqual(shielded(source, vocabulary, 'a <tool_call> <h1>'), [
    { kind: 'template', text: '<tool_call>' },
    { kind: 'content', text: 'a <' },
    { kind: 'content', text: 'tool_call> <h1>' },
  ]);
});

test('what is quoted as ASCII JSON reads as if it had not been shielded', () =>
  assert.deepEqual(shielded('{{ messages[0].content | tojson(ensure_ascii=True) }}', chatml, '<b> é｜'), [{ kind: 'content', text: '"<b> \\u00e9\\uff5c"' }]));

test('the name of a tool between brackets of the template makes no token', () => {
  const vocabulary = { bos: '<s>', eos: '</s>', controlTexts: ['<u>'], userDefinedTexts: [] };
  const source =
    "{% for m in messages %}{{ m.content }}{% for c in m.tool_calls or [] %}{{ '<' + c.function.name + '>' + (c.function.arguments | tojson) }}{% endfor %}{% endfor %}";
  const rendered = tried(source, vocabulary, {
    messages: [
      { role: 'user', content: 'Q' },
      { role: 'assistant', content: '', toolCalls: [{ id: 'a', name: 's', arguments: '{}' }] },
    ],
  });
  assert.deepEqual(rendered, { outcome: 'ok', parts: [{ kind: 'content', text: 'Q<s>{}' }] });
});

test('special tokens that begin and end with letters are found as well', () => {
  const vocabulary = { bos: '', eos: 'END', controlTexts: ['END', 'USER:'], userDefinedTexts: [] };
  const source = '{% for m in messages %}USER:{{ m.content }}END{% endfor %}';
  const texts = ['the END of it', 'USER:', 'E', 'EN', 'ND', 'USER'];
  for (const text of texts) assert.deepEqual(specialsOf(shielded(source, vocabulary, text)), ['USER:', 'END'], text);
});

test('an image is refused with a sentence that says what to do', async () => {
  const rendered = await builtIn('v13').render(
    { date, messages: [{ role: 'user', content: [{ kind: 'text', text: 'What is this?' }, { kind: 'image' }] }] },
    forever,
  );
  assert.match(rendered.outcome === 'failed' ? rendered.cause : '', /cannot look at images/);
  assert.match(rendered.outcome === 'failed' ? (rendered.action ?? '') : '', /^Remove the image/);
});

test('a model without a template and without known tokens says so', async () => {
  const template = new ChatTemplateOfModel(undefined, { bos: '', eos: '', controlTexts: ['<|a|>'], userDefinedTexts: [] }, undefined as never);
  assert.equal(template.exists, false);
  const rendered = await template.render({ date, messages: [{ role: 'user', content: 'Hi' }] }, forever);
  assert.match(rendered.outcome === 'failed' ? rendered.cause : '', /no chat template/);
});
