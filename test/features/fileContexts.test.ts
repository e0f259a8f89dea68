// When the text tail of a context is searched for: the search runs on the thread that answers keystrokes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readProjectFacts } from '../bench/context/projectFacts.ts';
import { FileContexts } from '../../server/features/fileContexts.ts';
import type { ProjectFolder, ProjectView } from '../../server/features/projectView.ts';
import { ProjectUsage } from '../../server/features/projectUsage.ts';
import { ReceiverTypes } from '../../server/features/receiverTypes.ts';
import { RecentEdits } from '../../server/session/recentEdits.ts';
import { Session } from '../../server/session/session.ts';

const text = 'const drawer = open;\n\n';
const uri = 'file:///shop/main.ts';

async function contexts({ searchesFast = true, searchMs = 1 } = {}) {
  const files = new Map(Object.entries({ 'main.ts': text, 'till.ts': 'export function openDrawer(slowly: boolean): void {}\n' }));
  const { source } = await readProjectFacts({ name: 'shop', folder: '', language: 'typescript', files });
  let nowMs = 1000;
  let searches = 0;
  const symbols: ProjectFolder['symbols'] = {
    revision: 0,
    file: (path) => source.file(path),
    definitionsNamed: () => [],
    membersOf: () => [],
    baseTypesOf: () => [],
    definitionsOfImport: () => [],
    importersOf: () => [],
    coChangedWith: () => [],
    paths: () => files.keys(),
    searchText: () => {
      searches++;
      nowMs += searchMs;
      return [{ path: 'till.ts', startLine: 0, endLine: 0, score: 1 }];
    },
  };
  const folder = { symbols, name: 'shop', uriOf: (path: string) => `file:///shop/${path}`, isComplete: true, searchesFast, version: '1' };
  const view: ProjectView = { folders: () => [folder], place: (of) => ({ folder, path: of.slice('file:///shop/'.length) }) };
  const session = new Session();
  const ended = new AbortController().signal;
  const clock = { now: () => nowMs, wait: () => Promise.resolve() };
  const documents = { read: () => Promise.resolve({ outcome: 'unreadable' as const, message: '' }) };
  const receivers = new ReceiverTypes({ ask: () => undefined, view, session, documents, clock, ended });
  const usage = new ProjectUsage({ clock, ended });
  const made = new FileContexts({ view, usage, session, recentEdits: new RecentEdits(session.documents, clock.now), receivers, clock, ended });
  return {
    found: async () => {
      const computed = await made.compute({ uri, languageId: 'typescript', text, offset: 21, budgetTokens: 400 }, ended);
      return computed?.selected.found.map((piece) => piece.text);
    },
    searches: () => searches,
    pass: (ms: number) => void (nowMs += ms),
  };
}

test('where a search is fast it is made each time', async () => {
  const { found, searches } = await contexts();
  assert.deepEqual(await found(), ['function openDrawer(slowly: boolean): void']);
  await found();
  assert.equal(searches(), 2);
});

test('a slow one is not repeated before fifty times as long has passed', async () => {
  const { found, searches, pass } = await contexts({ searchMs: 40 });
  assert.equal((await found())?.length, 1);
  pass(1900);
  assert.deepEqual(await found(), []);
  assert.equal(searches(), 1);
  pass(100);
  await found();
  assert.equal(searches(), 2);
});

test('where a search would look at every file of many, none is made', async () => {
  const { found, searches } = await contexts({ searchesFast: false });
  assert.deepEqual(await found(), []);
  assert.equal(searches(), 0);
});
