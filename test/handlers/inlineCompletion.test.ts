import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CancellationTokenSource, ResponseError } from 'vscode-jsonrpc/node';
import type { Script } from '../scriptedInference.ts';
import { scriptedInference } from '../scriptedInference.ts';
import type { TestServer, TestServerOptions } from './inProcessServer.ts';
import { testServer } from './inProcessServer.ts';

const uri = 'file:///project/src/a.ts';
const codestral = { specialTokens: ['[SUFFIX]', '[PREFIX]'] };

async function withServer(
  script: Script,
  act: (server: TestServer, inference: ReturnType<typeof scriptedInference>) => Promise<void>,
  options: Partial<TestServerOptions> = {},
): Promise<void> {
  const inference = scriptedInference({ model: codestral, ...script });
  const server = await testServer({ inference: () => inference, ...options });
  try {
    await act(server, inference);
  } finally {
    server.end();
  }
}

test('a suggestion comes back with its range and the command that is run when it is accepted', () =>
  withServer({ answers: ['42;'] }, async (server) => {
    await server.open(uri, 'const answer = \n');
    const items = await server.inline(uri, 0, 15);
    assert.equal(items?.length, 1);
    assert.equal(items?.[0]?.insertText, '42;');
    assert.deepEqual(items?.[0]?.range, { start: { line: 0, character: 15 }, end: { line: 0, character: 15 } });
    const { command } = items?.[0] ?? assert.fail();
    assert.equal(command.command, 'tramontane.completionAccepted');
    assert.equal(await server.client.sendRequest('workspace/executeCommand', command), null);
  }));

test('the prompt holds the text around the cursor and the family tokens as tokens', () =>
  withServer({ answers: ['x'] }, async (server, inference) => {
    await server.open(uri, 'before[PREFIX]|after'.replace('|', ''));
    await server.inline(uri, 0, 14);
    const prompt = inference.requests[0]?.prompt;
    assert.deepEqual(prompt, {
      kind: 'parts',
      parts: [
        { kind: 'special', token: '[SUFFIX]' },
        { kind: 'text', text: 'after' },
        { kind: 'special', token: '[PREFIX]' },
        { kind: 'text', text: 'before[PREFIX]' },
      ],
    });
  }));

test('a document that changed meanwhile gets no suggestion: ContentModified', () =>
  withServer({ answers: ['late'], beforePiece: () => new Promise((resolve) => setTimeout(resolve, 30)) }, async (server) => {
    await server.open(uri, 'const a = \n');
    const pending = server.inline(uri, 0, 10);
    await server.change(uri, 2, 'const ab = \n');
    await assert.rejects(pending, (error) => error instanceof ResponseError && error.code === -32801);
  }));

test('the newest request wins: the one before it is cancelled down to the engine', () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let first = true;
  return withServer(
    {
      answers: ['one', 'two'],
      beforePiece: async () => {
        if (first) {
          first = false;
          await held;
        }
      },
    },
    async (server, inference) => {
      await server.open(uri, 'const a = \n');
      const older = server.inline(uri, 0, 10);
      while (inference.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
      const newer = server.inline(uri, 0, 10);
      // Released only once the newer request is under way, so that the older one could have answered.
      while (inference.requests.length < 2) await new Promise((resolve) => setImmediate(resolve));
      release();
      assert.equal(await older, null);
      assert.equal((await newer)?.[0]?.insertText, 'two');
      assert.equal(inference.cancelledCount, 1);
    },
  );
});

test('$/cancelRequest reaches the engine and is answered RequestCancelled', () => {
  let started = () => {};
  const running = new Promise<void>((resolve) => {
    started = resolve;
  });
  return withServer(
    {
      answers: ['never shown'],
      beforePiece: () => {
        started();
        return new Promise((resolve) => setTimeout(resolve, 20));
      },
    },
    async (server, inference) => {
      await server.open(uri, 'const a = \n');
      const source = new CancellationTokenSource();
      const pending = server.client.sendRequest(
        'textDocument/inlineCompletion',
        { textDocument: { uri }, position: { line: 0, character: 10 }, context: { triggerKind: 1 } },
        source.token,
      );
      await running;
      source.cancel();
      await assert.rejects(pending, (error) => error instanceof ResponseError && error.code === -32800);
      while (inference.cancelledCount === 0) await new Promise((resolve) => setImmediate(resolve));
    },
  );
});

