// Conversations that a template cannot take as they are, and what becomes of them.
import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { ChatTemplateOfModel } from '../../native/chatTemplateOfModel.ts';
import type { RenderedRequest, TemplateMessage, TemplateRequest, TemplateTool, TemplateVocabulary } from '../../native/chatTemplateRequest.ts';
import { probeTemplate } from '../../native/chatTemplateTraits.ts';
import { RenderProcess } from '../../native/renderProcess.ts';
import { builtIn, date, forever } from './chatTemplateGoldens.ts';
import { tried } from './chatTemplateInProcess.ts';

const vocabulary: TemplateVocabulary = { bos: '<s>', eos: '</s>', controlTexts: ['<s>', '</s>', '<u>', '<a>'], userDefinedTexts: [] };
const hereProcess = new RenderProcess();
after(() => hereProcess.dispose());
const loop = (body: string) => `{% for m in messages %}${body}{% endfor %}`;
const plain = loop("{{ '<u>' if m.role == 'user' else '<a>' }}{{ m.content }}");
const user = (content: string): TemplateMessage => ({ role: 'user', content });
const textOf = (rendered: RenderedRequest) => (rendered.outcome === 'ok' ? rendered.parts.map((part) => part.text).join('') : JSON.stringify(rendered));
const render = (source: string, request: Omit<TemplateRequest, 'date'>, at?: string) => textOf(tried(source, vocabulary, request, at));
const tool: TemplateTool = { name: 'look', description: 'Looks', parameters: { type: 'object' } };
const call = (id: string): TemplateMessage => ({ role: 'assistant', content: '', toolCalls: [{ id, name: 'look', arguments: '{"at": "it"}' }] });
const result = (id: string): TemplateMessage => ({ role: 'tool', toolCallId: id, name: 'look', content: 'seen' });

suite('a system text', () => {
  test('goes before the first question where the template refuses the role', () =>
    assert.equal(
      render(`{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}${plain}`, {
        messages: [{ role: 'system', content: 'S' }, user('Q')],
      }),
      '<u>S\n\nQ',
    ));
  test('goes before the first question where the template drops it silently', () =>
    assert.equal(
      render(loop("{% if m.role == 'user' %}<u>{{ m.content }}{% endif %}"), { messages: [{ role: 'system', content: 'S' }, user('Q')] }),
      '<u>S\n\nQ',
    ));
  test('stands alone where there is no question', () =>
    assert.equal(render(loop("{% if m.role == 'user' %}<u>{{ m.content }}{% endif %}"), { messages: [{ role: 'system', content: 'S' }] }), '<u>S'));
});

test('two questions in a row are merged where roles must alternate', () =>
  assert.equal(
    render(loop("{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('alternate') }}{% endif %}<u>{{ m.content }}"), {
      messages: [user('One'), user('Two')],
    }),
    '<u>One\n\nTwo',
  ));
test('contents are lists of parts where the template insists', () =>
  assert.equal(render(loop('<u>{% for p in m.content %}{{ p.text }}{% endfor %}'), { messages: [user('Hi')] }), '<u>Hi'));
test('a template that loops over tools gets a list', () =>
  assert.equal(render(`{% for t in tools %}{{ t.function.name }}{% endfor %}${plain}`, { messages: [user('Hi')] }), '<u>Hi'));

