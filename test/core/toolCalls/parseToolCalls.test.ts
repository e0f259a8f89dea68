// Tool calls as models write them, each format and its mistakes.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { type ParseOptions, parseToolCalls, type ToolCallFormat, toolCallFormatOf } from '../../../server/core/toolCalls/parseToolCalls.ts';
import { tokenMark } from '../../../server/core/toolCalls/toolCall.ts';
import { type AnswerPiece, ToolCallStream } from '../../../server/core/toolCalls/toolCallStream.ts';

const toolNames = ['get_weather', 'read_file'];
const formats: readonly ToolCallFormat[] = ['mistral', 'hermes', 'llama3', 'deepseek', 'gemma', 'fenced'];
const spelled = (format: ToolCallFormat): ParseOptions => ({ format, toolNames, tokens: 'spelled' });

/** One line a call: `name {"arguments"}`, with `#id` behind the name where there is one; then `! kind` for problems; then the text. */
function check(
  format: ToolCallFormat,
  answer: string,
  expected: { readonly calls?: readonly string[]; readonly problems?: readonly string[]; readonly text?: string },
): void {
  const parsed = parseToolCalls(answer, spelled(format));
  assert.deepEqual(
    {
      calls: parsed.calls.map((call) => `${call.name}${call.id === undefined ? '' : `#${call.id}`} ${call.arguments}`),
      problems: parsed.problems.map((problem) => problem.kind),
      text: parsed.text.trim(),
    },
    { calls: expected.calls ?? [], problems: expected.problems ?? [], text: expected.text ?? '' },
  );
}

const weather = '{"place": "Aigues-Mortes", "days": 2}';
const weatherCall = 'get_weather {"place":"Aigues-Mortes","days":2}';
const readCall = 'read_file {"path":"a.ts"}';

suite('Mistral', () => {
  test('a list up to V7', () =>
    check(
      'mistral',
      `[TOOL_CALLS][{"name": "get_weather", "arguments": ${weather}, "id": "a1b2c3d4e"}, {"name": "read_file", "arguments": {"path": "a.ts"}}]`,
      {
        calls: ['get_weather#a1b2c3d4e {"place":"Aigues-Mortes","days":2}', readCall],
      },
    ));
  test('name, id and arguments in V11', () =>
    check('mistral', `[TOOL_CALLS]get_weather[CALL_ID]a1b2c3d4e[ARGS]${weather}`, { calls: ['get_weather#a1b2c3d4e {"place":"Aigues-Mortes","days":2}'] }));
  test('several calls with text before them in V13', () =>
    check('mistral', `Let me look.[TOOL_CALLS]get_weather[ARGS]${weather}[TOOL_CALLS]read_file[ARGS]{"path": "a.ts"}`, {
      calls: [weatherCall, readCall],
      text: 'Let me look.',
    }));
  test('no arguments', () => check('mistral', '[TOOL_CALLS]read_file[ARGS]{}', { calls: ['read_file {}'] }));
  test('an answer that ends within the arguments', () =>
    check('mistral', '[TOOL_CALLS]get_weather[ARGS]{"place": "Ai', { problems: ['unfinished'], text: '[TOOL_CALLS]get_weather[ARGS]{"place": "Ai' }));
  test('arguments that are no JSON', () =>
    check('mistral', '[TOOL_CALLS]get_weather[ARGS]{place: here} bye', { problems: ['badJson'], text: '[TOOL_CALLS]get_weather[ARGS]{place: here} bye' }));
  test('a tool that was not offered', () =>
    check('mistral', '[TOOL_CALLS]delete_all[ARGS]{}', { problems: ['unknownTool'], text: '[TOOL_CALLS]delete_all[ARGS]{}' }));
});

suite('Hermes and Qwen', () => {
  test('two calls with text before them', () =>
    check(
      'hermes',
      `Looking.\n<tool_call>\n{"name": "get_weather", "arguments": ${weather}}\n</tool_call>\n<tool_call>\n{"name": "read_file", "arguments": {"path": "a.ts"}}\n</tool_call>`,
      {
        calls: [weatherCall, readCall],
        text: 'Looking.',
      },
    ));
  test('a missing end', () => check('hermes', `<tool_call>{"name": "get_weather", "arguments": ${weather}}`, { calls: [weatherCall] }));
  test('a comma too many and a line break in a string', () =>
    check('hermes', '<tool_call>{"name": "read_file", "arguments": {"path": "a\nb",},}</tool_call>', { calls: ['read_file {"path":"a\\nb"}'] }));
  test('arguments as JSON within a string', () =>
    check('hermes', '<tool_call>{"name": "read_file", "arguments": "{\\"path\\": \\"a.ts\\"}"}</tool_call>', { calls: [readCall] }));
  test('Qwen 3 Coder with tags', () =>
    check(
      'hermes',
      '<tool_call>\n<function=get_weather>\n<parameter=place>\nAigues-Mortes\n</parameter>\n<parameter=days>\n2\n</parameter>\n</function>\n</tool_call>',
      {
        calls: [weatherCall],
      },
    ));
  test('no name', () =>
    check('hermes', '<tool_call>{"arguments": {}}</tool_call>', { problems: ['noName'], text: '<tool_call>{"arguments": {}}</tool_call>' }));
});

suite('Llama 3', () => {
  test('bare JSON', () => check('llama3', `{"name": "get_weather", "parameters": ${weather}}`, { calls: [weatherCall] }));
  test('several, parted by semicolons', () =>
    check('llama3', `<|python_tag|>{"name": "get_weather", "parameters": ${weather}}; {"name": "read_file", "parameters": {"path": "a.ts"}}`, {
      calls: [weatherCall, readCall],
    }));
  test('JSON that is an answer, not a call', () => check('llama3', '{"name": "Ada", "age": 36}', { text: '{"name": "Ada", "age": 36}' }));
  test('a function tag', () => check('llama3', `<function=get_weather>${weather}</function>`, { calls: [weatherCall] }));
  test('code behind the tag', () => check('llama3', '<|python_tag|>print(1)', { problems: ['badJson'], text: '<|python_tag|>print(1)' }));
});

suite('DeepSeek', () => {
  test('two calls with fences', () =>
    check(
      'deepseek',
      `Well.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n\`\`\`json\n${weather}\n\`\`\`<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>read_file\n\`\`\`json\n{"path": "a.ts"}\n\`\`\`<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
      { calls: [weatherCall, readCall], text: 'Well.' },
    ));
  test('V3.1', () =>
    check('deepseek', `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>${weather}<｜tool▁call▁end｜><｜tool▁calls▁end｜>`, {
      calls: [weatherCall],
    }));
  test('cut off', () =>
    check('deepseek', '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>', { problems: ['unfinished'], text: '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>' }));
});

suite('Gemma', () => {
  test('a Python call', () => check('gemma', "```tool_code\nprint(get_weather(place='Aigues-Mortes', days=2))\n```", { calls: [weatherCall] }));
  test('bare JSON', () => check('gemma', `{"name": "get_weather", "parameters": ${weather}}`, { calls: [weatherCall] }));
  test('Python that is more than a call', () =>
    check('gemma', '```tool_code\nget_weather(place=input())\n```', { problems: ['badJson'], text: '```tool_code\nget_weather(place=input())\n```' }));
});

suite('the fence', () => {
  test('is read in every format', () => {
    for (const format of formats)
      check(format, `So:\n\`\`\`tool\n{"name": "get_weather", "arguments": ${weather}}\n\`\`\`\nDone.`, { calls: [weatherCall], text: 'So:\n\nDone.' });
  });
  test('counts only at the start of a line', () =>
    check('fenced', 'Write ```tool\n{"name": "read_file"}\n```', { text: 'Write ```tool\n{"name": "read_file"}\n```' }));
  test('of another language is text', () => check('fenced', '```toml\nname = "read_file"\n```', { text: '```toml\nname = "read_file"\n```' }));
});

