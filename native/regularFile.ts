// Opens what may be any path that a person or a download named, without ever waiting for it: a pipe that nobody writes to would hold up its
// reader for ever. It knows kinds of files; it must not know what is in them.
import type { Stats } from 'node:fs';
import { constants, promises as fs } from 'node:fs';

export type OpenedFile =
  | { readonly outcome: 'ok'; readonly handle: fs.FileHandle; readonly sizeBytes: number }
  /** `kind` ends a sentence that begins with "it is". */
  | { readonly outcome: 'notRegular'; readonly kind: string };

/**
 * Links are followed. It is looked at before it is opened, since opening a device can do something, and again afterwards, since it may have changed.
 * @throws what the file system says
 */
export async function openRegularFile(path: string): Promise<OpenedFile> {
  const named = await fs.stat(path);
  if (!named.isFile()) return { outcome: 'notRegular', kind: kindOf(named) };
  const handle = await fs.open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const opened = await handle.stat();
    if (opened.isFile()) return { outcome: 'ok', handle, sizeBytes: opened.size };
    await handle.close();
    return { outcome: 'notRegular', kind: kindOf(opened) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a pipe';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}
