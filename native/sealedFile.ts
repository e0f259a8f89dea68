// A file with a seal behind its content: a mark, the content's length, and a SHA-256 over what the content should be called and the content.
// The library notices a state that is cut short or of another shape, but takes changed numbers for true ones, so nothing reaches it whose seal is
// not right. It knows bytes and owners of files; it must not know what is in them.
import { createHash, type Hash } from 'node:crypto';
import { constants, promises as fs } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { messageOf } from './messageOf.ts';

const mark = Buffer.from('tramonkv1\n');
const sealBytes = mark.length + 8 + 32;
const readBytes = 1024 * 1024;

/**
 * Puts the seal behind the content.
 * @param bytes of the content
 * @param names what the seal binds the content to, besides itself
 */
export async function sealFile(file: string, bytes: number, names: Buffer): Promise<void> {
  const handle = await fs.open(file, 'r+');
  try {
    const hash = await hashFile(handle, bytes, names);
    await handle.write(seal(bytes, hash.digest()), 0, sealBytes, bytes);
  } finally {
    await handle.close();
  }
}

/** @returns `right`, `gone`, or what is wrong with it */
export async function examineSealed(file: string, { names, mostBytes }: { readonly names: Buffer; readonly mostBytes: number }): Promise<string> {
  const name = path.basename(file);
  let handle: fs.FileHandle;
  try {
    handle = await fs.open(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'gone' : `${name} cannot be opened (${messageOf(error)})`;
  }
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) return `${name} is not a file`;
    if (process.platform !== 'win32' && (stat.uid !== os.userInfo().uid || (stat.mode & 0o077) !== 0)) return `${name} is not the user's alone`;
    const bytes = stat.size - sealBytes;
    if (bytes <= 0) return `${name} is cut short`;
    if (bytes > mostBytes) return `${name} is too large`;
    const found = Buffer.alloc(sealBytes);
    await handle.read(found, 0, sealBytes, bytes);
    const hash = await hashFile(handle, bytes, names);
    return found.equals(seal(bytes, hash.digest())) ? 'right' : `${name} is damaged or of another model`;
  } catch (error) {
    return `${name} cannot be read (${messageOf(error)})`;
  } finally {
    await handle.close();
  }
}

function seal(bytes: number, digest: Buffer): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes));
  return Buffer.concat([mark, length, digest]);
}

/** In pieces, since one may be hundreds of megabytes and the engine streams meanwhile. */
async function hashFile(handle: fs.FileHandle, bytes: number, names: Buffer): Promise<Hash> {
  const hash = createHash('sha256').update(names);
  const buffer = Buffer.alloc(Math.min(readBytes, bytes));
  for (let at = 0; at < bytes; ) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, bytes - at), at);
    if (bytesRead === 0) throw new Error('the file ends early');
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
  return hash;
}
