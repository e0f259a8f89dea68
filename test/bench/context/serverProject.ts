// The real server on a repository: how soon it has something useful to say, how much memory its process takes, how long a question's context takes. It knows
// LSP and /proc; it must not know how an index works.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { createMessageConnection, type MessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import type { EngineStatus } from '../../../native/protocol/messages.ts';
import type { ContextResult } from '../../../server/protocol/context.ts';
import { methods } from '../../../server/protocol/methods.ts';
import type { Status } from '../../../server/protocol/status.ts';
import { type Figure, figureOf } from '../harness.ts';
import { endProcess, makeRuntimeDirectory, root } from '../localEngine.ts';
import { randomFrom, shuffled } from '../random.ts';
import { copyPackages, generatedPath, generateRepository } from './corpora.ts';
import { quantileFigure } from './figures.ts';

interface Server {
  readonly connection: MessageConnection;
  readonly pid: number;
  /** ms of performance.now(): of the process's start, and of the request that names the folder. */
  readonly startedAt: number;
  readonly openedAt: number;
  /** Resolves when every file of the project has been looked at. */
  readonly complete: Promise<void>;
}

export async function measurePackagesServer({ seed, questions }: { readonly seed: number; readonly questions: number }): Promise<Figure[]> {
  return withRepository(copyPackages, (folder, base) =>
    withServer(folder, base, async (server) => {
      await server.complete;
      const memory = memoryFigures(server.pid, '20 MB of code', 250);
      return [...memory, ...(await questionFigures(server, folder, { seed, questions }))];
    }),
  );
}

export async function measureLargeServer({ seed, files }: { readonly seed: number; readonly files: number }): Promise<Figure[]> {
  return withRepository(
    (folder) => generateRepository(folder, { files, seed }),
    (folder, base) =>
      withServer(folder, base, async (server) => {
        const useful = await firstUseful(server, path.join(folder, generatedPath(files - 7)));
        await server.complete;
        return [
          figureOf({
            figure: `first useful context of ${files} files, from the opening of the folder`,
            unit: 's',
            ours: [(useful - server.openedAt) / 1000],
            bar: { of: 'value', atMost: 1 },
          }),
          figureOf({ figure: `first useful context of ${files} files, from the start of the process`, unit: 's', ours: [(useful - server.startedAt) / 1000] }),
          ...memoryFigures(server.pid, `${files} files`, 500),
        ];
      }),
  );
}

async function withRepository(make: (folder: string) => void, use: (folder: string, base: string) => Promise<Figure[]>): Promise<Figure[]> {
  const base = mkdtempSync(path.join(os.tmpdir(), 'tm-bench-'));
  try {
    make(path.join(base, 'root'));
    return await use(path.join(base, 'root'), base);
  } finally {
    rmSync(base, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function withServer(folder: string, base: string, use: (server: Server) => Promise<Figure[]>): Promise<Figure[]> {
  const runtimeDirectory = makeRuntimeDirectory();
  const startedAt = performance.now();
  const child = spawn(process.execPath, [path.join(root, 'dist/server.mjs'), '--stdio', '--trust-client-options'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, TRAMONTANE_RUNTIME_DIR: runtimeDirectory },
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const connection = createMessageConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin));
  const complete = new Promise<void>((resolve, reject) => {
    connection.onNotification(methods.status, ({ index }: Status) => {
      if (index && index.isComplete && index.files > 0) resolve();
    });
    connection.onClose(() => reject(new Error('The server ended.')));
  });
  complete.catch(() => {});
  connection.listen();
  try {
    const openedAt = performance.now();
    await connection.sendRequest('initialize', {
      processId: process.pid,
      rootUri: null,
      capabilities: {},
      workspaceFolders: [{ uri: pathToFileURL(folder).href, name: 'root' }],
      initializationOptions: { storageDirectory: path.join(base, 'storage'), engine: { gpu: 'off', threads: 1, keepAliveSeconds: 5 } },
    });
    await connection.sendNotification('initialized', {});
    const figures = await use({ connection, pid: child.pid ?? 0, startedAt, openedAt, complete });
    const status = await connection.sendRequest<{ outcome: 'ok'; value: EngineStatus } | { outcome: 'engineUnavailable' }>(methods.engineStatus, null);
    await connection.sendRequest('shutdown');
    await connection.sendNotification('exit');
    await ended;
    if (status.outcome === 'ok') endProcess(status.value.pid);
    return figures;
  } finally {
    connection.dispose();
    if (child.exitCode === null) child.kill('SIGKILL');
    await ended;
    rmSync(runtimeDirectory, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** When the context of a completion in that file shows a definition of a file that it imports, ms of performance.now(). */
async function firstUseful({ connection }: Server, file: string): Promise<number> {
  const text = readFileSync(file, 'utf8');
  const imported = new Set([...text.matchAll(/^import .*\/(part\d+)\.ts'/gm)].map((match) => `${match[1]}.ts`));
  const uri = pathToFileURL(file).href;
  await connection.sendNotification('textDocument/didOpen', { textDocument: { uri, languageId: 'typescript', version: 1, text } });
  const position = { line: text.split('\n').length - 3, character: 0 };
  for (;;) {
    const found = await connection.sendRequest<ContextResult>(methods.context, { purpose: 'completion', textDocument: { uri }, position });
    if (found.outcome === 'ok' && found.items.some((item) => imported.has(path.basename(item.path)))) return performance.now();
    await delay(10);
  }
}

/** Resident memory of server and worker, which are one process: the most that there ever was, and what there is when all is indexed. */
function memoryFigures(pid: number, what: string, atMost: number): Figure[] {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mebibytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024;
  return [
    figureOf({ figure: `memory of server and worker at most, full index of ${what}`, unit: 'MiB', ours: [mebibytes('VmHWM')], bar: { of: 'value', atMost } }),
    figureOf({ figure: `memory of server and worker afterwards, ${what}`, unit: 'MiB', ours: [mebibytes('VmRSS')] }),
  ];
}

/** Questions about functions by their names, and in words of their names. */
async function questionFigures(
  { connection }: Server,
  folder: string,
  { seed, questions }: { readonly seed: number; readonly questions: number },
): Promise<Figure[]> {
  const names = [
    'rich-14.2.0/rich/text.py',
    'django-5.2.8/django/db/models/query.py',
    'celery-5.7.0/celery/app/base.py',
    'ethers-6.17.0/src/hash/typed-data.ts',
  ]
    .flatMap((file) => [...readFileSync(path.join(folder, file), 'utf8').matchAll(/(?:def|class|function) ([A-Za-z]\w{4,})/g)])
    .map((match) => match[1] as string);
  const drawn = shuffled([...new Set(names)].sort(), randomFrom(seed)).slice(0, questions);
  const samples: number[] = [];
  for (const [index, name] of drawn.entries()) {
    const spelled = name.replace(/([a-z])([A-Z])|_/g, '$1 $2').toLowerCase();
    const query = index % 2 === 0 ? `What does ${name} do, and who calls it?` : `Where is it decided how to ${spelled}?`;
    const began = performance.now();
    const found = await connection.sendRequest<ContextResult>(methods.context, { purpose: 'chat', query, budgetTokens: 4096 });
    if (found.outcome !== 'ok') throw new Error(`A question got no context: ${JSON.stringify(found)}`);
    samples.push(performance.now() - began);
  }
  return [
    quantileFigure("retrieval for a chat question, by the client's clock, p50", samples, { quantile: 0.5 }),
    quantileFigure("retrieval for a chat question, by the client's clock, p95", samples, { quantile: 0.95, atMostMs: 150 }),
  ];
}
