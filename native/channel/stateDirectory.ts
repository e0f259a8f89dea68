// Where the KV state of chats lies on disk: a directory only the user can enter, in the user's cache. The engine writes there; whoever is asked
// to delete it may do so without an engine. It knows paths, owners, modes and names of files; it must not know what is in them.
import { randomBytes } from 'node:crypto';
import { promises as fs } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Tells which model and configuration, how many tokens, and which. */
const stateFile = /^([0-9a-f]{32})-([1-9][0-9]{0,6})-([0-9a-f]{32})\.kv$/;
/** Written under such a name and renamed when it is whole. */
const draftFile = /^saving-([0-9]{1,10})-[0-9a-f]{16}\.tmp$/;

export interface StateFile {
  readonly path: string;
  readonly model: string;
  readonly tokens: number;
  readonly head: string;
}

export type DirectoryVerdict = { readonly verdict: 'ok' | 'missing' } | { readonly verdict: 'unusable'; readonly cause: string };

/** The directory for this environment: `TRAMONTANE_STATE_DIR`, else `tramontane/kv` in the user's cache. */
export function stateDirectoryFor(env: NodeJS.ProcessEnv): string {
  if (env['TRAMONTANE_STATE_DIR']) return path.resolve(env['TRAMONTANE_STATE_DIR']);
  return path.join(cacheDirectory(env), 'tramontane', 'kv');
}

function cacheDirectory(env: NodeJS.ProcessEnv): string {
  if (process.platform === 'win32') return env['LOCALAPPDATA'] ?? path.join(os.homedir(), 'AppData', 'Local');
  if (process.platform === 'darwin') return path.join(os.homedir(), 'Library', 'Caches');
  const wanted = env['XDG_CACHE_HOME'];
  // Its specification says that a relative path is to be ignored.
  return wanted !== undefined && path.isAbsolute(wanted) ? wanted : path.join(os.homedir(), '.cache');
}

/** Neither read nor written unless nobody else could have prepared it. */
export async function inspectStateDirectory(directory: string): Promise<DirectoryVerdict> {
  try {
    const stat = await fs.lstat(directory);
    if (!stat.isDirectory()) return { verdict: 'unusable', cause: `${directory} is not a directory (a link or a file stands there)` };
    if (process.platform === 'win32') return { verdict: 'ok' };
    if (stat.uid !== os.userInfo().uid) return { verdict: 'unusable', cause: `${directory} belongs to another user` };
    if ((stat.mode & 0o077) !== 0) return { verdict: 'unusable', cause: `${directory} can be entered by other users` };
    return { verdict: 'ok' };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? { verdict: 'missing' } : { verdict: 'unusable', cause: message };
  }
}

export function stateFileName({ model, tokens, head }: Omit<StateFile, 'path'>): string {
  return `${model}-${tokens}-${head}.kv`;
}

/** Holds the process id, so that what a killed engine left is known for what it is. */
export function draftFileName(): string {
  return `saving-${process.pid}-${randomBytes(8).toString('hex')}.tmp`;
}

/** All that have the name of one, whatever they are; none when the directory is missing or not the user's own. */
export async function listStateFiles(directory: string): Promise<readonly StateFile[]> {
  return (await namesIn(directory)).flatMap((name) => {
    const [, model, tokens, head] = stateFile.exec(name) ?? [];
    return model && tokens && head ? [{ path: path.join(directory, name), model, tokens: Number(tokens), head }] : [];
  });
}

/** Drafts with the id of the process that wrote them. */
export async function listDrafts(directory: string): Promise<readonly { readonly path: string; readonly pid: number }[]> {
  return (await namesIn(directory)).flatMap((name) => {
    const pid = draftFile.exec(name)?.[1];
    return pid ? [{ path: path.join(directory, name), pid: Number(pid) }] : [];
  });
}

/** Whatever stands there; a link itself, never what it points to. */
export function removeStateFile(file: string): Promise<void> {
  return fs.rm(file, { recursive: true, force: true });
}

/**
 * Removes every state and every draft, and nothing else.
 * @returns how many files there were, and their bytes
 * @throws Error when one of them cannot be removed
 */
export async function deleteStateFiles(directory: string): Promise<{ readonly files: number; readonly bytes: number }> {
  let bytes = 0;
  const files = [...(await listStateFiles(directory)), ...(await listDrafts(directory))];
  for (const file of files) {
    bytes += await sizeOf(file.path);
    await removeStateFile(file.path);
  }
  return { files: files.length, bytes };
}

/** 0 for what is gone. */
export async function sizeOf(file: string): Promise<number> {
  try {
    return (await fs.lstat(file)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

async function namesIn(directory: string): Promise<readonly string[]> {
  if ((await inspectStateDirectory(directory)).verdict !== 'ok') return [];
  return fs.readdir(directory);
}
