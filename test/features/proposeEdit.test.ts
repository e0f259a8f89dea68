// The use case of an edit with a scripted model: what is asked, what is proposed, and that nothing is proposed by halves.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import * as v from 'valibot';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { type ProposeEditDependencies, proposeEdit } from '../../server/features/proposeEdit.ts';
import type { DocumentText } from '../../server/features/readDocument.ts';
import { type EditParams, type EditResult, editResultSchema } from '../../server/protocol/edit.ts';
import { promptText, type Script, type ScriptedInference, scriptedInference } from '../scriptedInference.ts';

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');
const silent = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
const starter = { specialTokens: ['<|cursor_line|>'], contextSize: 1024 };
const block = (path: string, search: string, replace: string): string => `${path}\n<<<<<<< SEARCH\n${search}\n=======\n${replace}\n>>>>>>> REPLACE`;

type Files = Readonly<Record<string, string | DocumentText>>;

interface Run {
  readonly result: EditResult;
  readonly inference: ScriptedInference;
  /** The text of each changed file afterwards, by path. */
  readonly after: Readonly<Record<string, string>>;
}

interface Setup {
  readonly files: Files;
  readonly script: Script;
  readonly params?: Partial<EditParams>;
  readonly maxTokens?: number;
  readonly signal?: AbortSignal;
}

const uriOf = (path: string): string => `file:///w/${path}`;

/** The first file is the target, the others are edited along. */
async function run({ files, script, params, maxTokens = 2048, signal = new AbortController().signal }: Setup): Promise<Run> {
  const inference = scriptedInference(script);
  const paths = Object.keys(files);
  const texts = new Map(paths.map((path) => [uriOf(path), files[path]]));
  const deps: ProposeEditDependencies = {
    inference,
    documents: {
      read: async (uri) => {
        const file = texts.get(uri);
        if (file === undefined) return { outcome: 'unreadable', message: `${uri} is not there.` };
        if (typeof file !== 'string') return file;
        return { outcome: 'ok', text: file, version: 7, languageId: 'typescript', relativePath: decodeURIComponent(uri).slice('file:///w/'.length) };
      },
    },
    hash: sha256,
    settings: { maxTokens },
    log: silent,
  };
  const full: EditParams = { instruction: 'Do it.', target: { uri: uriOf(paths[0] ?? '') }, alsoEdit: paths.slice(1).map(uriOf), ...params };
  const result = await proposeEdit(full, deps, signal);
  assert.ok(v.safeParse(editResultSchema, result).success, `the result fits the door: ${JSON.stringify(result)}`);
  const after: Record<string, string> = {};
  if (result.outcome === 'ok') {
    for (const { uri, edits } of result.documents) {
      const file = texts.get(uri);
      const text = typeof file === 'string' ? file : file?.outcome === 'ok' ? file.text : '';
      after[uri.slice('file:///w/'.length)] = TextDocument.applyEdits(TextDocument.create(uri, '', 0, text), edits);
    }
  }
  return { result, inference, after };
}

test('blocks for two files become one edit of each, with version and hash', async () => {
  const { result, after, inference } = await run({
    files: { 'src/a.ts': 'one\ntwo\n', 'src/b.ts': 'three\r\nfour\r\n' },
    script: { answers: [`Sure.\n${block('src/a.ts', 'two', '2')}\n${block('src/b.ts', 'three', '3')}`] },
  });
  assert.deepEqual(after, { 'src/a.ts': 'one\n2\n', 'src/b.ts': '3\r\nfour\r\n' });
  assert.ok(result.outcome === 'ok');
  assert.deepEqual(
    result.documents.map(({ version, contentHash }) => ({ version, contentHash })),
    [
      { version: 7, contentHash: sha256('one\ntwo\n') },
      { version: 7, contentHash: sha256('three\r\nfour\r\n') },
    ],
  );
  assert.equal(inference.requests.length, 1);
  const [request] = inference.requests;
  assert.ok(request);
  assert.equal(request.temperature, 0);
  assert.ok(promptText(request).includes('three\nfour'), 'the model reads plain line breaks');
});

