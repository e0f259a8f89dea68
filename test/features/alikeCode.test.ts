// Where code to copy from is looked for: a real index on disk, and time in the test's hands.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { AlikeCode } from '../../server/features/alikeCode.ts';
import type { ProjectFolder } from '../../server/features/projectView.ts';
import { readDiskDocument } from '../../server/project/diskDocuments.ts';
import { Session } from '../../server/session/session.ts';
import { comesTrue } from '../patience.ts';
import { type Files, symbolsOf, TemporaryProject } from '../project/temporaryProject.ts';

const shop: Files = {
  'main.ts': "import { Cart } from './cart.js';\n\nexport function checkOut(cart: Cart): void {\n  \n}\n",
  'receipt.ts':
    "import { Cart } from './cart.js';\n\nexport function printReceipt(cart: Cart): void {\n  for (const line of cart.receiptLines()) print(line);\n}\n\nexport function checkOut(cart: Cart): void {}\n",
  'other.py': 'def checkOut(cart):\n    return Cart(cart)\n',
  '.env': 'checkOut_CART=1\nCart=2\n',
};

interface Place {
  readonly alike: AlikeCode;
  readonly session: Session;
  readonly files: TemporaryProject;
  readonly at: (name: string, marked: string, languageId?: string) => readonly string[];
  readonly rest: () => Promise<void>;
}

async function within(act: (place: Place) => Promise<void>): Promise<void> {
  await using files = new TemporaryProject(shop);
  const project = await files.index();
  const session = new Session();
  const ended = new AbortController();
  const waiting = new Set<() => void>();
  const folder: ProjectFolder = {
    symbols: symbolsOf(project),
    name: 'root',
    uriOf: (relative) => pathToFileURL(path.join(files.root, relative)).href,
    isComplete: true,
    version: '1',
    searchesFast: true,
  };
  let reading = 0;
  const alike = new AlikeCode({
    session,
    clock: { now: () => 0, wait: (_ms, signal) => new Promise<void>((resolve) => (waiting.add(resolve), signal.addEventListener('abort', () => resolve()))) },
    ended: ended.signal,
    project: {
      view: {
        folders: () => [folder],
        place: (uri) => (uri.startsWith(folder.uriOf('')) ? { folder, path: path.relative(folder.uriOf(''), uri) } : undefined),
      },
      documents: {
        read: async (uri) => {
          reading++;
          const read = await readDiskDocument(uri, [folder.uriOf('').replace(/\/$/, '')]).finally(() => reading--);
          return read.outcome === 'ok' ? { ...read, version: null, relativePath: uri } : read;
        },
      },
    },
  });
  const at: Place['at'] = (name, marked, languageId = 'typescript') => {
    const uri = folder.uriOf(name);
    const text = marked.replace('|', '');
    if (!session.documents.snapshot(uri)) session.documents.open({ uri, languageId, version: 1, text });
    return alike.at({ uri, languageId, text, offset: marked.indexOf('|') });
  };
  const rest = async () => {
    for (const goOn of waiting) goOn();
    waiting.clear();
    await nextTurn();
    // Reading goes on until the last file that was begun is there.
    await comesTrue(() => reading === 0);
    await nextTurn();
  };
  try {
    await act({ alike, session, files, at, rest });
  } finally {
    ended.abort();
  }
}

const marked = "import { Cart } from './cart.js';\n\nexport function checkOut(cart: Cart): void {\n  for (const line of |\n}\n";

test('a file that is not open is found once the cursor rests, and stays found near by', () =>
  within(async ({ at, rest }) => {
    assert.deepEqual(at('main.ts', marked), []);
    await rest();
    const texts = at('main.ts', marked);
    assert.ok(
      texts.some((text) => text.includes('cart.receiptLines()')),
      JSON.stringify(texts),
    );
    assert.ok(!texts.some((text) => text.includes('checkOut_CART') || text.includes('def checkOut')), 'neither secrets nor another language');
  }));

test('typing on before the cursor rests looks for nothing', () =>
  within(async ({ at, session, rest }) => {
    at('main.ts', marked);
    session.documents.close([...session.documents.uris][0] ?? '');
    await rest();
    assert.deepEqual(at('main.ts', marked), []);
  }));

test('open documents of the language come after it, and none that the index leaves out', () =>
  within(async ({ at, session, files, rest }) => {
    const open = (name: string, text: string, languageId = 'typescript') =>
      session.documents.open({ uri: pathToFileURL(files.at(name)).href, languageId, version: 1, text });
    open('receipt.ts', 'open and changed\n');
    open('unknown-to-the-index.ts', 'left out\n');
    open('other.py', 'python\n', 'python');
    session.documents.open({ uri: 'untitled:Untitled-1', languageId: 'typescript', version: 1, text: 'a draft\n' });
    at('main.ts', marked);
    await rest();
    const texts = at('main.ts', marked);
    assert.ok(texts.length >= 3);
    assert.deepEqual(texts.slice(-2), ['open and changed\n', 'a draft\n']);
    assert.ok(!texts.includes('left out\n') && !texts.includes('python\n'));
  }));
