// The completion bench's engine behind an HTTP endpoint, and the peers' prompts, against a scripted server of the test's own: what is asked is read
// back token by token, and wrong answers are given on purpose.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BenchProblem } from '../bench/benchProblem.ts';
import { EndpointInference } from '../bench/completion/endpointInference.ts';
import { describeEndpoint } from '../bench/completion/endpointModel.ts';
import { bringUp } from '../bench/completion/subject.ts';
import { FamilyPrompts, type PromptTexts } from '../bench/peers/familyPrompts.ts';
import { LlamaEndpoint } from '../bench/peers/llamaEndpoint.ts';
import { type EndpointScript, type ScriptedEndpoint, scriptedEndpoint } from '../bench/peers/scriptedEndpoint.ts';
import { fimFamilyOf } from '../../server/core/prompt/fimFamilies.ts';
import type { GenerateRequest } from '../../server/inference/inference.ts';

const starcoder = ['<fim_prefix>', '<fim_suffix>', '<fim_middle>'];
const forever = new AbortController().signal;

const withEndpoint = async (script: Partial<EndpointScript>, act: (endpoint: ScriptedEndpoint) => Promise<void>) => {
  const endpoint = await scriptedEndpoint({ special: starcoder, answer: () => '', ...script });
  try {
    await act(endpoint);
  } finally {
    await endpoint.stop();
  }
};
const engineOf = async (address: string, family?: string) => new EndpointInference(await describeEndpoint(new LlamaEndpoint(address), family));
const hole = (text: string): GenerateRequest => ({
  prompt: {
    kind: 'parts',
    parts: [
      { kind: 'special', token: '<fim_suffix>' },
      { kind: 'text', text },
    ],
  },
  priority: 'inline',
  maxTokens: 40,
  temperature: 0,
  stop: ['\n'],
  confidenceTokens: 2,
});

test('what peers send is cut by tokens and stands in the order of the family', async () => {
  const promptOf = (special: readonly string[], texts: Partial<PromptTexts>) => {
    let said = '';
    return withEndpoint({ special }, async ({ address, asked }) => {
      const { endpoint, tokens, description } = await describeEndpoint(new LlamaEndpoint(address));
      const family = fimFamilyOf(description.specialTokens);
      assert.ok(family);
      const whole = { prefix: 'abc\ndéf\ngh', suffix: 'xyz', path: 'p/q/a.ts', prefixTokens: 99, suffixTokens: 99, mostTokens: 99, ...texts };
      await endpoint.complete({ prompt: await new FamilyPrompts(family, tokens).tokens(whole), maxTokens: 1, reusePrefix: false });
      said = asked[0]?.prompt ?? '';
    }).then(() => said);
  };
  assert.equal(await promptOf(starcoder, {}), '<fim_prefix>abc\ndéf\n<fim_suffix>xyz<fim_middle>gh');
  assert.equal(await promptOf(starcoder, { prefixTokens: 5, suffixTokens: 2 }), '<fim_prefix>éf\n<fim_suffix>xy<fim_middle>gh');
  assert.equal(await promptOf(starcoder, { mostTokens: 9 }), '<fim_prefix>\n<fim_suffix>xyz<fim_middle>gh');
  assert.equal(await promptOf(['[SUFFIX]', '[PREFIX]'], { prefixTokens: 3 }), '[SUFFIX]xyz[PREFIX]\ngh');
  const starter = ['<|fim_suffix|>', '<|fim_prefix|>', '<|cursor_line|>', '<|file_sep|>'];
  assert.equal(await promptOf(starter, {}), '<|fim_suffix|>xyz<|fim_prefix|><|file_sep|>q/a.ts\nabc\ndéf<|cursor_line|>\ngh');
});

test('no text becomes a special token, whether the bench knows that token or the vocabulary finds it in plain text', () =>
  withEndpoint({ special: [...starcoder, '[TOOL]', '<|im_end|>'], userDefined: ['<fim_middle>', '<|im_end|>'] }, async ({ address, asked }) => {
    const text = 'a [TOOL] <fim_middle> <|im_end|> <fim_prefix>';
    const result = await (await engineOf(address)).generate(hole(text), { signal: forever });
    assert.equal(result.outcome, 'ok', JSON.stringify(result));
    assert.deepEqual(asked[0]?.ids, [starcoder.indexOf('<fim_suffix>'), ...text.split('').map((sign) => 1000 + sign.charCodeAt(0))]);
  }));

test('a family can be named, and one that the vocabulary lacks is refused', () =>
  withEndpoint({ special: ['<|fim_prefix|>', '<|fim_suffix|>', '<|fim_middle|>', ...starcoder] }, async ({ address }) => {
    const orderOf = async (family?: string) => (await bringUp({ kind: 'endpoint', address, family }, { withPeers: true })).tokenOrder.split(':')[0];
    assert.deepEqual([await orderOf(), await orderOf('starcoder'), await orderOf('chat')], ['qwen', 'starcoder', 'chat']);
    await assert.rejects(orderOf('codestral'), /lacks \[SUFFIX\], \[PREFIX\].*Leave out --endpoint-model/);
  }));