test('one block without a place refuses all, and the answer is kept', async () => {
  const answer = `${block('a.ts', 'one', '1')}\n${block('a.ts', 'const timeout = 30', 'x')}`;
  const { result } = await run({ files: { 'a.ts': 'one\nconst timeout = 50\n' }, script: { answers: [answer] } });
  assert.ok(result.outcome === 'refused');
  assert.deepEqual([result.refusals.length, result.refusals[0]?.reason, result.answer], [1, 'noMatch', answer]);
  assert.match(result.refusals[0]?.message ?? '', /2 \| const timeout = 50/);
});

test('a file that was not shown cannot be edited, whatever it is called', async () => {
  for (const path of ['../secret.ts', '/etc/passwd', 'src/b.ts', 'C:\\x\\a.ts']) {
    const { result } = await run({ files: { 'src/a.ts': 'one\n' }, script: { answers: [block(path, 'one', '1')] } });
    assert.ok(result.outcome === 'refused', path);
    assert.equal(result.refusals[0]?.reason, 'unknownFile');
  }
});

test('of a selection only whole lines are shown, and only they change', async () => {
  const { inference, after } = await run({
    files: { 'a.ts': 'x\nkeep\nx\nend\n' },
    script: { answers: [block('a.ts', 'x', 'y')] },
    params: { target: { uri: uriOf('a.ts'), range: { start: { line: 1, character: 2 }, end: { line: 3, character: 0 } } } },
  });
  assert.ok(promptText(inference.requests[0]!).includes('a.ts\n```ts\nkeep\nx\n```'));
  assert.deepEqual(after, { 'a.ts': 'x\nkeep\ny\nend\n' });
});

test('a selection beyond the end of the text is moved into it', async () => {
  const { after } = await run({
    files: { 'a.ts': 'one\ntwo\n' },
    script: { answers: [block('a.ts', 'two', '2')] },
    params: { target: { uri: uriOf('a.ts'), range: { start: { line: 90, character: 0 }, end: { line: 99, character: 0 } } } },
  });
  assert.deepEqual(after, { 'a.ts': 'one\n2\n' });
});

test('the starter model is asked in its own form, one file at a time, and the answers are merged', async () => {
  const { after, inference } = await run({
    files: { 'src/a.ts': 'one\n', 'src/b.ts': 'two\n' },
    script: { model: starter, answers: [` ${block('src/a.ts', 'one', '1')}`, ` ${block('src/b.ts', 'two', '2')}`] },
  });
  assert.deepEqual(
    inference.requests.map((request) => promptText(request)),
    ['Do it.\n\nsrc/a.ts\n```ts\none\n```', 'Do it.\n\nsrc/b.ts\n```ts\ntwo\n```'],
  );
  assert.deepEqual(after, { 'src/a.ts': '1\n', 'src/b.ts': '2\n' });
});

test('files that do not fit together are asked one by one', async () => {
  const lines = Array.from({ length: 200 }, (_, index) => `const value${index} = ${index};`).join('\n');
  const { after, inference } = await run({
    files: { 'a.ts': lines, 'b.ts': `${lines}\nmore` },
    script: {
      model: { contextSize: 3000 },
      answers: (request) => (promptText(request).includes('b.ts\n') ? block('b.ts', 'more', 'less') : block('a.ts', 'const value7 = 7;', '')),
    },
  });
  assert.equal(inference.requests.length, 2);
  assert.equal(after['b.ts'], `${lines}\nless`);
  assert.equal(Object.keys(after).length, 2);
});

test('a file in which nothing is to change does not refuse the others', async () => {
  const { after } = await run({
    files: { 'a.ts': 'one\n', 'b.ts': 'two\n' },
    script: { model: starter, answers: [block('a.ts', 'one', '1'), block('b.ts', 'two', 'two')] },
  });
  assert.deepEqual(after, { 'a.ts': '1\n' });
});

