// Compares a file with the SHA-256 that stands beside it. Damaged weights load silently and answer with rubbish, so a published
// checksum is the only way to notice. It knows the two usual places of a checksum; it must not know models.
import { createHash } from 'node:crypto';
import type { promises as fs } from 'node:fs';
import path from 'node:path';
import { openRegularFile } from './regularFile.ts';
import { withinLimit } from './withinLimit.ts';

/** Beyond this size a checksum would hold up the first answer for many seconds; downloads verify such files once, when they arrive. */
const maxVerifiedBytes = 1024 * 1024 * 1024;
/** Of a list that is longer no more is looked at. */
const mostListBytes = 64 * 1024;
const chunkBytes = 1024 * 1024;

export type ChecksumVerdict =
  | { readonly verdict: 'matches'; readonly sha256: string }
  | { readonly verdict: 'notListed' | 'tooLarge' }
  | { readonly verdict: 'differs'; readonly listedIn: string };

/**
 * Looks for `FILE.sha256` and for `SHA256SUMS` in the same folder.
 * @param limitMs for each read: a whole file may take long, as long as it comes
 * @throws LateError, or what the file system says about the file itself
 */
export async function verifyChecksum(file: string, { sizeBytes, limitMs }: { readonly sizeBytes: number; readonly limitMs: number }): Promise<ChecksumVerdict> {
  const listed = await withinLimit(listedChecksum(file), { limitMs, who: 'the list of checksums beside it' });
  if (!listed) return { verdict: 'notListed' };
  if (sizeBytes > maxVerifiedBytes) return { verdict: 'tooLarge' };
  const digest = await digestOf(file, { sizeBytes, limitMs });
  return digest === listed.sha256 ? { verdict: 'matches', sha256: listed.sha256 } : { verdict: 'differs', listedIn: listed.file };
}

/** In hex; undefined for what is no file any more. One that grows all the while is not read for ever. */
async function digestOf(file: string, { sizeBytes, limitMs }: { readonly sizeBytes: number; readonly limitMs: number }): Promise<string | undefined> {
  const hash = createHash('sha256');
  const opened = await withinLimit(openRegularFile(file), { limitMs, who: 'it' });
  if (opened.outcome !== 'ok') return undefined;
  const { handle } = opened;
  try {
    const buffer = Buffer.alloc(chunkBytes);
    for (let hashed = 0; hashed <= sizeBytes; ) {
      const { bytesRead } = await withinLimit(handle.read(buffer, 0, buffer.length, hashed), { limitMs, who: 'it' });
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
      hashed += bytesRead;
    }
    return hash.digest('hex');
  } finally {
    // Not waited for: behind a read that never answers, this would not either.
    handle.close().catch(() => undefined);
  }
}

async function listedChecksum(file: string): Promise<{ readonly sha256: string; readonly file: string } | undefined> {
  const name = path.basename(file);
  for (const list of [`${file}.sha256`, path.join(path.dirname(file), 'SHA256SUMS')]) {
    for (const line of (await beginningOf(list)).split('\n')) {
      const match = /^([0-9a-f]{64})(?:[ \t]+\*?(.*))?$/i.exec(line.trim());
      if (match?.[1] && (match[2] === undefined || path.basename(match[2]) === name)) return { sha256: match[1].toLowerCase(), file: list };
    }
  }
  return undefined;
}

/** Empty where there is no such list, which is the usual case: most model files have none beside them. */
async function beginningOf(list: string): Promise<string> {
  let handle: fs.FileHandle | undefined;
  try {
    const opened = await openRegularFile(list);
    if (opened.outcome !== 'ok') return '';
    ({ handle } = opened);
    const buffer = Buffer.alloc(Math.min(mostListBytes, opened.sizeBytes));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } catch {
    return '';
  } finally {
    await handle?.close();
  }
}
