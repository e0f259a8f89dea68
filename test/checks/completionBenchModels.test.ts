// The completion bench works with any model and any endpoint: small slices of it really run, with made-up models of other families in the product's
// engine, with a scripted server, and with a real llama-server where the bench has installed one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SourceFile } from '../bench/completion/corpus.ts';
import { EndpointInference } from '../bench/completion/endpointInference.ts';
import { describeEndpoint } from '../bench/completion/endpointModel.ts';
import { measure, type Measured } from '../bench/completion/measure.ts';
import { readOptions, resultName } from '../bench/completion/options.ts';
import { OurSide } from '../bench/completion/ours.ts';
import { SimulatedClock } from '../bench/completion/simulatedClock.ts';
import { bringUp, type Subject } from '../bench/completion/subject.ts';
import { Syntax } from '../bench/completion/syntax.ts';
import { starterModel } from '../bench/localEngine.ts';
import { ensureModel, model100M, type ModelOptions } from '../bench/models/makeModel.ts';
import { LlamaEndpoint } from '../bench/peers/llamaEndpoint.ts';
import { LlamaServer } from '../bench/peers/llamaServer.ts';
import { type EndpointScript, type ScriptedEndpoint, scriptedEndpoint } from '../bench/peers/scriptedEndpoint.ts';
import type { GenerateRequest } from '../../server/inference/inference.ts';

const starcoder = ['<fim_prefix>', '<fim_suffix>', '<fim_middle>'];
const small: ModelOptions = { ...model100M, layers: 1, width: 64, heads: 2, kvHeads: 1, feedForward: 64, contextSize: 1024 };
const forever = new AbortController().signal;

/** Two functions that are alike: something to mask, to type and to copy. In the older version one line was missing. */
function sourceFile(path: string, subject: string): SourceFile {
  const text = `export function ${subject}Area(${subject}: Shape): number {
  const width = measure(${subject}.width, '<fim_prefix>');
  const height = measure(${subject}.height, '<fim_prefix>');
  if (width === undefined || height === undefined) {
    return fallback(${subject});
  }
  return width * height;
}

export function ${subject}Edge(${subject}: Shape): number {
  const width = measure(${subject}.width, '<fim_prefix>');
  const height = measure(${subject}.height, '<fim_prefix>');
  return 2 * (width + height);
}
`;
  return { package: 'shapes', path, languageId: 'typescript', text, olderText: text.replace(/^ {4}return fallback.*\n/m, '') };
}
const files = [sourceFile('src/square.ts', 'square'), sourceFile('src/circle.ts', 'circle')];

async function slice(subject: Subject, parts: readonly ('holes' | 'replay')[]): Promise<Measured> {
  const options = { parts, holes: 4, keystrokes: 8, alone: 0, seed: 1 } as const;
  return measure({ subject, files, syntax: await Syntax.load(), options });
}

const named = ({ figures }: Measured, figure: RegExp) => figures.filter((one) => figure.test(one.figure));

test('a model of another family is asked in its own order, and the order stands in every row', async () => {
  const model = await ensureModel({
    ...small,
    renamed: { '<|fim_prefix|>': '<fim_prefix>', '<|fim_suffix|>': '<fim_suffix>', '<|cursor_line|>': '<fim_middle>' },
  });
  const subject = await bringUp({ kind: 'file', file: model, threads: 1, contextSize: undefined }, { withPeers: LlamaServer.missing === undefined });
  try {
    const measured = await slice(subject, ['holes']);
    const order = 'starcoder: <fim_prefix> above <fim_suffix> behind <fim_middle> line';
    assert.ok(measured.figures.length > 10 && measured.figures.every((figure) => figure.tokenOrder === order));
    assert.ok(measured.notes.some((note) => note.includes(order)));
    assert.ok(named(measured, /first line exact/).every((figure) => figure.samples === 4));
    const peers = new Set(measured.figures.map((figure) => figure.peer));
    const both = ["llama.vscode's requests (starcoder order)", "Continue's requests (starcoder order)"];
    assert.deepEqual(peers, new Set(LlamaServer.missing === undefined ? [null, ...both] : [null]));
    assert.match(subject.fileName, /^random-starter-[0-9a-f]+$/);
  } finally {
    await subject.stop();
  }
});

test('a model that can only chat is measured without the peers, and a sentence says so', async () => {
  const renamed = { '<|fim_prefix|>': '<|spare_5|>', '<|fim_suffix|>': '<|spare_6|>', '<|cursor_line|>': '<|spare_7|>' };
  const chatTemplate = "{% for message in messages %}[INST]{{ message['content'] }}[/INST]{% endfor %}";
  const subject = await bringUp(
    { kind: 'file', file: await ensureModel({ ...small, renamed, chatTemplate }), threads: 1, contextSize: 1024 },
    { withPeers: true },
  );
  try {
    const measured = await slice(subject, ['holes']);
    assert.ok(measured.figures.every((figure) => figure.peer === null && figure.tokenOrder.startsWith('chat: ')));
    assert.equal(named(measured, /^first line exact, 4 holes/).length, 1);
    assert.equal(measured.notes.filter((note) => note.includes('the peers have no way to ask it and the rows of their requests are left out')).length, 1);
  } finally {
    await subject.stop();
  }
});

/** Scripted: what it is asked can be read. */
async function withEndpoint(script: Partial<EndpointScript>, act: (endpoint: ScriptedEndpoint) => Promise<void>): Promise<void> {
  const endpoint = await scriptedEndpoint({ special: starcoder, answer: () => 'width * height', ...script });
  try {
    await act(endpoint);
  } finally {
    await endpoint.stop();
  }
}

