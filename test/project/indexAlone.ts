// Runs `indexOnce.ts`: an index in a process of its own, as a user who may not do everything or in a Node that has not everything.
import { spawn } from 'node:child_process';
import { lchownSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FolderStatus } from '../../server/project/folderIndexOptions.ts';
import type { TemporaryProject } from './temporaryProject.ts';

/** By custom the user to whom nothing belongs. */
const nobody = 65534;

export interface IndexAloneOptions {
  readonly lookUp: readonly string[];
  /** Where this process is the super-user's, whom nothing is forbidden. */
  readonly asNobody?: boolean;
  readonly flag?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export async function indexAlone(
  files: TemporaryProject,
  { lookUp, asNobody = false, flag, env = {} }: IndexAloneOptions,
): Promise<{ readonly status: FolderStatus; readonly found: readonly string[] }> {
  const isAnother = asNobody && process.getuid?.() === 0;
  if (isAnother) giveAway(path.dirname(files.root));
  const child = spawn(
    process.execPath,
    [...(flag === undefined ? [] : [flag]), fileURLToPath(new URL('./indexOnce.ts', import.meta.url)), files.root, files.storage, ...lookUp],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env }, ...(isAnother ? { uid: nobody, gid: nobody } : {}) },
  );
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`The process ended with ${String(code)}: ${errors}`);
  return JSON.parse(output) as { status: FolderStatus; found: string[] };
}

function giveAway(folder: string): void {
  for (const name of ['', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })]) lchownSync(path.join(folder, name), nobody, nobody);
}