test('a spelled-out opener is text where tokens are marked', () => {
  const options: ParseOptions = { format: 'mistral', toolNames, tokens: 'marked' };
  const call = '[TOOL_CALLS]read_file[ARGS]{"path": "a.ts"}';
  assert.deepEqual(parseToolCalls(call, options), { text: call, calls: [], problems: [] });
  const real = `${tokenMark}[TOOL_CALLS]read_file${tokenMark}[ARGS]{"path": "a.ts"}`;
  assert.deepEqual(parseToolCalls(real, options), { text: '', calls: [{ name: 'read_file', arguments: '{"path":"a.ts"}' }], problems: [] });
});

test('the format follows from the special tokens', () => {
  const found = [['[TOOL_CALLS]'], ['<｜tool▁calls▁begin｜>'], ['<|python_tag|>'], ['<|im_start|>'], ['<start_of_turn>'], ['<s>']].map(toolCallFormatOf);
  assert.deepEqual(found, ['mistral', 'deepseek', 'llama3', 'hermes', 'gemma', 'fenced']);
});

const fragments = fc.constantFrom(
  ...[
    '[TOOL_CALLS]',
    '[ARGS]',
    '[CALL_ID]',
    '<tool_call>',
    '</tool_call>',
    '<function=',
    '<parameter=a>',
    '</function>',
    '<|python_tag|>',
    '<｜tool▁calls▁begin｜>',
  ],
  ...[
    '<｜tool▁call▁begin｜>',
    '<｜tool▁sep｜>',
    '```tool\n',
    '```tool_code\n',
    '\n```',
    '```',
    'read_file',
    '{"name": "read_file", "arguments": {"path": "a"}}',
    '{',
    '}',
  ],
  ...['[', ']', '"', '\\', ',', ':', '\n', ' ', 'text', 'print(', ')', 'a="b"', tokenMark, '🌬️', '\ud83c', ';'],
);
const answers = fc.array(fc.oneof(fragments, fc.string({ maxLength: 5 })), { maxLength: 14 });

