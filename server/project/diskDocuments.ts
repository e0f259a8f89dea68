// Files of the project that are not open in the editor. It knows folders, links and encodings; it must not know LSP or prompts.
import { promises as fs } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { languageIdOf } from './languageIds.ts';

/** Larger files are data or generated: no model should read or rewrite them. */
const maxFileBytes = 1024 * 1024;

export type DiskDocument =
  | { readonly outcome: 'ok'; readonly text: string; readonly languageId: string }
  | { readonly outcome: 'unreadable'; readonly message: string };

/** Reads a file that lies in one of the folders after every link is followed; anything else is refused. */
export async function readDiskDocument(uri: string, workspaceFolders: readonly string[]): Promise<DiskDocument> {
  if (!uri.startsWith('file:')) return unreadable(uri, 'it is not a file on this machine');
  let file: string;
  try {
    file = await fs.realpath(fileURLToPath(uri));
  } catch {
    return unreadable(uri, 'there is no such file');
  }
  const folders = await Promise.all(
    workspaceFolders.filter((folder) => folder.startsWith('file:')).map((folder) => fs.realpath(fileURLToPath(folder)).catch(() => undefined)),
  );
  if (!folders.some((folder) => folder !== undefined && isInside(file, folder))) return unreadable(uri, 'it lies outside the workspace');
  try {
    const stat = await fs.stat(file);
    if (!stat.isFile()) return unreadable(uri, 'it is not a regular file');
    if (stat.size > maxFileBytes) return unreadable(uri, 'it is larger than 1 MB');
    const bytes = await fs.readFile(file);
    // A byte order mark is part of the text here, so that positions and hashes are those of the file.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    if (text.includes('\0')) return unreadable(uri, 'it is not a text file');
    return { outcome: 'ok', text, languageId: languageIdOf(file) };
  } catch (error) {
    return unreadable(uri, error instanceof TypeError ? 'it is not UTF-8 text' : 'it cannot be read');
  }
}

function unreadable(uri: string, why: string): DiskDocument {
  return { outcome: 'unreadable', message: `${uri.split('/').at(-1) ?? uri} cannot be used: ${why}.` };
}

function isInside(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return relative !== '' && relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}
