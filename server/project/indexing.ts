// Brings one workspace folder's files up to date in its index: looks at a file, compares, parses where nothing fits. It runs in the parse
// worker. It must not know what is worth doing first.
import { closeSync, fstatSync, lstatSync, openSync, readSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { decodeText } from './decodeText.ts';
import { isDamage, isNoRoom } from './indexSchema.ts';
import type { IndexWriter, StoredFile } from './indexWriter.ts';
import { languageIdOf } from './languageIds.ts';
import { type ContentFacts, contentKey, hashOf, type Parsing } from './parsing.ts';
import { maxFileBytes, skipByName, skipByText, type SkipReason } from './skipRules.ts';
import type { IndexedFile, IndexedSlice } from './workerMessages.ts';

/** A file that changed so lately may change again within the same tick of its file system's clock. */
const racyMs = 2000;
/** The larger a transaction, the more a killed process has to do again; the smaller, the more segments the search table has until they are merged. */
const maxPendingBytes = 1024 * 1024;
/** How long other messages wait, besides the time of one file. */
const breathMs = 5;

export interface IndexingFolder {
  readonly root: string;
  readonly realRoot: string;
  readonly writer: IndexWriter | undefined;
  /** Whether the database is kept for the versions of this program. A window with another one may have taken it up since. */
  readonly isOurs: () => boolean;
}

export interface IndexingOptions {
  readonly parsing: Parsing;
  /** Told for each file that is read, by its place among the paths, and undefined when none is in hand any more: between two files nothing is said. */
  readonly onParsing: (at: number | undefined) => void;
  /** Lets other messages in between two files. */
  readonly breathe: () => Promise<void>;
  /** Whether something else waits for this slice to end. */
  readonly isAwaited: () => boolean;
  readonly now: () => number;
}

interface Found {
  readonly file: IndexedFile;
  /** What is to be written, in the order of discovery. */
  readonly write?: { readonly stored: StoredFile; readonly content?: { readonly key: string; readonly facts: ContentFacts; readonly text: string } };
}

/** At most for about `sliceMs`; less when something else waits. */
export async function indexFiles(folder: IndexingFolder, paths: readonly string[], sliceMs: number, options: IndexingOptions): Promise<IndexedSlice> {
  const { onParsing, breathe, isAwaited } = options;
  const files: IndexedFile[] = [];
  let pending: Found[] = [];
  /** Copies of one file tend to come together: none is parsed twice before the first is stored. */
  const parsed = new Map<string, ContentFacts>();
  let pendingBytes = 0;
  let busyMs = 0;
  let noRoom: string | undefined;
  const flush = () => {
    // Writing may wait for another process, and no file is to blame for that.
    onParsing(undefined);
    const failure = write(folder, pending);
    noRoom ??= failure;
    for (const { file, write: wanted } of pending) files.push(failure !== undefined && wanted?.content ? { ...file, facts: wanted.content.facts } : file);
    pending = [];
    parsed.clear();
    pendingBytes = 0;
  };
  let done = 0;
  try {
    let began = performance.now();
    for (; done < paths.length && (done === 0 || (busyMs < sliceMs && !isAwaited())); done++) {
      const found = await lookAt(folder, paths[done] as string, parsed, { ...options, onParsing: () => onParsing(done) });
      pending.push(found);
      pendingBytes += found.write?.content?.text.length ?? 0;
      if (pendingBytes > maxPendingBytes) flush();
      const sinceMs = performance.now() - began;
      if (sinceMs < breathMs) continue;
      busyMs += sinceMs;
      await breathe();
      began = performance.now();
    }
    flush();
    busyMs += performance.now() - began;
  } finally {
    onParsing(undefined);
  }
  return { files, left: paths.slice(done), busyMs, ...(noRoom === undefined ? {} : { noRoom }) };
}

/** Returns why nothing could be stored; throws what is no lack of room. */
function write({ writer, isOurs }: IndexingFolder, pending: readonly Found[]): string | undefined {
  if (!writer || !pending.some((item) => item.write || item.file.outcome === 'gone')) return undefined;
  try {
    writer.transaction(() => {
      // Of another version's rows none counts as unchanged, and what is written here is one of them then.
      const times = isOurs() ? {} : { mtimeMs: 0 };
      for (const { file, write: wanted } of pending) {
        if (file.outcome === 'gone') writer.remove(file.path);
        if (!wanted) continue;
        const contentId = wanted.content ? writer.putContent(wanted.content.key, wanted.content.facts, wanted.content.text) : wanted.stored.contentId;
        writer.putFile(file.path, { ...wanted.stored, contentId, ...times });
      }
    });
    return undefined;
  } catch (error) {
    if (isDamage(error) || !isNoRoom(error)) throw error;
    return error instanceof Error ? error.message : String(error);
  }
}

async function lookAt(
  folder: IndexingFolder,
  relative: string,
  parsed: Map<string, ContentFacts>,
  { parsing, onParsing, now }: Pick<IndexingOptions, 'parsing' | 'now'> & { readonly onParsing: () => void },
): Promise<Found> {
  const file = path.join(folder.root, relative);
  const size = sizeOf(file, folder.realRoot);
  if (size === 'gone') return { file: { path: relative, outcome: 'gone' } };
  // A link with a harmless name may lead to a secret.
  const byName = skipByName(relative) ?? (typeof size === 'object' && size.target !== undefined ? skipByName(size.target) : undefined);
  const stored = folder.writer?.file(relative);
  const skip = (reason: SkipReason, sizeBytes = 0, mtimeMs = 0): Found => ({
    file: { path: relative, outcome: stored?.reason === reason ? 'fresh' : 'skipped', reason },
    ...(stored?.reason === reason && stored.sizeBytes === sizeBytes && stored.mtimeMs === mtimeMs
      ? {}
      : { write: { stored: { sizeBytes, mtimeMs, contentId: undefined, reason } } }),
  });
  if (size === 'unreadable') return skip('unreadable');
  if (byName) return skip(byName);
  const { sizeBytes, mtimeMs } = size;
  if (stored && mtimeMs !== 0 && stored.sizeBytes === sizeBytes && stored.mtimeMs === mtimeMs)
    return { file: { path: relative, outcome: 'fresh', ...(stored.reason ? { reason: stored.reason } : {}) } };
  if (sizeBytes > maxFileBytes) return skip('tooLarge', sizeBytes, mtimeMs);
  onParsing();
  if (!isInside(path.dirname(file), folder.realRoot)) return { file: { path: relative, outcome: 'gone' } };
  const bytes = readBounded(file);
  if (bytes === undefined) return skip('unreadable');
  if (bytes === 'tooLarge') return skip('tooLarge');
  const kept = { sizeBytes: bytes.length, mtimeMs: bytes.length === sizeBytes && now() - mtimeMs > racyMs ? mtimeMs : 0, reason: undefined };
  const text = decodeText(bytes);
  if (text === undefined) return skip('binary', sizeBytes, mtimeMs);
  // Also of a content that is known: its facts may be from a time when other files were left out.
  const byText = skipByText(text);
  if (byText) return skip(byText, sizeBytes, mtimeMs);
  const languageId = languageIdOf(relative);
  const hash = hashOf(bytes);
  const key = contentKey(hash, languageId);
  const known = folder.writer?.contentId(key);
  if (known !== undefined)
    return { file: { path: relative, outcome: stored?.contentId === known ? 'fresh' : 'known' }, write: { stored: { ...kept, contentId: known } } };
  const twin = parsed.get(key);
  const facts = twin ?? (await parsing.parse(text, languageId, hash));
  parsed.set(key, facts);
  const outcome = twin ? 'known' : 'parsed';
  if (!folder.writer) return { file: { path: relative, outcome, facts } };
  return { file: { path: relative, outcome }, write: { stored: { ...kept, contentId: undefined }, content: { key, facts, text } } };
}

interface Size {
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  /** Where a link leads, relative to the root. */
  readonly target?: string;
}

/** A link counts as what it leads to, as long as that is inside the root. */
function sizeOf(file: string, realRoot: string): Size | 'gone' | 'unreadable' {
  try {
    const stat = lstatSync(file, { throwIfNoEntry: false });
    if (!stat?.isSymbolicLink()) return stat?.isFile() ? { sizeBytes: stat.size, mtimeMs: stat.mtimeMs } : 'gone';
    const real = realpathSync(file);
    const found = lstatSync(real);
    // A folder or a pipe where a file was: there is no file any more.
    if (!real.startsWith(realRoot + path.sep) || !found.isFile()) return 'gone';
    return { sizeBytes: found.size, mtimeMs: found.mtimeMs, target: real.slice(realRoot.length + 1).replaceAll(path.sep, '/') };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' ? 'gone' : 'unreadable';
  }
}

/** Git goes on naming the files of a folder that was replaced by a link to somewhere else. */
function isInside(directory: string, realRoot: string): boolean {
  try {
    const real = realpathSync.native(directory);
    return real === realRoot || real.startsWith(realRoot + path.sep);
  } catch {
    // Whoever removed or locked it meanwhile has the last word.
    return false;
  }
}

/** Reads to the end or to one byte beyond the bound, however long the file grows meanwhile. */
function readBounded(file: string): Buffer | 'tooLarge' | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) return undefined;
    let buffer = Buffer.allocUnsafe(Math.min(stat.size, maxFileBytes) + 1);
    let length = 0;
    for (;;) {
      const count = readSync(descriptor, buffer, length, buffer.length - length, null);
      length += count;
      if (count === 0) return buffer.subarray(0, length);
      if (length > maxFileBytes) return 'tooLarge';
      if (length === buffer.length) buffer = Buffer.concat([buffer], maxFileBytes + 1);
    }
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
