// Which documents can be edited, and which files the user may add to an edit.
// It knows VS Code's documents, tabs and folders; it must not know how an edit is asked for or applied.
import { type CancellationToken, FilePermission, FileType, type Selection, TabInputText, type TextDocument, Uri, window, workspace } from 'vscode';
import { importedFiles } from './editPaths.ts';

/** More files than this are not listed: their names cannot be typed from memory any more. */
const maxListedFiles = 5000;
const schemes = new Set(['file', 'vscode-remote', 'untitled']);
const excludedFolders: ReadonlySet<string> = new Set(['node_modules', '.git', 'dist', 'out', 'build', 'target', '.venv', '__pycache__']);
const listingExclude = `**/{${[...excludedFolders].join(',')}}/**`;
const searchTimeoutMs = 1500;
const maxWalkDepth = 8;

/** One sentence that says why a document cannot be edited; undefined when it can. */
export async function whyNotEditable(uri: Uri): Promise<string | undefined> {
  const name = workspace.asRelativePath(uri);
  if (!workspace.isTrusted) return 'Edits are proposed only in a workspace that you trust.';
  if (!schemes.has(uri.scheme)) return `${name} is not a file on disk (${uri.scheme}:), so it cannot be edited.`;
  if (uri.scheme === 'untitled') return undefined;
  if (workspace.fs.isWritableFileSystem(uri.scheme) === false) return `${name} is on a file system that is read-only.`;
  try {
    const { permissions } = await workspace.fs.stat(uri);
    return permissions !== undefined && (permissions & FilePermission.Readonly) !== 0 ? `${name} is read-only.` : undefined;
  } catch {
    // A file that was deleted while its editor is open can still be edited there, and one that never was fails when it is opened.
    return undefined;
  }
}

export interface WorkspaceFiles {
  readonly paths: readonly string[];
  readonly uriOf: (path: string) => Uri | undefined;
}

export const noFiles: WorkspaceFiles = { paths: [], uriOf: () => undefined };

/** The files of the workspace by the paths that the user knows them by. */
export async function listWorkspaceFiles(token: CancellationToken): Promise<WorkspaceFiles> {
  const uris = new Map<string, Uri>();
  for (const uri of await searchFiles(token)) uris.set(workspace.asRelativePath(uri), uri);
  return { paths: [...uris.keys()], uriOf: (path) => uris.get(path) };
}

/** VS Code's own search knows ignore files and is fast; where it is broken or late (it needs a program of its own) the folders are read instead. */
async function searchFiles(token: CancellationToken): Promise<readonly Uri[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), searchTimeoutMs);
  });
  try {
    const found = workspace.findFiles('**/*', listingExclude, maxListedFiles, token).then(
      (uris) => uris,
      () => undefined,
    );
    const uris = await Promise.race([found, late]);
    return uris !== undefined && uris.length > 0 ? uris : await walkFolders(token);
  } finally {
    clearTimeout(timer);
  }
}

/** Level by level, so that the files near the top are there when the limit is reached. */
async function walkFolders(token: CancellationToken): Promise<readonly Uri[]> {
  const files: Uri[] = [];
  let level = workspace.workspaceFolders?.map((folder) => folder.uri) ?? [];
  for (let depth = 0; depth < maxWalkDepth && level.length > 0 && files.length < maxListedFiles; depth++) {
    const next: Uri[] = [];
    for (const folder of level) {
      if (token.isCancellationRequested || files.length >= maxListedFiles) return files;
      for (const [name, type] of await readFolder(folder)) {
        if (type === FileType.Directory && !excludedFolders.has(name)) next.push(Uri.joinPath(folder, name));
        else if (type === FileType.File) files.push(Uri.joinPath(folder, name));
      }
    }
    level = next;
  }
  return files;
}

async function readFolder(folder: Uri): Promise<readonly [string, FileType][]> {
  try {
    return await workspace.fs.readDirectory(folder);
  } catch {
    // A folder that cannot be read has no files to add.
    return [];
  }
}

/** What stands to reason to edit along: files in tabs, and files that the document imports. */
export function suggestedFiles(document: TextDocument, files: WorkspaceFiles): { readonly open: readonly Uri[]; readonly imported: readonly Uri[] } {
  const own = document.uri.toString();
  const open = new Map<string, Uri>();
  for (const { input } of window.tabGroups.all.flatMap((group) => group.tabs)) {
    if (input instanceof TabInputText && schemes.has(input.uri.scheme) && input.uri.toString() !== own) open.set(input.uri.toString(), input.uri);
  }
  const imported = importedFiles(workspace.asRelativePath(document.uri), document.getText(), files.paths)
    .map((path) => files.uriOf(path))
    .filter((uri): uri is Uri => uri !== undefined && uri.toString() !== own && !open.has(uri.toString()));
  return { open: [...open.values()], imported };
}

/** The selected whole lines, one-based, as a reader says them; undefined when nothing is selected. A selection that ends at a line's start does not hold that line. */
export function selectedLines(selection: Selection): { readonly first: number; readonly last: number } | undefined {
  if (selection.isEmpty) return undefined;
  const last = selection.end.character === 0 ? selection.end.line : selection.end.line + 1;
  return { first: selection.start.line + 1, last: Math.max(last, selection.start.line + 1) };
}

/** "src/a.ts, lines 10-24" */
export function targetLabel(document: TextDocument, selection: Selection): string {
  const path = workspace.asRelativePath(document.uri);
  const lines = selectedLines(selection);
  if (lines === undefined) return path;
  return lines.first === lines.last ? `${path}, line ${lines.first}` : `${path}, lines ${lines.first}-${lines.last}`;
}
