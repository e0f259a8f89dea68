// The whole way with a real index, a real engine and a real model: the starter model, whose vectors know spelling more than meaning.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { ProjectEmbeddings, searchLimitMs } from '../../server/features/projectEmbeddings.ts';
import { readDiskDocument } from '../../server/project/diskDocuments.ts';
import { TemporaryProject } from '../project/temporaryProject.ts';
import type { TestEngine } from './localEngine.ts';
import { starterModel, testEngine } from './localEngine.ts';
import { forever, holeRequest } from './prompts.ts';

let engine: TestEngine;
before(() => {
  engine = testEngine();
});
after(() => engine.end());

const add = 'export function addNumbers(a: number, b: number): number {\n  const sum = a + b;\n  return sum;\n}\n';
const files = {
  'add.ts': add,
  ...Object.fromEntries(
    Array.from({ length: 12 }, (_, at) => [
      `other${at}.ts`,
      `export class Window${at} {\n  title = 'w${at}';\n  close(): void {\n    this.title = '';\n  }\n}\n`,
    ]),
  ),
};

test('passages get vectors from the engine beside the model that completes, and a passage asked for word by word comes first', async () => {
  await using project = new TemporaryProject(files);
  const index = await project.index();
  const [folder] = index.folders;
  assert.ok(folder);
  assert.equal((await engine.inference.describeModel(forever)).outcome, 'ok');
  const inference = engine.connect(starterModel, { spec: { isForVectors: true, contextSize: 256 } });
  const uriOf = (relative: string) => pathToFileURL(path.join(project.root, relative)).href;
  const embeddings = new ProjectEmbeddings({
    view: {
      folders: () => [{ symbols: folder.symbols, name: 'root', uriOf, isComplete: true, version: '1', searchesFast: true }],
      place: () => undefined,
    },
    kept: () => index.vectors,
    openUris: () => [],
    documents: {
      read: async (uri) => {
        const read = await readDiskDocument(uri, [pathToFileURL(project.root).href]);
        return read.outcome === 'ok' ? { ...read, version: null, relativePath: uri } : read;
      },
    },
    inference,
    // A tenth of the time that nobody types is enough here, but a question waits for its vector as long as this machine needs.
    clock: {
      now: () => performance.now() * 10,
      wait: (ms, signal) => delay(ms === searchLimitMs ? 30_000 : ms / 10, undefined, { signal }).catch(() => undefined),
    },
    log: { error: assert.fail, warn: assert.fail, info: () => undefined, debug: () => undefined },
    onChange: () => undefined,
  });
  const running = embeddings.run();
  try {
    while (embeddings.status.files < 13) await delay(20);
    const near = (await embeddings.search(add, forever)).get(folder.symbols) ?? [];
    assert.equal(near[0]?.path, 'add.ts');
    assert.equal(near[0].name, 'addNumbers');
    assert.deepEqual([near[0].startLine, near[0].endLine], [0, 3]);
    assert.ok(near.every(({ score }) => score <= (near[0]?.score ?? 0)));
    assert.equal((await engine.inference.generate(holeRequest('x = ', { maxTokens: 1 }), { signal: forever })).outcome, 'ok');
    const status = await engine.inference.engineStatus(forever);
    assert.equal(status.outcome === 'ok' && status.value.models.length, 2, 'a small context of its own, beside the model that completes');
  } finally {
    await embeddings.dispose();
    await running;
  }
});
