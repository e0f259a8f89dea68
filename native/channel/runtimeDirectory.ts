// Where the engine of this user is found: a directory only the user can enter, a secret in it, a socket named after the build.
// It knows paths, owners and modes. It must not know what is said over the socket.
import { createHash, randomBytes } from 'node:crypto';
import { constants, promises as fs } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Longest socket path in bytes: macOS has 104 with the closing zero, Linux 108. */
const maxSocketPathBytes = 103;
const secretBytes = 32;

/** The message is the cause, a whole sentence; `action` what the user can do about it. */
export class RuntimeDirectoryError extends Error {
  readonly action: string;

  constructor(cause: string, action: string) {
    super(cause);
    this.action = action;
  }
}

/** The directory for this environment: `TRAMONTANE_RUNTIME_DIR`, else under `XDG_RUNTIME_DIR`, else a short one in the temporary folder. */
export function runtimeDirectoryFor(env: NodeJS.ProcessEnv, platform: NodeJS.Platform = process.platform): string {
  if (env['TRAMONTANE_RUNTIME_DIR']) return path.resolve(env['TRAMONTANE_RUNTIME_DIR']);
  if (platform === 'win32') return path.win32.join(env['LOCALAPPDATA'] ?? os.tmpdir(), 'tramontane');
  if (env['XDG_RUNTIME_DIR']) return path.join(env['XDG_RUNTIME_DIR'], 'tramontane');
  return path.join(os.tmpdir(), `tramontane-${os.userInfo().uid}`);
}

/**
 * Creates the directory if it is missing and refuses one that somebody else could have prepared.
 * @throws RuntimeDirectoryError when it is a link, belongs to another user or can be entered by others.
 */
export async function ensureRuntimeDirectory(directory: string): Promise<void> {
  try {
    await fs.mkdir(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    // Whatever stands there is looked at below.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unusable(directory, error);
  }
  const stat = await fs.lstat(directory).catch((error: unknown) => {
    throw unusable(directory, error);
  });
  if (!stat.isDirectory()) throw new RuntimeDirectoryError(`${directory} is not a directory: a link or a file stands there.`, `Remove ${directory}.`);
  if (process.platform === 'win32') return;
  if (stat.uid !== os.userInfo().uid)
    throw new RuntimeDirectoryError(`${directory} belongs to another user.`, 'Set TRAMONTANE_RUNTIME_DIR to a directory of your own.');
  if ((stat.mode & 0o077) !== 0) throw new RuntimeDirectoryError(`${directory} can be entered by other users.`, `Run: chmod 700 ${directory}`);
}

function unusable(file: string, error: unknown): RuntimeDirectoryError {
  const detail = (error as NodeJS.ErrnoException).code ?? String(error);
  return new RuntimeDirectoryError(`${file} cannot be used (${detail}).`, 'Set TRAMONTANE_RUNTIME_DIR to a directory of your own.');
}

/**
 * The path to listen on or connect to; a named pipe on Windows.
 * @throws RuntimeDirectoryError when the path is too long for the system.
 */
export function socketPathFor(directory: string, build: string, platform: NodeJS.Platform = process.platform): string {
  if (platform === 'win32') return `${pipeFolder}${pipePrefix(directory)}${build}`;
  const socketPath = path.join(directory, `${socketPrefix}${build}${socketSuffix}`);
  if (Buffer.byteLength(socketPath) > maxSocketPathBytes) {
    throw new RuntimeDirectoryError(`${socketPath} is too long for a socket.`, 'Set TRAMONTANE_RUNTIME_DIR to a shorter directory.');
  }
  return socketPath;
}

const socketPrefix = 'engine-';
const socketSuffix = '.sock';
/** Pipes have no folders of their own, so a pipe's name says which runtime directory it belongs to. */
const pipeFolder = '\\\\.\\pipe\\';

function pipePrefix(directory: string): string {
  return `tramontane-${createHash('sha256').update(directory).digest('hex').slice(0, 16)}-`;
}

/** Where engines of other builds listen, or listened before they were killed. */
export async function otherSockets(directory: string, build: string, platform: NodeJS.Platform = process.platform): Promise<readonly string[]> {
  const names = await fs.readdir(platform === 'win32' ? pipeFolder : directory);
  return otherSocketsAmong(names, { directory, build, platform });
}

export function otherSocketsAmong(
  names: readonly string[],
  { directory, build, platform }: { readonly directory: string; readonly build: string; readonly platform: NodeJS.Platform },
): readonly string[] {
  const [prefix, suffix] = platform === 'win32' ? [pipePrefix(directory), ''] : [socketPrefix, socketSuffix];
  return names
    .filter((name) => name.startsWith(prefix) && name.endsWith(suffix))
    .map((name) => name.slice(prefix.length, name.length - suffix.length))
    .filter((other) => other !== build)
    .map((other) => socketPathFor(directory, other, platform));
}

/**
 * The secret that both sides prove, made by whoever comes first.
 * @returns Buffer[32]
 * @throws RuntimeDirectoryError when the file is readable by others or damaged.
 */
export async function readOrCreateSecret(directory: string): Promise<Buffer> {
  const file = path.join(directory, 'secret');
  // Written whole to a name of its own and linked into place: link fails when the name exists, so of two starters one wins
  // and nobody ever reads half a secret.
  const candidate = path.join(directory, `secret.${process.pid}.${randomBytes(6).toString('hex')}`);
  await fs.writeFile(candidate, randomBytes(secretBytes), { flag: 'wx', mode: 0o600 });
  try {
    await fs.link(candidate, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await fs.rm(candidate, { force: true });
  }
  const handle = await fs.open(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)).catch((error: unknown) => {
    throw (error as NodeJS.ErrnoException).code === 'ELOOP' ? new RuntimeDirectoryError(`${file} is a link.`, `Delete ${file}.`) : unusable(file, error);
  });
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new RuntimeDirectoryError(`${file} is not a file.`, `Delete ${file}.`);
    if (process.platform !== 'win32' && (stat.uid !== os.userInfo().uid || (stat.mode & 0o077) !== 0)) {
      throw new RuntimeDirectoryError(`${file} can be read by other users.`, `Delete ${file}.`);
    }
    const secret = await handle.readFile();
    if (secret.length !== secretBytes) throw new RuntimeDirectoryError(`${file} is damaged.`, `Delete ${file}.`);
    return secret;
  } finally {
    await handle.close();
  }
}

/** Names what a build's engine can do: a different engine file gives a different socket, so that builds never mix. */
export async function buildIdOf(engineModule: string, protocolVersion: number): Promise<string> {
  const digest = createHash('sha256')
    .update(await fs.readFile(engineModule))
    .digest('hex');
  return `${protocolVersion}-${digest.slice(0, 12)}`;
}

/** When the build's engine file was written, whole ms: of two builds with the same protocol, the later one is the newer. */
export async function writtenAtMsOf(engineModule: string): Promise<number> {
  return Math.floor((await fs.stat(engineModule)).mtimeMs);
}
