// The parse worker's thread: takes requests in order, open documents before the rest, and owns the one writing connection of each folder's
// index. It may be ended at any moment; whatever it has answered is stored. It must not know what is worth indexing.
import { lstatSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { closeQuietly, hasVersions, isDamage, isHealthy, loadSqlite, openForWriting, ordinaryTables, searchTable, setAside, takeUp } from './indexSchema.ts';
import { IndexWriter } from './indexWriter.ts';
import { indexFiles, type IndexingFolder } from './indexing.ts';
import { Parsing } from './parsing.ts';
import { ParsingMark } from './parsingMark.ts';
import { storedVersions } from './storedVersions.ts';
import type { FolderPlace, FromWorker, StoreState, ToWorker, WorkerOptions, WorkerReplies, WorkerRequest } from './workerMessages.ts';

interface OpenFolder extends IndexingFolder {
  readonly place: FolderPlace;
  readonly database: DatabaseSync | undefined;
  /** Tables that wait to be checked in idle moments, one at a time. */
  readonly unchecked: Unchecked[];
}

interface Unchecked {
  readonly table: string;
  /** With its indexes, which takes twice as long. */
  readonly isWhole: boolean;
}

/** A larger database is checked in idle moments: a check reads all of it. The search table of such a one is believed until a search fails. */
const maxCheckedOnOpenBytes = 64 * 1024 * 1024;

const port = parentPort;
if (!port) throw new Error('The parse worker is started as a worker thread.');
const send = (message: FromWorker) => port.postMessage(message);
const { grammars, mark: markMemory } = workerData as WorkerOptions;
const parsing = new Parsing(grammars);
const mark = new ParsingMark(markMemory);
const folders = new Map<string, OpenFolder>();
const urgent: ToWorker[] = [];
const waiting: ToWorker[] = [];
let wake: (() => void) | undefined;

port.on('message', (message: ToWorker) => {
  (message.request.kind === 'parseOpen' || message.request.kind === 'forgetOpen' ? urgent : waiting).push(message);
  wake?.();
});

const breathe = async () => {
  // Messages are delivered between two turns of the loop only.
  await new Promise(setImmediate);
  for (let message = urgent.shift(); message; message = urgent.shift()) await answer(message);
};

function handle(id: number, request: WorkerRequest): Promise<WorkerReplies[keyof WorkerReplies]> | WorkerReplies[keyof WorkerReplies] {
  switch (request.kind) {
    case 'openFolder':
      return openFolder(request.place, request.isDamaged === true);
    case 'closeFolder':
      closeQuietly(folders.get(request.folder)?.database);
      folders.delete(request.folder);
      return undefined;
    case 'index': {
      const { folder, paths, sliceMs } = request;
      const onParsing = (at: number | undefined) => (at === undefined ? mark.clear() : mark.set(id, at));
      return indexFiles(folderOf(folder), paths, sliceMs, { parsing, onParsing, breathe, isAwaited: () => waiting.length > 0, now: Date.now });
    }
    case 'hurry':
      return undefined;
    case 'remove': {
      const { writer } = folderOf(request.folder);
      writer?.transaction(() => request.paths.forEach((path) => writer.remove(path)));
      return undefined;
    }
    case 'giveUpOn': {
      const { writer } = folderOf(request.folder);
      giveUpOn(folderOf(request.folder), writer, request.path);
      return undefined;
    }
    case 'parseOpen': {
      const { folder, path, text, languageId } = request;
      mark.set(id);
      return parsing.parseOpen(`${folder}\0${path}`, text, languageId).finally(() => mark.clear());
    }
    case 'forgetOpen':
      parsing.forget(`${request.folder}\0${request.path}`);
      return undefined;
    case 'setMeta': {
      const { writer } = folderOf(request.folder);
      writer?.transaction(() => writer.setMeta(request.name, request.value));
      return undefined;
    }
    case 'tidy':
      return tidy(folderOf(request.folder));
  }
}

function openFolder(place: FolderPlace, isDamaged: boolean): StoreState {
  closeQuietly(folders.get(place.folder)?.database);
  if (isDamaged && place.database !== undefined) setAside(place.database, 'damaged', Date.now());
  const { state, database, unchecked } = openDatabase(place);
  folders.set(place.folder, {
    place,
    root: place.root,
    realRoot: realPathOr(place.root),
    database,
    writer: database && new IndexWriter(database, Date.now),
    isOurs: () => database !== undefined && hasVersions(database, storedVersions),
    unchecked,
  });
  return state;
}

interface Opened {
  readonly state: StoreState;
  readonly database?: DatabaseSync;
  readonly unchecked: Unchecked[];
}

function openDatabase({ database: file, maxDatabaseBytes }: FolderPlace): Opened {
  const inMemory = (why: string | undefined): Opened => ({ state: { store: 'memory', why }, unchecked: [] });
  if (file === undefined) return inMemory(undefined);
  const sqlite = loadSqlite();
  if (!sqlite) return inMemory(`Node ${process.version} has no SQLite`);
  for (let attempt = 0; attempt < 2; attempt++) {
    const opened = openForWriting(sqlite, file, { maxBytes: maxDatabaseBytes });
    if (opened.outcome === 'unusable') return inMemory(opened.message);
    if (opened.outcome === 'ok') {
      const { database } = opened;
      const looked = lookOver(opened, file);
      if (looked.outcome === 'ok') return { state: { store: 'sqlite' }, database, unchecked: looked.unchecked };
      closeQuietly(database);
      if (looked.outcome === 'unusable') return inMemory(looked.message);
    }
    if (!setAside(file, opened.outcome === 'newer' ? 'newer' : 'damaged', Date.now())) break;
  }
  return inMemory(`${file} is damaged and cannot be moved`);
}

type LookedOver =
  | { readonly outcome: 'ok'; readonly unchecked: Unchecked[] }
  | { readonly outcome: 'damaged' }
  | { readonly outcome: 'unusable'; readonly message: string };

/** Checks what can be checked at once, and has the rows count for what this program would have stored. */
function lookOver({ database, isNew }: { readonly database: DatabaseSync; readonly isNew: boolean }, file: string): LookedOver {
  try {
    const tables = isNew ? [] : ordinaryTables(database);
    const isLarge = statSync(file).size > maxCheckedOnOpenBytes;
    if (!isLarge && !tables.every((table) => isHealthy(database, table, { isWhole: false }))) return { outcome: 'damaged' };
    takeUp(database, storedVersions);
    const unchecked = tables.map((table) => ({ table, isWhole: !isLarge }));
    return { outcome: 'ok', unchecked: isNew || isLarge ? unchecked : [...unchecked, { table: searchTable, isWhole: false }] };
  } catch (error) {
    return isDamage(error) ? { outcome: 'damaged' } : { outcome: 'unusable', message: error instanceof Error ? error.message : String(error) };
  }
}

function giveUpOn(folder: OpenFolder, writer: IndexWriter | undefined, relative: string): void {
  // Whatever the file is now, it is left alone until its size or time is another.
  writer?.transaction(() => writer.putFile(relative, { ...statOf(folder, relative), contentId: undefined, reason: 'tooSlow' }));
}

function statOf(folder: OpenFolder, relative: string): { sizeBytes: number; mtimeMs: number } {
  try {
    const stat = lstatSync(path.join(folder.root, relative));
    return { sizeBytes: stat.size, mtimeMs: stat.mtimeMs };
  } catch {
    return { sizeBytes: 0, mtimeMs: 0 };
  }
}

/** Work for idle moments, a little at a time: each table is checked once, and what nobody needs any more goes. Returns whether there may be more. */
function tidy({ database, writer, unchecked, place }: OpenFolder): boolean {
  if (!database || !writer) return false;
  const next = unchecked.shift();
  if (next) {
    if (isHealthy(database, next.table, next)) return true;
    send({ damaged: place.folder });
    return false;
  }
  let isMore = false;
  writer.transaction(() => {
    isMore = writer.dropSpareContents(50) > 0 || writer.mergeWords();
  });
  return isMore;
}

function folderOf(name: string): OpenFolder {
  const folder = folders.get(name);
  if (!folder) throw new Error(`The folder ${name} is not open.`);
  return folder;
}

function realPathOr(root: string): string {
  try {
    return realpathSync(root);
  } catch {
    return root;
  }
}

async function answer({ id, request }: ToWorker): Promise<void> {
  try {
    send({ id, value: await handle(id, request) });
  } catch (error) {
    send({ id, failed: error instanceof Error ? (error.stack ?? error.message) : String(error), isDamage: isDamage(error) });
  }
}

for (;;) {
  const message = urgent.shift() ?? waiting.shift();
  if (message) await answer(message);
  else
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  // What came at the same time is all there then, and an open document is parsed before a database is opened.
  if (!message) await new Promise(setImmediate);
}