test('what does not fit is refused with figures, and what is said to fit does fit', async () => {
  const lines = Array.from({ length: 400 }, (_, index) => `line ${String(index).padStart(4, '0')} of it`);
  const text = lines.join('\n');
  const script: Script = { model: starter, answers: [block('a.ts', lines[0] ?? '', 'new')] };
  const { result, inference } = await run({ files: { 'a.ts': text }, script });
  assert.ok(result.outcome === 'contextOverflow');
  assert.ok(result.promptTokens > result.availableTokens);
  assert.match(result.cause, new RegExp(`a\\.ts .*${result.promptTokens} tokens.*Scripted.*1024`));
  const fitting = Number(/about (\d+) lines/.exec(result.action)?.[1]);
  assert.ok(fitting > 20 && fitting < 400, result.action);
  assert.equal(inference.requests.length, 0, 'the model was not asked');
  const range = { start: { line: 0, character: 0 }, end: { line: fitting, character: 0 } };
  const again = await run({ files: { 'a.ts': text }, script, params: { target: { uri: uriOf('a.ts'), range } } });
  assert.equal(again.result.outcome, 'ok');
});

test('an instruction that alone is too long is told to be shortened', async () => {
  const { result } = await run({ files: { 'a.ts': 'one\n' }, script: { model: starter }, params: { instruction: 'again '.repeat(2000) } });
  assert.ok(result.outcome === 'contextOverflow');
  assert.match(result.action, /Shorten the instruction/);
});

test('an answer that was cut off is refused, even where its blocks are whole', async () => {
  for (const text of [block('a.ts', 'one', '1'), `${block('a.ts', 'one', '1')}\na.ts\n<<<<<<< SEARCH\ntw`]) {
    const { result } = await run({ files: { 'a.ts': 'one\ntwo\n' }, script: { answers: [{ text, finish: 'length' }] } });
    assert.ok(result.outcome === 'refused');
    assert.deepEqual([result.refusals.length, result.refusals[0]?.reason], [1, 'unreadable']);
    assert.match(result.refusals[0]?.message ?? '', /cut off after \d+ tokens/);
  }
});

test('the limit of the settings cuts the answer', async () => {
  const { inference, result } = await run({ files: { 'a.ts': 'one\n' }, maxTokens: 5, script: { answers: [block('a.ts', 'one', '1')] } });
  assert.equal(inference.requests[0]?.maxTokens, 5);
  assert.equal(result.outcome, 'refused');
});

test('prose alone is no edit, and an empty answer is said to be one', async () => {
  const prose = await run({ files: { 'a.ts': 'one\n' }, script: { answers: ['I would not change this.'] } });
  assert.ok(prose.result.outcome === 'noEdits');
  assert.equal(prose.result.answer, 'I would not change this.');
  const empty = await run({ files: { 'a.ts': 'one\n' }, script: { answers: [''] } });
  assert.ok(empty.result.outcome === 'noEdits');
  assert.notEqual(empty.result.cause, prose.result.cause);
});

test('the whole text in one fence becomes the lines that differ, for one file only', async () => {
  const text = Array.from({ length: 12 }, (_, index) => `line ${index}`);
  const answer = `\`\`\`ts\n${text.with(5, 'new').join('\n')}\n\`\`\``;
  const one = await run({ files: { 'a.ts': `${text.join('\r\n')}\r\n` }, script: { answers: [answer] } });
  assert.ok(one.result.outcome === 'ok');
  assert.deepEqual(one.result.documents[0]?.edits, [{ range: { start: { line: 5, character: 0 }, end: { line: 5, character: 6 } }, newText: 'new' }]);
  const two = await run({ files: { 'a.ts': text.join('\n'), 'b.ts': 'x\n' }, script: { answers: [answer] } });
  assert.equal(two.result.outcome, 'noEdits');
});