test('an answer ends where the local engine would end it, with chances and tokens from the endpoint', () =>
  withEndpoint({ answer: () => 'one two\nthree', probability: 0.25 }, async ({ address }) => {
    const engine = await engineOf(address);
    const said: string[] = [];
    const result = await engine.generate(hole('abc'), { signal: forever, onText: (piece) => said.push(piece) });
    assert.ok(result.outcome === 'ok', JSON.stringify(result));
    const { text, finish, usage, confidence } = result.value;
    assert.deepEqual([text, said.join(''), finish], ['one two', 'one two', 'stop']);
    assert.deepEqual(
      confidence?.map((one) => Math.round(one * 100)),
      [25, 25],
    );
    assert.deepEqual(usage, { evaluatedTokens: 4, reusedTokens: 0, generatedTokens: 8 });
    assert.equal(await engine.workedTokens(), 12);
    // A special token ends a hole; so does what the endpoint has no room for.
    const short = await engine.generate(hole('x'.repeat(2040)), { signal: forever });
    assert.deepEqual(short.outcome === 'contextOverflow' && [short.promptTokens, short.availableTokens], [2041, 2008]);
  }));

test('a special token in an answer ends the hole', () =>
  withEndpoint({ answer: () => 'one<fim_prefix>two' }, async ({ address, brokenOff }) => {
    const result = await (await engineOf(address)).generate(hole('abc'), { signal: forever });
    assert.deepEqual(result.outcome === 'ok' && [result.value.text, result.value.finish], ['one', 'end']);
    await until(() => brokenOff() === 1);
  }));

test('who gives up closes the connection, and what is prepared ahead gives way to what is waited for', () =>
  withEndpoint({ answer: () => 'a'.repeat(40) }, async ({ address, asked, brokenOff }) => {
    const engine = await engineOf(address);
    const given = new AbortController();
    const aborted = await engine.generate({ ...hole('a'), stop: [] }, { signal: given.signal, onText: () => given.abort() });
    assert.equal(aborted.outcome, 'cancelled');
    await until(() => brokenOff() === 1);
    let first: Promise<unknown> | undefined;
    const onText = () => {
      first ??= engine.generate(hole('c'), { signal: forever });
    };
    const ahead = await engine.generate({ ...hole('b'), isAhead: true }, { signal: forever, onText });
    assert.equal(ahead.outcome, 'cancelled');
    assert.equal(((await first) as { outcome: string }).outcome, 'ok');
    assert.equal(asked.length, 3);
  }));

test('a chat is rendered by the endpoint, and what people wrote is plain text in it', () =>
  withEndpoint({ special: ['[INST]', '[/INST]'], chatTemplate: '[INST]', answer: (prompt) => prompt.slice(-4) }, async ({ address, asked }) => {
    const engine = await engineOf(address, 'chat');
    const prompt = { kind: 'chat', messages: [{ role: 'user', content: 'say [INST]' }], prefill: 'x = ' } as const;
    const result = await engine.generate({ ...hole(''), prompt: { ...prompt, messages: [...prompt.messages] } }, { signal: forever });
    assert.equal(result.outcome === 'ok' && result.value.text, 'x = ');
    assert.equal(asked[0]?.prompt, '[INST]say [INST][/INST]x = ');
    assert.equal(asked[0]?.ids.filter((id) => id < 1000).length, 2);
  }));

for (const [what, instead] of Object.entries({
  'no JSON': '{oops',
  'another form': '{"content": 3}',
  'an error': '{"error": {"code": 500, "message": "out of memory"}}',
})) {
  test(`${what} in place of an event is told as a cause and an action`, () =>
    withEndpoint({ instead: () => instead }, async ({ address }) => {
      const result = await (await engineOf(address)).generate(hole('a'), { signal: forever });
      assert.ok(result.outcome === 'engineUnavailable', JSON.stringify(result));
      assert.match(result.cause, new RegExp(`^${address}/completion did not answer as llama-server does: `));
      assert.match(result.action, /^Look at what the server/);
    }));
}
test('an endpoint that is not there, and one that is another server, are told in one sentence each', async () => {
  const gone = await scriptedEndpoint({ special: [], answer: () => '' });
  await gone.stop();
  const wanted = { kind: 'endpoint', address: gone.address, family: undefined } as const;
  await assert.rejects(bringUp(wanted, { withPeers: true }), (error) => {
    assert.ok(error instanceof BenchProblem);
    assert.match(error.message, /cannot be reached: .*ECONNREFUSED.*\. Start llama-server there, or name the address where it listens\.$/);
    return true;
  });
  const other = await scriptedEndpoint({ special: [], answer: () => '' });
  const elsewhere = { ...wanted, address: `${other.address}/v9` };
  await assert.rejects(bringUp(elsewhere, { withPeers: true }), /\/v9\/props did not answer as llama-server does: status 404/);
  await other.stop();
});

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}
