// The project behind the language server: what the client tells about documents, files and folders reaches the index.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Project } from '../../server/project/project.ts';
import { TemporaryProject, until } from '../project/temporaryProject.ts';
import { scriptedInference } from '../scriptedInference.ts';
import { testServer, type TestServerOptions } from './inProcessServer.ts';

async function withProject(
  files: TemporaryProject,
  options: Partial<TestServerOptions>,
  act: (server: Awaited<ReturnType<typeof testServer>>, made: readonly Project[]) => Promise<void>,
): Promise<void> {
  const made: Project[] = [];
  const server = await testServer({
    inference: () => scriptedInference({}),
    folder: pathToFileURL(files.root).href,
    initializationOptions: { storageDirectory: files.storage },
    trustClientOptions: true,
    makeProject: (storage) => {
      const project = files.project({ storage });
      made.push(project);
      return project;
    },
    ...options,
  });
  try {
    await act(server, made);
  } finally {
    server.end();
  }
}

test('folders, unsaved text, closed documents and changed files reach the index', async () => {
  await using files = new TemporaryProject({ 'a b/one.ts': 'export class One {}\n' });
  await withProject(files, {}, async (server, [project]) => {
    assert.ok(project);
    const count = (name: string) => project.folders[0]?.symbols.definitionsNamed(name).length ?? 0;
    await until(project, () => count('One') === 1);
    const uri = pathToFileURL(files.at('a b/one.ts')).href;
    await server.open(uri, 'export class Unsaved {}\n');
    await until(project, () => count('Unsaved') === 1);
    await server.change(uri, 2, 'export class Typed {}\n');
    await until(project, () => count('Typed') === 1 && count('Unsaved') === 0);
    await server.client.sendNotification('textDocument/didClose', { textDocument: { uri } });
    await until(project, () => count('One') === 1 && count('Typed') === 0);
    files.write({ 'two.ts': 'export class Two {}\n' });
    await server.client.sendNotification('workspace/didChangeWatchedFiles', { changes: [{ uri: pathToFileURL(files.at('two.ts')).href, type: 1 }] });
    await until(project, () => count('Two') === 1);
    // Nothing is said any more when the connection closes.
    await server.client.sendRequest('shutdown');
  });
});

test('a client that says nothing, or may not, gets an index where the server keeps its own, and saves reach it without watchers', async () => {
  await using files = new TemporaryProject({ 'one.ts': 'export class One {}\n' });
  for (const options of [
    { initializationOptions: undefined },
    { trustClientOptions: false, initializationOptions: { storageDirectory: '/evil' } },
    { initializationOptions: { storageDirectory: 'relative/path' } },
  ]) {
    const asked: string[] = [];
    const indexDirectory = `${files.storage}-own`;
    let project: Project | undefined;
    const makeProject = (storage: string) => {
      asked.push(storage);
      return (project = files.project({ storage }));
    };
    await withProject(files, { ...options, indexDirectory, makeProject }, async (server) => {
      assert.ok(project);
      assert.deepEqual(asked, [indexDirectory]);
      const count = (name: string) => project?.folders[0]?.symbols.definitionsNamed(name).length ?? 0;
      await until(project, () => count('One') === 1);
      files.write({ 'saved.ts': 'export class Saved {}\n' });
      await server.client.sendNotification('textDocument/didSave', { textDocument: { uri: pathToFileURL(files.at('saved.ts')).href } });
      await until(project, () => count('Saved') === 1);
      await server.client.sendRequest('shutdown');
    });
    rmSync(files.at('saved.ts'));
  }
});

test('without the user’s trust a client cannot say where anything is kept, and without a place nothing is indexed', async () => {
  await using files = new TemporaryProject({ 'one.ts': 'export class One {}\n' });
  await withProject(files, { trustClientOptions: false }, async (server, made) => {
    await server.client.sendRequest('shutdown');
    assert.equal(made.length, 0);
  });
  await withProject(files, { initializationOptions: { storageDirectory: 'relative/path' } }, async (server, made) => {
    await server.client.sendRequest('shutdown');
    assert.equal(made.length, 0);
  });
});

test('how much of a core indexing may take is asked of the settings as they are then', async () => {
  await using files = new TemporaryProject({ 'one.ts': 'export class One {}\n' });
  let share: (() => number) | undefined;
  const makeProject: TestServerOptions['makeProject'] = (storage, _log, { cpuShare }) => {
    share = cpuShare;
    return files.project({ storage });
  };
  await withProject(files, { makeProject }, async (server) => {
    assert.equal(share?.(), 0.5);
    await server.client.sendNotification('workspace/didChangeConfiguration', { settings: { tramontane: { context: { cpuShare: 0.2 } } } });
    await server.client.sendRequest('shutdown');
    assert.equal(share?.(), 0.2);
  });
});
