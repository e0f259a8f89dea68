// Files that say where imports lead: which they are, and their text. It knows names and bounds; it must not know what they say.
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';

const names = /(?:^|\/)(?:package\.json|[jt]sconfig[^/]*\.json|go\.mod|Cargo\.toml)$/;
const maxBytes = 256 * 1024;

export function isConfiguration(relative: string): boolean {
  return names.test(relative);
}

/** Undefined for any other file, a large one, and one that cannot be read. */
export function readConfiguration(root: string, relative: string): string | undefined {
  if (!isConfiguration(relative)) return undefined;
  const file = path.join(root, relative);
  try {
    const stat = statSync(file);
    return stat.isFile() && stat.size <= maxBytes ? readFileSync(file, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}
