// When vectors are made and what they find: a real index on disk and the real store, a scripted model, and time in the test's hands.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ProjectEmbeddings } from '../../server/features/projectEmbeddings.ts';
import type { ProjectFolder, ProjectView } from '../../server/features/projectView.ts';
import { readDiskDocument } from '../../server/project/diskDocuments.ts';
import type { Project } from '../../server/project/project.ts';
import { type Files, TemporaryProject } from '../project/temporaryProject.ts';
import { type Script, scriptedInference, type ScriptedInference } from '../scriptedInference.ts';
import { comesTrue } from '../patience.ts';

const shop: Files = {
  'pay.ts': 'export function charge(card: string): void {\n  gateway(card);\n  receipt(card);\n}\n',
  'draw.ts': 'export function paint(width: number): number {\n  const pixel = width;\n  return pixel;\n}\n',
  'net.ts': 'export function fetchAll(): void {\n  socket();\n  socket();\n}\n',
  'text.ts': 'export function wrap(): void {\n  line();\n  line();\n}\n',
  '.env': 'SECRET_CARD=1\nSECRET_CARD=2\nSECRET_CARD=3\n',
};
const question = 'how is money taken from people';

/** A model to which words of one kind mean the same. */
const kinds = [/charge|card|money/, /paint|pixel/, /fetch|socket/, /wrap|line/];
function vectorOf(text: string): readonly number[] {
  const vector = [0.1, ...kinds.map((kind) => (kind.test(text) ? 1 : 0))];
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

const turnMs = 50;

interface World {
  readonly embeddings: ProjectEmbeddings;
  readonly inference: ScriptedInference;
  readonly project: Project;
  /** Virtual time goes on until this is true, and only then. */
  readonly until: (isTrue: () => boolean) => Promise<void>;
  readonly pass: (ms: number) => Promise<void>;
  readonly nowMs: () => number;
  readonly logLines: string[];
  readonly openUris: string[];
}

async function world(files: TemporaryProject, script: Script, act: (world: World) => Promise<void>): Promise<void> {
  const project = await files.index();
  let now = 0;
  const logLines: string[] = [];
  const inference = scriptedInference({ vectorOf, ...script });
  const folder = (): ProjectFolder | undefined => {
    const [first] = project.folders;
    const [status] = project.status;
    const uriOf = (relative: string) => pathToFileURL(path.join(files.root, relative)).href;
    return (
      first && {
        symbols: first.symbols,
        name: 'root',
        uriOf,
        isComplete: status?.isComplete ?? false,
        version: `${status?.files}:${status?.parsed}`,
        searchesFast: true,
      }
    );
  };
  const openUris: string[] = [];
  const place: ProjectView['place'] = (uri) => {
    const only = folder();
    return only && { folder: only, path: path.relative(files.root, fileURLToPath(uri)) };
  };
  const view: ProjectView = { folders: () => [folder() ?? []].flat(), place };
  const embeddings = new ProjectEmbeddings({
    view,
    kept: () => project.vectors,
    openUris: () => openUris,
    documents: {
      read: async (uri) => {
        const read = await readDiskDocument(uri, [pathToFileURL(files.root).href]);
        return read.outcome === 'ok' ? { ...read, version: null, relativePath: uri } : read;
      },
    },
    inference,
    clock: {
      now: () => now,
      wait: async (ms, signal) => {
        const endsAt = now + ms;
        const isOver = () => now >= endsAt || signal.aborted;
        while (!isOver()) await nextTurn();
      },
    },
    log: { error: (line) => logLines.push(line), warn: (line) => logLines.push(line), info: () => undefined, debug: () => undefined },
    onChange: () => undefined,
  });
  const until = async (isTrue: () => boolean) => {
    const step = async () => {
      now += turnMs;
      await nextTurn();
    };
    await comesTrue(isTrue, { seen: () => logLines, step });
  };
  const running = embeddings.run();
  try {
    await act({ openUris, embeddings, inference, project, until, pass: (ms) => ((end) => until(() => now >= end))(now + ms), nowMs: () => now, logLines });
  } finally {
    await embeddings.dispose();
    await running;
  }
}

const found = async ({ embeddings, project }: World) => {
  const near = (await embeddings.search(question, new AbortController().signal)).get(project.folders[0]?.symbols as never) ?? [];
  return near.map(({ path: file, name, startLine, endLine }) => [file, name, startLine, endLine]);
};

test('a question finds what is close to it in meaning, without a word in common', async () => {
  await using files = new TemporaryProject(shop);
  await world(files, {}, async (all) => {
    await all.until(() => all.embeddings.status.files === 4);
    assert.deepEqual(await found(all), [['pay.ts', 'charge', 0, 3]]);
    assert.ok(!JSON.stringify(all.inference.embedded).includes('SECRET'), 'no model is shown what may hold secrets');
  });
});

test('nothing is asked while somebody types, and what is under way then is given up and taken up again', async () => {
  await using files = new TemporaryProject(shop);
  let typing: ProjectEmbeddings | undefined;
  const failure: Script['failure'] = (operation, call) => {
    if (operation === 'embed' && call === 1) typing?.noteActivity();
    return undefined;
  };
  await world(files, { failure }, async (all) => {
    const { embeddings, inference, pass, until, nowMs } = all;
    typing = embeddings;
    for (let key = 0; key < 20; key++) {
      embeddings.noteActivity();
      await pass(1000);
    }
    assert.equal(inference.embedded.length, 0);
    await until(() => inference.embedded.length === 2);
    const givenUpMs = nowMs();
    await pass(4000);
    assert.equal(inference.embedded.length, 2, 'for some seconds nothing is asked again');
    await until(() => embeddings.status.files === 4);
    assert.ok(nowMs() >= givenUpMs + 5000);
    assert.equal(inference.embedded.length, 5, 'only what was given up is asked again');
  });
});

test('what was made before is not made again: not at the next start, nor for what has not changed', async () => {
  await using files = new TemporaryProject(shop);
  await world(files, {}, ({ until, embeddings }) => until(() => embeddings.status.files === 4));
  await world(files, {}, async (all) => {
    const { until, embeddings, inference, project } = all;
    await until(() => embeddings.status.files === 4);
    assert.deepEqual(inference.embedded, []);
    files.write({ 'new.ts': 'export function bill(): void {\n  money();\n  money();\n}\n' });
    project.noteChanged([files.at('new.ts')]);
    await until(() => embeddings.status.files === 5);
    assert.equal(inference.embedded.length, 1);
    assert.deepEqual((await found(all)).map(([file]) => String(file)).sort(), ['new.ts', 'pay.ts']);
  });
  await world(files, { model: { name: 'Another one' } }, async ({ until, embeddings, inference }) => {
    await until(() => embeddings.status.files === 5);
    assert.equal(inference.embedded.length, 5, 'vectors of another model say nothing to this one');
  });
});

test('in a text that has changed since, what is found is where it is now, and what is gone is not found', async () => {
  await using files = new TemporaryProject(shop);
  await world(files, {}, async (all) => {
    const { until, embeddings, project, inference } = all;
    await until(() => embeddings.status.files === 4);
    // Somebody goes on typing, so that no vectors are made of what is new.
    const text = `// One more line.\n\n${String(shop['pay.ts'])}`;
    project.openDocument(files.at('pay.ts'), 'typescript', text);
    embeddings.noteActivity();
    await until(() => project.folders[0]?.symbols.file('pay.ts')?.definitions[0]?.startLine === 2);
    assert.deepEqual(await found(all), [['pay.ts', 'charge', 2, 5]]);
    project.openDocument(files.at('pay.ts'), 'typescript', text.replace('charge', 'withdraw'));
    embeddings.noteActivity();
    await until(() => project.folders[0]?.symbols.file('pay.ts')?.definitions[0]?.name === 'withdraw');
    assert.deepEqual(await found(all), []);
    assert.equal(inference.embedded.length, 6, 'four files and two questions');
  });
});

test('a question that gets no vector in time goes without', async () => {
  await using files = new TemporaryProject(shop);
  let isSlow = false;
  await world(files, {}, async (all) => {
    const { until, embeddings, inference, nowMs } = all;
    const embed = inference.embed?.bind(inference);
    Object.assign(inference, {
      embed: async (texts: readonly string[], signal: AbortSignal) => {
        const mustWait = () => isSlow && !signal.aborted;
        while (mustWait()) await nextTurn();
        return embed?.(texts, signal);
      },
    });
    await until(() => embeddings.status.files === 4);
    isSlow = true;
    const askedMs = nowMs();
    let answeredMs = 0;
    const asked = found(all).finally(() => (answeredMs = nowMs()));
    await until(() => answeredMs > 0);
    assert.deepEqual(await asked, []);
    assert.ok(answeredMs - askedMs <= 1000, `${answeredMs - askedMs} ms of virtual time`);
    isSlow = false;
    assert.equal((await found(all)).length, 1);
    const gone = new AbortController();
    gone.abort();
    assert.equal((await embeddings.search(question, gone.signal)).size, 0);
  });
});

test('a model that cannot be used is said once, and tried again after a while', async () => {
  await using files = new TemporaryProject(shop);
  const failure: Script['failure'] = (operation, call) =>
    operation === 'describeModel' && call < 3 ? { outcome: 'noModel', cause: 'There is no such file.', action: 'Choose another one.' } : undefined;
  await world(files, { failure }, async (all) => {
    const { until, embeddings, logLines, nowMs } = all;
    await until(() => embeddings.status.problem !== undefined);
    assert.equal(embeddings.status.problem, 'The embedding model cannot be used: There is no such file. Choose another one.');
    assert.deepEqual(await found(all), []);
    await until(() => embeddings.status.files === 4);
    assert.equal(embeddings.status.problem, undefined);
    assert.ok(nowMs() > 180_000);
    assert.equal(logLines.length, 1);
  });
});

test('after all is deleted, vectors are made anew', async () => {
  await using files = new TemporaryProject(shop);
  await world(files, {}, async (all) => {
    const { until, embeddings, project, inference } = all;
    await until(() => embeddings.status.files === 4);
    await embeddings.forget();
    await project.deleteIndexes();
    assert.equal(embeddings.status.files, 0);
    await until(() => embeddings.status.files === 4);
    assert.equal(inference.embedded.length, 8);
  });
});

test('what lies beside an open file comes first, tests last', async () => {
  const body = 'function f(): void {\n  line();\n  line();\n}\n';
  await using files = new TemporaryProject(
    Object.fromEntries(
      ['a/one.ts', 'a/one.test.ts', 'b/deep/two.ts', 'b/three.ts'].map((name) => [
        name,
        `// ${name}\nexport ${body.replace('f()', `${path.basename(name, '.ts').replace('.', '')}()`)}`,
      ]),
    ),
  );
  await world(files, {}, async ({ until, embeddings, inference, openUris }) => {
    openUris.push(pathToFileURL(files.at('b/deep/two.ts')).href);
    await until(() => embeddings.status.files === 4);
    assert.deepEqual(
      inference.embedded.map(([text]) => /function (\w+)/.exec(text ?? '')?.[1]),
      ['two', 'three', 'one', 'onetest'],
    );
  });
});