suite('whatever comes', () => {
  for (const format of formats) {
    test(`${format} never throws, and a stream finds what the whole text has`, () =>
      fc.assert(
        fc.property(
          answers,
          fc.constantFrom('marked' as const, 'spelled' as const),
          fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
          (parts, tokens, cuts) => {
            const options: ParseOptions = { format, toolNames, tokens };
            const pieces: AnswerPiece[] = parts.flatMap((part, index): AnswerPiece[] => {
              if (/^[<[].*[>\]]$/.test(part) && index % 2 === 0) return [{ kind: 'token', text: part }];
              const cut = cuts[index % cuts.length] ?? 1;
              return [part.slice(0, cut), part.slice(cut)].filter((text) => text !== '').map((text) => ({ kind: 'text', text }));
            });
            const stream = new ToolCallStream(options);
            const shown = pieces.map((piece) => stream.push(piece)).join('');
            const ended = stream.end();
            assert.equal(shown + ended.rest, ended.text, 'what was shown is the beginning of the text');
            const whole = pieces.map(({ kind, text }) => (tokens === 'marked' && kind === 'token' ? tokenMark : '') + text.replaceAll(tokenMark, '')).join('');
            const parsed = parseToolCalls(whole, options);
            assert.deepEqual([ended.text, ended.calls, ended.problems], [parsed.text, parsed.calls, parsed.problems]);
            for (const call of parsed.calls) assert.ok(toolNames.includes(call.name) && typeof JSON.parse(call.arguments) === 'object');
          },
        ),
        { numRuns: 500 },
      ));
  }
});

test('text before a call is shown at once, and nothing of the call', () => {
  const stream = new ToolCallStream({ format: 'mistral', toolNames, tokens: 'marked' });
  const shown = ['Let ', 'me look.'].map((text) => stream.push({ kind: 'text', text }));
  const held = [
    stream.push({ kind: 'token', text: '[TOOL_CALLS]' }),
    ...['read', '_file'].map((text) => stream.push({ kind: 'text', text })),
    stream.push({ kind: 'token', text: '[ARGS]' }),
    stream.push({ kind: 'text', text: '{"path": "a.ts"}' }),
  ];
  assert.deepEqual(shown, ['Let ', 'me look.']);
  assert.equal(held.join(''), '');
  assert.deepEqual(stream.end(), { text: 'Let me look.', rest: '', calls: [{ name: 'read_file', arguments: '{"path":"a.ts"}' }], problems: [] });
});
test('a fence of code is shown as soon as it cannot become a call', () => {
  const stream = new ToolCallStream(spelled('hermes'));
  assert.deepEqual(
    ['```', 't', 's\n', 'a < b'].map((text) => stream.push({ kind: 'text', text })),
    ['', '', '```ts\n', 'a < b'],
  );
});