test('all sides ask it with special tokens as ids, and text that spells one stays text', () =>
  withEndpoint({ begin: '<s>', special: [...starcoder, '<s>'] }, async ({ address, asked }) => {
    const subject = await bringUp({ kind: 'endpoint', address, family: undefined }, { withPeers: true });
    const measured = await slice(subject, ['holes', 'replay']);
    // What the model may begin with, then each sign of the order once, although the files spell one of them.
    for (const { ids } of asked)
      assert.deepEqual(
        ids.filter((id) => id < 1000).map((id) => [...starcoder, '<s>'][id]),
        ['<s>', ...starcoder],
      );
    assert.ok(asked.some(({ prompt }) => prompt.split('<fim_prefix>').length > 2));
    assert.equal(new Set(asked.map(({ body }) => 'timings_per_token' in body && 'n_probs' in body)).size, 2, 'ours and the peers have asked');
    const [shown] = named(measured, /^something is shown, 4 holes/);
    assert.ok(shown && shown.value > 0 && (shown.peerValue ?? 0) > 0, JSON.stringify(shown));
    for (const row of [/first line exact by the model alone/, /exact, copied from the code in \d of 4 holes/, /exact, written by the model in \d/]) {
      assert.ok(named(measured, row).length > 0, String(row));
    }
    assert.ok(named(measured, /^accepted characters for each suggestion that was read \(\d+ of ours, \d+ of theirs\)/).length === 2);
    const [whole, ...parts] = [/^accepted characters$/, /^accepted characters copied/, /^accepted characters written/].map(
      (row) => named(measured, row)[0]?.value ?? 0,
    );
    assert.equal(
      whole,
      parts.reduce((sum, value) => sum + value, 0),
    );
    assert.ok((await subject.engine.workedTokens()) > 0);
  }));

test('the model alone shows no copies where the whole product does', () =>
  withEndpoint({ answer: () => 'fromModel()' }, async ({ address }) => {
    const engine = new EndpointInference(await describeEndpoint(new LlamaEndpoint(address)));
    const asks = async (copies: 'on' | 'off') => {
      const clock = new SimulatedClock();
      const side = new OurSide({ inference: engine, workedTokens: () => engine.workedTokens() }, clock, { copies });
      const text = "const first = measure(square.width, 'm');\nconst second = measure(square.width, \n";
      side.open({ path: 'a.ts', languageId: 'typescript', text }, []);
      return clock.run(() => side.ask(text.length - 1, forever));
    };
    assert.deepEqual([(await asks('on'))?.source, (await asks('off'))?.source, (await asks('on'))?.source], ['code', 'model', 'code']);
  }));

test('the command line is checked, and only the starter model as it is writes what is told of it', () => {
  assert.equal(resultName(readOptions([]), 'starter'), 'completion');
  assert.equal(resultName(readOptions(['--quick']), 'starter'), 'completion.development');
  assert.equal(resultName(readOptions(['--half=development']), 'starter'), 'completion.development');
  assert.equal(resultName(readOptions(['--threads=2']), 'starter'), 'completion-starter');
  assert.equal(resultName(readOptions(['--model=a/Other.gguf']), 'other'), 'completion-other');
  assert.equal(resultName(readOptions(['--endpoint=http://127.0.0.1:8080/', '--only=holes']), 'x'), 'completion-x.development');
  for (const [wrong, why] of [
    [['--endpoint=nonsense'], /no address/],
    [['--endpoint=http://127.0.0.1:1', '--model=a.gguf'], /has its own model/],
    [['--endpoint=http://127.0.0.1:1', '--endpoint-model=llama9'], /no family "llama9".*starter, codestral, qwen/],
    [['--endpoint-model=qwen'], /without an endpoint/],
    [['--context=many'], /--context=many is no whole number/],
    [['--only=holes,poles'], /no part "poles"/],
    [['--unknown'], /--unknown/],
  ] as const) {
    assert.throws(() => readOptions(wrong), why);
  }
});

test('a real llama-server is an endpoint like any other', { skip: LlamaServer.missing }, async () => {
  const server = await LlamaServer.start({ model: starterModel, threads: 1, contextSize: 1024 });
  try {
    const subject = await bringUp({ kind: 'endpoint', address: server.address, family: undefined }, { withPeers: true });
    assert.match(subject.tokenOrder, /^starter: /);
    const measured = await slice(subject, ['holes']);
    const [shown] = named(measured, /^something is shown, 4 holes/);
    assert.ok(shown && shown.value > 0 && (shown.peerValue ?? 0) > 0, JSON.stringify(shown));
    assert.ok((await subject.engine.workedTokens()) > 0);
    assert.ok(named(measured, /^something is shown by the model alone/).every(({ peer }) => peer?.endsWith('(starter order)')));
    const request: GenerateRequest = { ...holeOfStarter, priority: 'inline', maxTokens: 8, temperature: 0, stop: [], confidenceTokens: 2 };
    const result = await subject.engine.inference.generate(request, { signal: forever });
    assert.ok(result.outcome === 'ok' && result.value.text !== '', JSON.stringify(result));
    assert.ok(result.value.confidence?.length === 2 && result.value.confidence.every((one) => one > 0 && one <= 1));
    assert.ok(result.value.usage.generatedTokens > 0 && result.value.usage.generatedTokens <= 8);
  } finally {
    await server.stop();
  }
});

const holeOfStarter = {
  prompt: {
    kind: 'parts' as const,
    parts: [
      { kind: 'special' as const, token: '<|fim_suffix|>' },
      { kind: 'text' as const, text: '\n}\n' },
      { kind: 'special' as const, token: '<|fim_prefix|>' },
      { kind: 'text' as const, text: 'function add(a: number, b: number) {\n  return ', lineMarker: '<|cursor_line|>' },
    ],
  },
};