test('an automatic request waits for the pause in typing, an explicit one does not', async () => {
  const waits: number[] = [];
  await withServer(
    { answers: ['x'] },
    async (server) => {
      await server.open(uri, 'const a = \n');
      await server.inline(uri, 0, 10, 1);
      assert.ok(!waits.includes(77));
      await server.inline(uri, 0, 10, 2);
      assert.ok(waits.includes(77));
    },
    { initializationOptions: { completion: { delayMs: 77 } }, clock: { now: () => 0, wait: async (ms) => void waits.push(ms) } },
  );
});

test('switched off or paused, no automatic request reaches the engine, but an explicit one does', () =>
  withServer(
    { answers: ['x'] },
    async (server, inference) => {
      await server.open(uri, 'const a = \n');
      assert.equal(await server.inline(uri, 0, 10, 2), null);
      assert.equal(inference.requests.length, 0);
      assert.equal((await server.inline(uri, 0, 10, 1))?.length, 1);
    },
    { initializationOptions: { completion: { enabled: false } } },
  ));

test('paused by the status item, the status says so and typing makes no request', () =>
  withServer({ answers: ['x'] }, async (server, inference) => {
    await server.open(uri, 'const a = \n');
    const status = await server.client.sendRequest('tramontane/setPaused', { paused: true });
    assert.equal((status as { state: string }).state, 'paused');
    assert.equal(await server.inline(uri, 0, 10, 2), null);
    assert.equal(inference.requests.length, 0);
  }));

test('an engine that is gone gives no suggestion and no error', () =>
  withServer(
    { failure: (operation) => (operation === 'generate' ? { outcome: 'engineUnavailable', cause: 'gone', action: 'wait' } : undefined) },
    async (server) => {
      await server.open(uri, 'const a = \n');
      assert.equal(await server.inline(uri, 0, 10), null);
    },
  ));

test('the selected entry of the popup is continued', () =>
  withServer({ answers: ['(1)'] }, async (server) => {
    await server.open(uri, 'console.l\n');
    const range = { start: { line: 0, character: 8 }, end: { line: 0, character: 9 } };
    const items = await server.client.sendRequest<{ insertText: string; range: unknown }[]>('textDocument/inlineCompletion', {
      textDocument: { uri },
      position: { line: 0, character: 9 },
      context: { triggerKind: 2, selectedCompletionInfo: { range, text: 'log' } },
    });
    assert.equal(items[0]?.insertText, 'log(1)');
    assert.deepEqual(items[0]?.range, range);
  }));

test('a prompt that does not fit is made shorter and asked again', () =>
  withServer({ answers: ['x'], countTokens: (text) => text.length, model: { ...codestral, contextSize: 1024 } }, async (server, inference) => {
    await server.open(uri, `${'const a = 1;\n'.repeat(400)}const b = `);
    assert.equal((await server.inline(uri, 400, 10))?.[0]?.insertText, 'x');
    assert.equal(inference.requests.length, 2);
  }));

test('line breaks are sent as the model knows them and come back as the file has them', () =>
  withServer({ answers: ['\n  return 1;\n}\n'] }, async (server, inference) => {
    await server.open(uri, 'const a = 1;\r\nfunction f() {\r\n');
    const items = await server.inline(uri, 1, 14);
    assert.equal(items?.[0]?.insertText, '\r\n  return 1;\r\n}');
    assert.ok(!JSON.stringify(inference.requests[0]?.prompt).includes('\\r'));
  }));

test('a model that was not trained to fill holes suggests nothing and is not asked', () =>
  withServer({ model: { specialTokens: [] } }, async (server, inference) => {
    await server.open(uri, 'const a = \n');
    assert.equal(await server.inline(uri, 0, 10), null);
    assert.equal(inference.requests.length, 0);
  }));

test('a document that is not open is answered, not failed', () =>
  withServer({}, async (server) => {
    assert.equal(await server.inline('file:///nowhere.ts', 0, 0), null);
  }));

test('in an indented block the engine is told where it ends; for one line or at the margin there is nothing to tell', () =>
  withServer({ answers: ['x'] }, async (server, inference) => {
    await server.open(uri, 'function f() {\n\t  \n}\nconst a = 1\n\n');
    await server.inline(uri, 1, 3);
    await server.inline(uri, 3, 10);
    await server.inline(uri, 4, 0);
    assert.deepEqual(
      inference.requests.map(({ lineStops, stop }) => ({ lineStops, stop })),
      [
        { lineStops: { dedentBelow: 6, tabSize: 4 }, stop: [] },
        { lineStops: undefined, stop: ['\n'] },
        { lineStops: undefined, stop: [] },
      ],
    );
  }));
