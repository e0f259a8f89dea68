// What the meaning of a saved state depends on, as one name: the model's bytes, the adapters, the library, the shape of the context.
// It knows files and settings; it must not know states.
import { createHash } from 'node:crypto';
import { promises as fs } from 'node:fs';
import type { ModelSpec } from './protocol/messages.ts';

/** Holds the metadata of most files and the beginning of the vocabulary of all. */
const headerBytes = 1024 * 1024;

export interface IdentityParts {
  readonly spec: ModelSpec;
  /** Of the model's file, where a checked list told it. */
  readonly sha256: string | undefined;
  /** Names of library, release and back end, and whatever else shapes a context. */
  readonly context: Readonly<Record<string, string | number | boolean>>;
}

/**
 * @returns SHA-256 in hex
 * @throws Error when a file cannot be read
 */
export async function modelIdentity({ spec, sha256, context }: IdentityParts): Promise<string> {
  const model = sha256 ?? (await fileIdentity(spec.path));
  const loras: unknown[] = [];
  for (const { path, scale } of spec.loras ?? []) loras.push([await fileIdentity(path), scale]);
  return createHash('sha256')
    .update(JSON.stringify([model, loras, Object.entries(context)]))
    .digest('hex');
}

/** Reading all of a model would take longer than what it saves, so another content must change the file's date, size or beginning. */
async function fileIdentity(file: string): Promise<string> {
  const handle = await fs.open(file, 'r');
  try {
    const { size, mtimeMs } = await handle.stat();
    const header = Buffer.alloc(Math.min(headerBytes, size));
    await handle.read(header, 0, header.length, 0);
    return createHash('sha256')
      .update(JSON.stringify([file, size, mtimeMs]))
      .update(header)
      .digest('hex');
  } finally {
    await handle.close();
  }
}
