// Compares a file with the SHA-256 that stands beside it. Damaged weights load silently and answer with rubbish, so a published
// checksum is the only way to notice. It knows the two usual places of a checksum; it must not know models.
import { createHash } from 'node:crypto';
import { createReadStream, promises as fs } from 'node:fs';
import path from 'node:path';

/** Beyond this size a checksum would hold up the first answer for many seconds; downloads verify such files once, when they arrive. */
const maxVerifiedBytes = 1024 * 1024 * 1024;

export type ChecksumVerdict =
  | { readonly verdict: 'matches'; readonly sha256: string }
  | { readonly verdict: 'notListed' | 'tooLarge' }
  | { readonly verdict: 'differs'; readonly listedIn: string };

/** Looks for `FILE.sha256` and for `SHA256SUMS` in the same folder. */
export async function verifyChecksum(file: string, sizeBytes: number): Promise<ChecksumVerdict> {
  const listed = await listedChecksum(file);
  if (!listed) return { verdict: 'notListed' };
  if (sizeBytes > maxVerifiedBytes) return { verdict: 'tooLarge' };
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex') === listed.sha256 ? { verdict: 'matches', sha256: listed.sha256 } : { verdict: 'differs', listedIn: listed.file };
}

async function listedChecksum(file: string): Promise<{ readonly sha256: string; readonly file: string } | undefined> {
  const name = path.basename(file);
  for (const list of [`${file}.sha256`, path.join(path.dirname(file), 'SHA256SUMS')]) {
    let text: string;
    try {
      text = await fs.readFile(list, 'utf8');
    } catch {
      // No list is the usual case: most model files have none beside them.
      continue;
    }
    for (const line of text.slice(0, 65_536).split('\n')) {
      const match = /^([0-9a-f]{64})(?:[ \t]+\*?(.*))?$/i.exec(line.trim());
      if (match?.[1] && (match[2] === undefined || path.basename(match[2]) === name)) return { sha256: match[1].toLowerCase(), file: list };
    }
  }
  return undefined;
}
