// The next edit from a model, through the server's real process over stdio and an engine on the real socket whose answers a test wrote down:
// what a model may propose, and what of hostile answers never comes out.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { MessageConnection } from 'vscode-jsonrpc/node';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import type { NextEditResult } from '../../server/protocol/nextEdit.ts';
import type { Status } from '../../server/protocol/status.ts';
import { startScriptedEngine } from '../editor/harness/scriptedEngine.ts';

const dist = path.resolve(import.meta.dirname, '../../dist');
const original = 'let total = 0;\nlet count = 0;\nadd(total);\nshow(count);\n';
/** No rule has anything to say to this change. */
const typed = 'print(total, count)';

let answer = '';
let asked = 0;
let client: MessageConnection;
let documents = 0;
const closing: (() => Promise<unknown> | void)[] = [];

before(async () => {
  const runtime = mkdtempSync(path.join(os.tmpdir(), 'tm-run-'));
  closing.push(() => rmSync(runtime, { recursive: true, force: true }));
  const script = {
    runtimeDirectory: runtime,
    engineModule: path.join(dist, 'engine.mjs'),
    answer: () => {
      asked++;
      return answer;
    },
  };
  const engine = await startScriptedEngine(script);
  closing.push(() => engine.end());
  const server = spawn(process.execPath, [path.join(dist, 'server.mjs'), '--stdio'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, TRAMONTANE_RUNTIME_DIR: runtime },
  });
  const ended = once(server, 'exit');
  closing.push(async () => {
    server.kill();
    await ended;
  });
  client = createMessageConnection(new StreamMessageReader(server.stdout), new StreamMessageWriter(server.stdin));
  closing.push(() => client.dispose());
  const ready = new Promise<void>((resolve) => client.onNotification('tramontane/status', ({ state }: Status) => (state === 'ready' ? resolve() : undefined)));
  client.listen();
  const initializationOptions = { nextEdit: { useModel: 'on' } };
  await client.sendRequest('initialize', { processId: null, capabilities: {}, rootUri: null, workspaceFolders: null, initializationOptions });
  await client.sendNotification('initialized', {});
  await ready;
});
after(async () => {
  for (const close of closing.toReversed()) await close();
});

interface Asked {
  readonly uri: string;
  readonly result: NextEditResult;
}

/** Opens the text under a name of its own, makes the change and asks, with the cursor away from what was typed. */
async function askAfterChange(said: string): Promise<Asked> {
  answer = said;
  const uri = `file:///project/src/a${documents++}.ts`;
  await client.sendNotification('textDocument/didOpen', { textDocument: { uri, languageId: 'typescript', version: 1, text: original } });
  const range = { start: { line: 2, character: 0 }, end: { line: 2, character: 'add(total)'.length } };
  await client.sendNotification('textDocument/didChange', { textDocument: { uri, version: 2 }, contentChanges: [{ range, text: typed }] });
  return { uri, result: await ask(uri, 2) };
}

function ask(uri: string, version: number): Promise<NextEditResult> {
  return client.sendRequest<NextEditResult>('tramontane/nextEdit', { textDocument: { uri, version }, position: { line: 0, character: 0 } });
}

const block = (search: string, replace: string) => `<<<<<<< SEARCH\n${search}\n=======\n${replace}\n>>>>>>> REPLACE\n`;
const good = block('show(count);', 'show(count, total);');

test("the model's edit is offered for the version it is for, taken, and followed by another question", async () => {
  const { uri, result } = await askAfterChange(good);
  assert.ok(result.outcome === 'ok', JSON.stringify(result));
  const { range, oldText, newText, kind, version } = result;
  assert.deepEqual([range.start, oldText, newText, kind, version], [{ line: 3, character: 10 }, '', ', total', 'model', 2]);
  const before = asked;
  answer = 'nothing';
  await client.sendNotification('textDocument/didChange', { textDocument: { uri, version: 3 }, contentChanges: [{ range, text: newText }] });
  assert.deepEqual(await ask(uri, 3), { outcome: 'nothing', why: 'nothingFollows' });
  assert.equal(asked, before + 1);
  assert.deepEqual(await ask(uri, 2), { outcome: 'nothing', why: 'otherVersion' });
});

test('fences around it are not taken for code', async () => {
  const { result } = await askAfterChange(`Sure! Here is the edit:\n\n\`\`\`typescript\n${good}\`\`\`\n`);
  assert.ok(result.outcome === 'ok', JSON.stringify(result));
  assert.deepEqual([result.oldText, result.newText], ['', ', total']);
});

const hostile: readonly [name: string, said: string][] = [
  ['another file', `../../../etc/passwd\n${good}`],
  ['a new file', `src/evil.ts\n${block('', 'steal();')}`],
  ['a place that is not there', block('launch(missiles);', 'x')],
  ['a place that is there twice', block('let', 'var')],
  ['characters that turn the text around', block('show(count);', 'show(count\u202e);')],
  ['characters that nobody sees', block('show(count);', 'show(count\u200b);')],
  ['a secret', block('show(count);', "show(count, { apiKey: 'q8Zt4mLp2xW7vB9nR3yK' });")],
  ['an edit that takes back what was just written', block(`${typed};`, 'add(total);')],
  ['two edits of which one does', `${good}${block(`${typed};`, 'add(total);')}`],
  ['a block that is never closed', '<<<<<<< SEARCH\nshow(count);\n=======\nshow('],
  ['a page of code', block('show(count);', 'more();\n'.repeat(40))],
  ['talk', 'I would now go on and delete everything.'],
  ['nothing at all', ''],
  ['markers without end', '<<<<<<< SEARCH\n'.repeat(2000)],
];
for (const [name, said] of hostile) {
  test(`nothing is offered from an answer with ${name}`, async () => {
    const before = asked;
    const { uri, result } = await askAfterChange(said);
    assert.deepEqual(result, { outcome: 'nothing', why: 'nothingFollows' });
    assert.equal(asked, before + 1, 'the model was asked');
    // Nor is it asked again for the very same text.
    assert.deepEqual(await ask(uri, 2), { outcome: 'nothing', why: 'nothingFollows' });
    assert.equal(asked, before + 1);
  });
}

test('one that is dismissed quiets the rest', async () => {
  const { uri, result } = await askAfterChange(good);
  assert.ok(result.outcome === 'ok');
  await client.sendNotification('tramontane/nextEditDismissed', { id: result.id });
  assert.deepEqual(await ask(uri, 2), { outcome: 'nothing', why: 'turnedDown' });
});
