import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CancellationTokenSource, ResponseError } from 'vscode-jsonrpc/node';
import type { Script } from '../scriptedInference.ts';
import { scriptedInference } from '../scriptedInference.ts';
import { comesTrue } from '../patience.ts';
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

test('an editor that knows may say that a suggestion was turned down, and then typing brings nothing there', () =>
  withServer({ answers: ['42;', ''] }, async (server) => {
    await server.open(uri, 'const answer = \n');
    const [item] = (await server.inline(uri, 0, 15, 2)) ?? [];
    const command = { command: 'tramontane.completionRejected', arguments: item?.command.arguments };
    assert.equal(await server.client.sendRequest('workspace/executeCommand', command), null);
    assert.equal(await server.inline(uri, 0, 15, 2), null);
    assert.equal((await server.inline(uri, 0, 15, 1))?.length, 1);
    await assert.rejects(server.client.sendRequest('workspace/executeCommand', { ...command, arguments: [{}] }), /id of a suggestion/);
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

/** An engine that holds its first answer back until the test lets it go. */
/** Holds the first answer back before this piece of it. */
function held(piece = 0): { readonly beforePiece: (request: unknown, index: number) => Promise<void>; readonly release: () => void } {
  let release = () => {};
  let first: Promise<void> | undefined = new Promise<void>((resolve) => {
    release = resolve;
  });
  return {
    beforePiece: async (_request, index) => {
      if (index < piece) return;
      const waited = first;
      first = undefined;
      await waited;
    },
    release: () => release(),
  };
}

const shownOnly = <Request extends { readonly isAhead?: boolean }>(requests: readonly Request[]) => requests.filter(({ isAhead }) => !isAhead);
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('the newest request wins: the one before it, for another place, is cancelled down to the engine', () => {
  const { beforePiece, release } = held();
  return withServer({ answers: ['one', 'two'], beforePiece }, async (server, inference) => {
    await server.open(uri, 'const a = \nconst b = \n');
    const older = server.inline(uri, 0, 10);
    while (inference.requests.length === 0) await turn();
    const newer = server.inline(uri, 1, 10);
    // Released only once the newer request is under way, so that the older one could have answered.
    while (inference.requests.length < 2) await turn();
    release();
    assert.equal(await older, null);
    assert.equal((await newer)?.[0]?.insertText, 'two');
    assert.equal(inference.cancelledCount, 1);
  });
});

test('whoever types on what the model is writing joins its answer', () => {
  const { beforePiece, release } = held();
  return withServer({ answers: ['foo();'], beforePiece }, async (server, inference) => {
    await server.open(uri, 'const a = \n');
    const older = server.inline(uri, 0, 10, 2);
    while (inference.requests.length === 0) await turn();
    await server.change(uri, 2, 'const a = f\n');
    const newer = server.inline(uri, 0, 11, 2);
    await server.client.sendRequest('tramontane/setPaused', { paused: false });
    release();
    assert.equal(await older, null);
    assert.equal((await newer)?.[0]?.insertText, 'oo();');
    assert.equal(shownOnly(inference.requests).length, 1);
    assert.equal(inference.cancelledCount, 0);
  });
});

test('typed through, taken word by word, deleted back: the engine is asked once', () =>
  withServer({ answers: ['foo(bar);', ''] }, async (server, inference) => {
    await server.open(uri, 'const a = \n');
    const at = async (version: number, text: string) => {
      await server.change(uri, version, `${text}\n`);
      return (await server.inline(uri, 0, text.length, 2))?.[0]?.insertText;
    };
    assert.equal((await server.inline(uri, 0, 10, 2))?.[0]?.insertText, 'foo(bar);');
    assert.equal(await at(2, 'const a = f'), 'oo(bar);');
    assert.equal(await at(3, 'const a = foo('), 'bar);');
    assert.equal(await at(4, 'const a = fo'), 'o(bar);');
    assert.equal(shownOnly(inference.requests).length, 1);
  }));

test('what would follow is prepared at low priority and there after Tab', () =>
  withServer({ answers: ['foo();', '\nconst b = a;\nconst c'] }, async (server, inference) => {
    await server.open(uri, 'const a = \n');
    assert.equal((await server.inline(uri, 0, 10, 2))?.[0]?.insertText, 'foo();');
    while (inference.requests.length < 2) await turn();
    const [, ahead] = inference.requests;
    assert.deepEqual([ahead?.priority, ahead?.isAhead], ['background', true]);
    assert.ok(JSON.stringify(ahead?.prompt).includes('const a = foo();'));
    await server.client.sendRequest('tramontane/setPaused', { paused: false });
    for (let count = 0; count < 20; count++) await turn();
    await server.change(uri, 2, 'const a = foo();\n');
    assert.equal((await server.inline(uri, 0, 16, 2))?.[0]?.insertText, '\nconst b = a;');
    assert.equal(shownOnly(inference.requests).length, 1);
  }));

test('asked for where something is shown, there are several to choose from, all different', () =>
  withServer({ answers: ['one();', 'two();', 'one();', 'three();', 'two();'] }, async (server, inference) => {
    await server.open(uri, 'const a = \n');
    assert.equal((await server.inline(uri, 0, 10, 1))?.length, 1);
    while (inference.requests.length < 2) await turn();
    const items = await server.inline(uri, 0, 10, 1);
    assert.deepEqual(
      items?.map(({ insertText }) => insertText),
      ['one();', 'three();'],
    );
    const warm = inference.requests.filter(({ temperature }) => temperature > 0);
    assert.deepEqual([warm.length, new Set(warm.map(({ seed }) => seed)).size], [2, 2]);
  }));

test('the first lines of a block come while the rest is still being written, and the rest when it is typed into', () => {
  let release = () => {};
  const rest = new Promise<void>((resolve) => {
    release = resolve;
  });
  const text = '\n  one();\n  two();\n}\n';
  return withServer({ answers: [text, ''], pieceLength: 5, beforePiece: (_request, piece) => (piece === 3 ? rest : undefined) }, async (server, inference) => {
    await server.open(uri, 'function f() {\n');
    assert.equal((await server.inline(uri, 0, 14, 2))?.[0]?.insertText, '\n  one();');
    await server.change(uri, 2, 'function f() {\n  one();\n');
    const more = server.inline(uri, 1, 8, 2);
    await turn();
    release();
    const [item] = (await more) ?? [];
    assert.ok('\n  two();\n}'.startsWith(item?.insertText ?? '?'), item?.insertText);
    assert.equal(shownOnly(inference.requests).length, 1);
  });
});

test('a client that follows suggestions is told when the rest of a block is there, and gets it without another request to the engine', () => {
  const { beforePiece, release } = held(3);
  const text = '\n  one();\n  two();\n}\n';
  const script = { answers: [text, ''], pieceLength: 5, beforePiece };
  return withServer(
    script,
    async (server, inference) => {
      const grown: unknown[] = [];
      server.client.onNotification('tramontane/suggestionGrew', (one) => void grown.push(one));
      await server.open(uri, 'function f() {\n');
      const [first] = (await server.inline(uri, 0, 14, 2)) ?? [];
      assert.equal(first?.insertText, '\n  one();');
      assert.deepEqual(grown, []);
      release();
      await comesTrue(() => grown.length > 0);
      assert.deepEqual(grown, [{ uri, version: 1, position: { line: 0, character: 14 }, id: first?.command.arguments[0] }]);
      const [whole] = (await server.inline(uri, 0, 14, 2)) ?? [];
      assert.equal(whole?.insertText, '\n  one();\n  two();\n}');
      assert.deepEqual(whole?.command.arguments, first?.command.arguments);
      assert.equal(shownOnly(inference.requests).length, 1);
    },
    { initializationOptions: { suggestionUpdates: true } },
  );
});

test('nobody is told of the rest of what was typed over, nor a client that has not asked for it', async () => {
  for (const isFollowing of [true, false]) {
    const { beforePiece, release } = held(3);
    await withServer(
      { answers: ['\n  one();\n  two();\n}\n', ''], pieceLength: 5, beforePiece },
      async (server) => {
        const grown: unknown[] = [];
        server.client.onNotification('tramontane/suggestionGrew', (one) => void grown.push(one));
        await server.open(uri, 'function f() {\n');
        assert.equal((await server.inline(uri, 0, 14, 2))?.[0]?.insertText, '\n  one();');
        if (isFollowing) await server.change(uri, 2, 'function f() { return 1;\n');
        release();
        await turn();
        await server.client.sendRequest('tramontane/engineStatus', {});
        assert.deepEqual(grown, []);
      },
      { initializationOptions: { suggestionUpdates: isFollowing } },
    );
  }
});

test('what was said for one file is not shown in another, however alike they begin', () => {
  const said = ["{ a } from './a.js';", 'os', 'sys'];
  return withServer({ answers: (request) => (request.isAhead ? '' : (said.shift() ?? '')) }, async (server) => {
    await server.open(uri, 'import \n');
    assert.equal((await server.inline(uri, 0, 7, 2))?.[0]?.insertText, "{ a } from './a.js';");
    await server.open('file:///project/src/b.py', 'import \n', 'python');
    assert.equal((await server.inline('file:///project/src/b.py', 0, 7, 2))?.[0]?.insertText, 'os');
    await server.client.sendNotification('textDocument/didClose', { textDocument: { uri } });
    await server.open(uri, 'import \n', 'python');
    assert.equal((await server.inline(uri, 0, 7, 2))?.[0]?.insertText, 'sys');
  });
});

test('a setting that shapes suggestions is in force at once, also for what was said before', () =>
  withServer({ answers: ['\n  one();\n  two();\n}\n', ''] }, async (server) => {
    await server.open(uri, 'function f() {\n');
    assert.equal((await server.inline(uri, 0, 14, 1))?.[0]?.insertText, '\n  one();\n  two();\n}');
    await server.client.sendNotification('workspace/didChangeConfiguration', { settings: { tramontane: { completion: { multiLine: 'never' } } } });
    const again = (await server.inline(uri, 0, 14, 2))?.[0]?.insertText ?? '';
    assert.ok(!again.trim().includes('\n'), again);
  }));

test('while the model is loaded, the code around answers', async () => {
  const inference = scriptedInference({ model: codestral });
  inference.setState({ state: 'starting' });
  const server = await testServer({ inference: () => inference });
  try {
    await server.open(uri, 'const alpha = registry.get(alphaKey);\nconst beta = registry.get(betaKey);\nconst gamma = registry.ge\n');
    const items = await server.inline(uri, 2, 25, 2);
    assert.equal(items?.[0]?.insertText, 't(gammaKey);');
    assert.equal(inference.requests.length, 0);
  } finally {
    server.end();
  }
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

test('an automatic request waits for a pause in fast typing while the engine is slow, an explicit one does not', async () => {
  const waits: number[] = [];
  let nowMs = 0;
  await withServer(
    { answers: ['x'], beforePiece: () => void (nowMs += 2000) },
    async (server) => {
      await server.open(uri, 'const a = \n');
      await server.inline(uri, 0, 10, 1);
      nowMs += 10_000;
      for (let version = 2; version < 6; version++) {
        nowMs += 90;
        await server.change(uri, version, `const ${'b'.repeat(version)} = \n`);
      }
      waits.length = 0;
      await server.inline(uri, 0, 13, 1);
      assert.ok(!waits.includes(77));
      await server.change(uri, 7, 'const other = \n');
      await server.inline(uri, 0, 14, 2);
      assert.ok(waits.includes(77));
    },
    { initializationOptions: { completion: { delayMs: 77 } }, clock: { now: () => nowMs, wait: async (ms) => void waits.push(ms) } },
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
    assert.equal(shownOnly(inference.requests).length, 2);
  }));

test('line breaks are sent as the model knows them and come back as the file has them', () =>
  withServer({ answers: ['\n  return 1;\n}\n'] }, async (server, inference) => {
    await server.open(uri, 'const a = 1;\r\nfunction f() {\r\n');
    const items = await server.inline(uri, 1, 14);
    assert.equal(items?.[0]?.insertText, '\r\n  return 1;\r\n}');
    assert.ok(!JSON.stringify(inference.requests[0]?.prompt).includes('\\r'));
  }));

test('a model that was only trained to chat goes on with a begun answer, and nothing around its code is shown', () =>
  withServer({ model: { specialTokens: [] }, answers: ['compute(1);\n```\nThis adds one.'] }, async (server, inference) => {
    await server.open(uri, 'import x;\nconst a = \nshow(a);\n');
    assert.equal((await server.inline(uri, 1, 10))?.[0]?.insertText, 'compute(1);');
    const prompt = inference.requests[0]?.prompt;
    assert.ok(prompt?.kind === 'chat');
    assert.equal(prompt.prefill, '```typescript\nconst a = ');
    assert.ok(inference.requests[0]?.stop.includes('\nshow(a);'));
  }));

test('a model that can neither fill holes nor chat suggests nothing and is not asked', () =>
  withServer({ model: { specialTokens: [], hasChatTemplate: false } }, async (server, inference) => {
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
      shownOnly(inference.requests).map(({ lineStops, stop }) => ({ lineStops, stop })),
      [
        { lineStops: { dedentBelow: 6, tabSize: 4 }, stop: [] },
        { lineStops: undefined, stop: ['\n'] },
        { lineStops: undefined, stop: [] },
      ],
    );
  }));
