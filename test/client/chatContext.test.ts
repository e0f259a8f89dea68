// What goes along with a question: the chips and the attachments always agree, and what the user took away stays away.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ChatContext, type EditorFacts, shownSentence } from '../../client/chatContext.ts';

const editor = (more: Partial<EditorFacts> = {}): EditorFacts => ({
  uri: 'file:///w/src/inventory.ts',
  name: 'inventory.ts',
  path: 'src/inventory.ts',
  cursorLine: 41,
  ...more,
});
const lines = (from: number, to: number, endCharacter = 5): NonNullable<EditorFacts['selection']> => ({
  start: { line: from, character: 0 },
  end: { line: to, character: endCharacter },
});
const labels = (context: ChatContext): { attached: string[]; available: string[] } => {
  const { attached, available } = context.view();
  return { attached: attached.map(({ label }) => label), available: available.map(({ label }) => label) };
};
const withEditor = (facts: EditorFacts): ChatContext => {
  const context = new ChatContext();
  context.setEditor(facts);
  return context;
};

describe('attached by itself', () => {
  test('is the file, with the line of the cursor', () => {
    const context = withEditor(editor());
    assert.deepEqual(labels(context), { attached: ['inventory.ts'], available: [] });
    assert.deepEqual(context.attachments(), [{ uri: 'file:///w/src/inventory.ts', focusLine: 41 }]);
  });

  test('is the selection too, with the lines that it really holds', () => {
    assert.deepEqual(labels(withEditor(editor({ selection: lines(9, 23) }))).attached, ['inventory.ts', 'inventory.ts:10-24']);
    assert.deepEqual(labels(withEditor(editor({ selection: lines(9, 24, 0) }))).attached, ['inventory.ts', 'inventory.ts:10-24']);
    assert.deepEqual(labels(withEditor(editor({ selection: lines(9, 9) }))).attached, ['inventory.ts', 'inventory.ts:10']);
  });

  test('is no file of secrets, until the user adds it', () => {
    for (const name of ['.env', '.env.production', 'server.key', 'id_ed25519', 'credentials.json']) {
      const context = withEditor(editor({ uri: `file:///w/${name}`, name, path: name }));
      assert.deepEqual(labels(context), { attached: [], available: [name] });
      context.add('file');
      assert.deepEqual(labels(context).attached, [name]);
      context.reset();
      assert.deepEqual(labels(context).attached, []);
    }
    assert.deepEqual(labels(withEditor(editor({ name: 'environment.ts' }))).attached, ['environment.ts']);
  });

  test('is nothing without an editor', () => assert.deepEqual(labels(new ChatContext()), { attached: [], available: [] }));
});

describe('what the user took away', () => {
  test('is not sent, and can be brought back', () => {
    const context = withEditor(editor());
    context.remove('file');
    assert.deepEqual(labels(context), { attached: [], available: ['inventory.ts'] });
    assert.deepEqual(context.attachments(), []);
    context.add('file');
    assert.deepEqual(labels(context), { attached: ['inventory.ts'], available: [] });
  });

  test('stays away while the cursor moves and comes back with another file or a new chat', () => {
    const context = withEditor(editor());
    context.remove('file');
    context.setEditor(editor({ cursorLine: 7 }));
    assert.deepEqual(context.attachments(), []);
    context.setEditor(editor({ uri: 'file:///w/b.ts', name: 'b.ts' }));
    assert.equal(context.attachments().length, 1);
    context.remove('file');
    context.reset();
    assert.equal(context.attachments().length, 1);
  });
});

describe('a selection that was added by hand', () => {
  test('stays when the editor changes, once only, and is no longer doubled by the automatic one', () => {
    const context = withEditor(editor({ selection: lines(9, 23) }));
    context.pinSelection(editor({ selection: lines(9, 23) }));
    context.pinSelection(editor({ selection: lines(9, 23) }));
    assert.deepEqual(labels(context).attached, ['inventory.ts', 'inventory.ts:10-24']);
    context.setEditor(editor({ uri: 'file:///w/b.ts', name: 'b.ts' }));
    assert.deepEqual(labels(context).attached, ['b.ts', 'inventory.ts:10-24']);
  });

  test('goes for good when it is removed, alone or with everything', () => {
    const context = withEditor(editor());
    context.pinSelection(editor({ selection: lines(1, 2) }));
    context.remove(context.view().attached.at(-1)?.id ?? '');
    assert.deepEqual(labels(context), { attached: ['inventory.ts'], available: [] });
    context.pinSelection(editor({ selection: lines(1, 2) }));
    context.removeAll();
    assert.deepEqual(labels(context), { attached: [], available: ['inventory.ts'] });
  });
});

test('what was really shown is said in lines as an editor counts them', () => {
  const file = { uri: 'u', focusLine: 0 };
  const range = { uri: 'u', range: lines(9, 23) };
  assert.equal(shownSentence('a.ts', { startLine: 0, endLine: 57, totalLines: 210 }, file), 'a.ts, lines 1-57 of 210: what fits the model');
  assert.equal(shownSentence('a.ts', { startLine: 0, endLine: 57, totalLines: 57 }, file), 'a.ts, all 57 lines');
  assert.equal(shownSentence('a.ts', { startLine: 9, endLine: 24, totalLines: 210 }, range), 'a.ts, lines 10-24');
  assert.equal(shownSentence('a.ts', { startLine: 9, endLine: 10, totalLines: 210 }, range), 'a.ts, line 10');
});
