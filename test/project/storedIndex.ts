// The database of a temporary project's one index, for tests that look into it or harm it.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { TemporaryProject } from './temporaryProject.ts';

export function databaseOf(files: TemporaryProject): string {
  const folder = path.join(files.storage, 'index');
  const name = readdirSync(folder).find((entry) => entry.endsWith('.sqlite'));
  if (name === undefined) throw new Error('There is no index.');
  return path.join(folder, name);
}
