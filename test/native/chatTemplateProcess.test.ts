// Unknown templates: evaluated in a process that can be stopped, and the engine goes on.
import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { ChatTemplateOfModel } from '../../native/chatTemplateOfModel.ts';
import type { TemplateRequest } from '../../native/chatTemplateRequest.ts';
import { RenderProcess } from '../../native/renderProcess.ts';
import { isKnownTemplate } from '../../native/templates/knownTemplates.ts';
import { chatmlTemplate } from '../../native/templates/families.ts';
import { date, forever, vocabularies } from './chatTemplateGoldens.ts';

const vocabulary = { bos: '<s>', eos: '</s>', controlTexts: ['<u>'], userDefinedTexts: [] };
const request: TemplateRequest = { date, messages: [{ role: 'user', content: 'Hi <u>' }] };
const honest = '{% for m in messages %}<u>{{ m.content }}{% endfor %}';
const endless = `${'{% for a in range(99) %}'.repeat(9)}${'{% endfor %}'.repeat(9)}`;
const devouring = '{% set ns = namespace(x=[[1]]) %}{% for a in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}';
/** Behaves in the trial, with its few words, and not afterwards. */
const late = `${honest}{% if 'Hi' in messages[0].content %}${endless}{% endif %}`;

suite('an unknown template', () => {
  const process = new RenderProcess({ timeoutMs: 1000, heapMegabytes: 64, idleMs: 60_000 });
  after(() => process.dispose());
  const failureOf = async (source: string) => {
    const rendered = await new ChatTemplateOfModel(source, vocabulary, process).render(request, forever);
    return rendered.outcome === 'failed' ? rendered.cause : JSON.stringify(rendered);
  };
  const expectedParts = [
    { kind: 'template', text: '<u>' },
    { kind: 'content', text: 'Hi <u>' },
  ];

  test('is rendered in one process that is kept', async () => {
    const template = new ChatTemplateOfModel(honest, vocabulary, process);
    assert.deepEqual(await template.render(request, forever), { outcome: 'ok', parts: expectedParts });
    const { pid } = process;
    assert.ok(pid);
    assert.deepEqual(await template.render(request, forever), { outcome: 'ok', parts: expectedParts });
    assert.equal(process.pid, pid);
  });
  test('that loops without end is stopped with a sentence', async () => assert.match(await failureOf(endless), /did not finish within 1 s/));
  test('that devours memory is stopped with a sentence', async () => assert.match(await failureOf(devouring), /more than 64 MB of memory|did not finish/));
  test('that loops only in a real conversation is stopped as well', async () => assert.match(await failureOf(late), /did not finish within/));
  test('that works is rendered right after one that hung', async () => {
    const [, rendered] = await Promise.all([failureOf(endless), new ChatTemplateOfModel(honest, vocabulary, process).render(request, forever)]);
    assert.equal(rendered.outcome, 'ok');
  });
  test('that hangs leaves at once when the request is given up', async () => {
    const controller = new AbortController();
    const rendering = new ChatTemplateOfModel(endless, vocabulary, process).render(request, controller.signal);
    setImmediate(() => controller.abort());
    assert.deepEqual(await rendering, { outcome: 'cancelled' });
  });
  test('that hangs is replaced by the format of its family where its tokens show one', async () => {
    const rendered = await new ChatTemplateOfModel(endless, vocabularies.chatml!, process).render(request, forever);
    assert.deepEqual(rendered.outcome === 'ok' && rendered.parts[0], { kind: 'template', text: '<|im_start|>' });
  });
});

test('the process ends when nothing has been rendered for a while', async () => {
  const process = new RenderProcess({ timeoutMs: 2000, heapMegabytes: 64, idleMs: 10 });
  await new ChatTemplateOfModel(honest, vocabulary, process).render(request, forever);
  while (process.pid !== undefined) await new Promise((resolve) => setTimeout(resolve, 5));
});

test('a process that cannot be started is a failure, not a wait', async () => {
  const process = new RenderProcess({ timeoutMs: 700, heapMegabytes: 64, idleMs: 10 }, '/nowhere/renderTemplate.mjs');
  const rendered = await new ChatTemplateOfModel(honest, vocabulary, process).render(request, forever);
  assert.match(rendered.outcome === 'failed' ? rendered.cause : '', /cannot be started/);
});

test('known templates are known with and without a line end, and no other', () => {
  assert.ok(isKnownTemplate(chatmlTemplate));
  const message = "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}";
  const published = `{% for message in messages %}${message}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}`;
  assert.ok(isKnownTemplate(published) && isKnownTemplate(`${published}\n`));
  assert.ok(!isKnownTemplate(honest));
});