test('reasoning is no part of the edit', async () => {
  const { after } = await run({
    files: { 'a.ts': 'one\ntwo\n' },
    script: { answers: [`<think>\n${block('a.ts', 'two', 'draft')}\n</think>\n${block('a.ts', 'one', '1')}`] },
  });
  assert.deepEqual(after, { 'a.ts': '1\ntwo\n' });
});

test('a file from disk has no version, and its positions are those without the byte order mark', async () => {
  const onDisk: DocumentText = { outcome: 'ok', text: '\ufeffone\r\ntwo', version: null, languageId: 'typescript', relativePath: 'a.ts' };
  const { result } = await run({ files: { 'a.ts': onDisk }, script: { answers: [block('a.ts', 'one', '1')] } });
  assert.ok(result.outcome === 'ok');
  assert.deepEqual(result.documents, [
    {
      uri: uriOf('a.ts'),
      version: null,
      contentHash: sha256('one\r\ntwo'),
      edits: [{ range: { start: { line: 0, character: 0 }, end: { line: 0, character: 3 } }, newText: '1' }],
    },
  ]);
});

test('the versions are those from before the model was asked', async () => {
  let version = 1;
  const inference = scriptedInference({
    answers: () => {
      version = 2;
      return block('a.ts', 'one', '1');
    },
  });
  const read = async (): Promise<DocumentText> => ({
    outcome: 'ok',
    text: version === 1 ? 'one\n' : 'other\n',
    version,
    languageId: 'typescript',
    relativePath: 'a.ts',
  });
  const params = { instruction: 'x', target: { uri: uriOf('a.ts') }, alsoEdit: [] };
  const result = await proposeEdit(
    params,
    { inference, documents: { read }, hash: sha256, settings: { maxTokens: 100 }, log: silent },
    new AbortController().signal,
  );
  assert.equal(result.outcome === 'ok' && result.documents[0]?.version, 1);
});

test('a file that cannot be read refuses the edit before the model is asked', async () => {
  const { result, inference } = await run({ files: { 'a.ts': 'one\n', 'b.bin': { outcome: 'unreadable', message: 'b.bin is not a text file.' } }, script: {} });
  assert.ok(result.outcome === 'refused');
  assert.deepEqual(result.refusals, [{ path: 'b.bin', reason: 'unreadable', message: 'b.bin is not a text file.' }]);
  assert.equal(inference.requests.length, 0);
});

test('two folders with the same path are told apart', async () => {
  const at = (text: string): DocumentText => ({ outcome: 'ok', text, version: 1, languageId: 'typescript', relativePath: 'a.ts' });
  const { after } = await run({ files: { 'x/a.ts': at('one\n'), 'y/a.ts': at('one\n') }, script: { answers: [block('a.ts', 'one', '1')] } });
  assert.deepEqual(after, { 'x/a.ts': '1\n' });
});

test('failures of the engine are passed on as they are, wherever they come', async () => {
  const gone = { outcome: 'engineUnavailable', cause: 'The engine ended.', action: 'Start it again.' } as const;
  for (const operation of ['describeModel', 'countTokens', 'generate']) {
    const { result } = await run({ files: { 'a.ts': 'one\n' }, script: { failure: (called) => (called === operation ? gone : undefined) } });
    assert.deepEqual(result, gone);
  }
});

test('a model without a chat template cannot edit', async () => {
  const { result } = await run({ files: { 'a.ts': 'one\n' }, script: { model: { hasChatTemplate: false } } });
  assert.equal(result.outcome, 'unsupported');
});

test('cancelling in the middle of an answer stops the model and proposes nothing', async () => {
  const controller = new AbortController();
  const { result, inference } = await run({
    files: { 'a.ts': 'one\n', 'b.ts': 'two\n' },
    script: { model: starter, answers: [block('a.ts', 'one', '1')], beforePiece: (_, piece) => (piece === 2 ? controller.abort() : undefined) },
    signal: controller.signal,
  });
  assert.deepEqual(result, { outcome: 'cancelled' });
  assert.deepEqual([inference.cancelledCount, inference.requests.length], [1, 1]);
});