suite('tools', () => {
  test('are described in words where the template has none', () => {
    const text = render(plain, { messages: [user('Hi')], tools: [tool] });
    assert.match(text, /^<a>You can call these tools.*"name":"look".*```tool\n.*<u>Hi$/s);
  });
  test('calls and results become texts where the template knows neither', () => {
    const source = loop(
      "{% if m.role not in ['user', 'assistant'] %}{{ raise_exception('role') }}{% endif %}{{ '<u>' if m.role == 'user' else '<a>' }}{{ m.content }}",
    );
    assert.equal(
      render(source, { messages: [user('Q'), call('1'), result('1')] }),
      '<u>Q<a>```tool\n{"name": "look", "arguments": {"at": "it"}}\n```<u>Result of look:\nseen',
    );
  });
  test('arguments are given as text where the template writes them as they are', () =>
    assert.equal(
      render(loop("{{ m.content }}{% for c in m.tool_calls or [] %}{{ '[' + c.function.name + c.function.arguments + ']' }}{% endfor %}"), {
        messages: [user('Q'), call('1'), result('1')],
      }),
      'Q[look{"at": "it"}]seen',
    ));
  test('the content of a call is null where the template asks for that', () =>
    assert.equal(
      render(loop("{% if m.content is none %}{{ '[' + m.tool_calls[0].function | tojson + ']' }}{% else %}{{ m.content }}{% endif %}"), {
        messages: [user('Q'), call('1'), result('1')],
      }),
      'Q[{"name": "look", "arguments": {"at": "it"}}]seen',
    ));
  test('calls made at once come one after the other where the template takes one at a time', async () => {
    const two: TemplateMessage = {
      role: 'assistant',
      content: '',
      toolCalls: [
        { id: '1', name: 'look', arguments: '{}' },
        { id: '2', name: 'listen', arguments: '{}' },
      ],
    };
    const heard: TemplateMessage = { role: 'tool', toolCallId: '2', name: 'listen', content: 'heard' };
    const text = textOf(await builtIn('llama3').render({ date, messages: [user('Q'), two, heard, result('1')] }, forever));
    assert.match(text, /"name": "look".*"seen".*"name": "listen".*"heard"/s);
  });
  test('whose schema breaks the template are described in words', async () => {
    const source = `{% for t in tools or [] %}{{ t.function.name }}{{ t.function.description }}{{ t.function.parameters.properties.place.description | trim }}{% endfor %}${plain}`;
    const template = new ChatTemplateOfModel(source, vocabulary, hereProcess);
    assert.match(textOf(await template.render({ date, messages: [user('Hi')], tools: [tool] }, forever)), /^<a>You can call these tools.*<u>Hi$/s);
  });
  test('long names of calls are shortened alike in the call and its result', () => {
    const source = loop(
      "{{ m.content }}{% for c in m.tool_calls or [] %}({{ c.id }}{{ c.function.name }}{{ c.function.arguments.at }}{{ c.function.arguments | tojson }}){% endfor %}{% if m.role == 'tool' %}({{ m.tool_call_id }}){% endif %}",
    );
    const found = /\((\w{9})look.*\((\w{9})\)$/.exec(render(source, { messages: [user('Q'), call('chatcmpl-tool-1'), result('chatcmpl-tool-1')] }));
    assert.ok(found && found[1] === found[2], JSON.stringify(found));
  });
});

suite('thinking', () => {
  const source = `${loop("{% if m.role == 'user' %}<u>{{ m.content }}{% else %}<a>{{ m.content.split('</think>')[-1] }}{% endif %}")}<a><think>{{ '\\n' }}`;
  test('of earlier answers is left out', () =>
    assert.equal(render(source, { messages: [user('Q'), { role: 'assistant', content: '<think>hm</think>\n\nA' }, user('Q2')] }), '<u>Q<a>A<u>Q2<a><think>\n'));
  test('that the template has opened is closed before the beginning of an answer', () =>
    assert.equal(render(source, { messages: [user('Q')], prefill: '```ts\n' }), '<u>Q<a><think>\n</think>\n\n```ts\n'));
});

suite('a date', () => {
  const source = `{{ strftime_now('%d %b %Y, %A %-d %B %H:%M') }}${plain}`;
  test('is the one of the request', () =>
    assert.equal(render(source, { messages: [user('Q')] }, '2024-07-06T09:05'), '06 Jul 2024, Saturday 6 July 09:05<u>Q'));
});

suite('a template that', () => {
  for (const [what, source, cause] of [
    ['refuses everything', "{{ raise_exception('Never') }}", /refuses the conversation: Never/],
    ['leaves the question out', 'Hello', /leaves the question out/],
    ['is not Jinja', '{% for %}', /cannot be evaluated/],
    ['counts to a hundred million', '{% for i in range(100000000) %}{% endfor %}', /range\(\) of 100000000 steps is refused/],
  ] as const) {
    test(`${what} is named`, () => {
      const probed = probeTemplate(source, vocabulary);
      assert.match(probed.outcome === 'failed' ? probed.cause : '', cause);
    });
  }
  test('drops only a later question is a failure', () => {
    const rendered = tried('{{ messages[0].content }}', vocabulary, { messages: [user('first'), { role: 'assistant', content: 'A' }, user('second')] });
    assert.match(rendered.outcome === 'failed' ? rendered.cause : '', /leaves a message out/);
  });
});
