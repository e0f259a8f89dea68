// Keeps the project in step with what the client tells: folders, open documents, files that changed on disk. It is part of the composition:
// it knows LSP's notifications and the project's door, and nothing of how either works.
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as v from 'valibot';
import type { Connection, InitializeParams } from 'vscode-languageserver/node';
import { DidChangeWatchedFilesNotification } from 'vscode-languageserver/node';
import type { Log } from './core/log.ts';
import type { ProjectFolder, ProjectView } from './features/projectView.ts';
import type { Project } from './project/project.ts';
import type { Status } from './protocol/status.ts';
import type { Session } from './session/session.ts';

export interface ConnectProjectOptions {
  readonly session: Session;
  readonly makeProject: (storageDirectory: string, log: Log, wishes: ProjectWishes) => Project;
  /** Where indexes are kept when the client does not say it, or may not. */
  readonly indexDirectory?: string;
  /** Whether the client may say where on this machine something is kept. */
  readonly trustClientOptions: boolean;
  /** Facts or the state of the index have changed; often while it is built. */
  readonly onChange?: () => void;
  readonly log: Log;
}

/** What of the settings counts while the index is built. */
export interface ProjectWishes {
  /** See `ProjectOptions`. */
  readonly cpuShare: () => number;
}

export interface ConnectedProject {
  /** Undefined until the handshake, and where nobody says where indexes are kept. */
  readonly current: () => Project | undefined;
  /** All folders together; undefined without an index. */
  readonly index: () => Status['index'];
  /** The project as the features see it. */
  readonly view: ProjectView;
  readonly initialize: (params: InitializeParams) => void;
  readonly initialized: () => void;
  readonly foldersChanged: () => void;
  /** A document was opened, changed or closed. */
  readonly documentChanged: (uri: string) => void;
  /** For clients that do not tell which files have changed. */
  readonly documentSaved: (uri: string) => void;
  readonly dispose: () => Promise<void>;
}

const storageSchema = v.object({
  storageDirectory: v.pipe(
    v.string(),
    v.check((directory) => path.isAbsolute(directory)),
  ),
});

export function connectProject(connection: Connection, options: ConnectProjectOptions): ConnectedProject {
  const { session, makeProject, indexDirectory, trustClientOptions, onChange, log } = options;
  let project: Project | undefined;
  let canWatch = false;
  const openFolders = () => {
    project?.open(session.workspaceFolders.flatMap((uri) => pathOf(uri) ?? [])).catch((error: unknown) => {
      log.error(`The project cannot be indexed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    });
  };
  connection.onDidChangeWatchedFiles(({ changes }) => project?.noteChanged(changes.flatMap(({ uri }) => pathOf(uri) ?? [])));
  return {
    current: () => project,
    index: () => {
      const status = project?.status ?? [];
      if (status.length === 0) return undefined;
      const problem = status.find((folder) => folder.problem !== undefined)?.problem;
      const isComplete = status.every((folder) => folder.isComplete);
      // Before, each slice would bring other numbers, and none would be the right one.
      const skipped = isComplete ? sumOf(status.map(({ skippedByReason }) => skippedByReason)) : {};
      return {
        files: status.reduce((sum, { files }) => sum + files, 0),
        isComplete,
        store: status.every(({ store }) => store === 'sqlite') ? 'sqlite' : 'memory',
        ...(Object.keys(skipped).length === 0 ? {} : { skipped }),
        ...(problem === undefined ? {} : { problem }),
      };
    },
    view: {
      folders: () => (project ? foldersOf(project) : []),
      place: (uri) => {
        const file = pathOf(uri);
        const found = file === undefined ? undefined : project?.file(file);
        const folder = project && found && foldersOf(project).find(({ symbols }) => symbols === found.symbols);
        return found && folder && { folder, path: found.path };
      },
    },
    initialize: ({ initializationOptions, capabilities }) => {
      const said = trustClientOptions ? v.safeParse(storageSchema, initializationOptions) : undefined;
      const storageDirectory = said?.success ? said.output.storageDirectory : indexDirectory;
      if (storageDirectory === undefined) return;
      canWatch = capabilities.workspace?.didChangeWatchedFiles?.dynamicRegistration === true;
      project = makeProject(storageDirectory, log, { cpuShare: () => session.settings.context.cpuShare });
      if (onChange) project.onChange(onChange);
      openFolders();
    },
    initialized: () => {
      if (!project || !canWatch) return;
      connection.client.register(DidChangeWatchedFilesNotification.type, { watchers: [{ globPattern: '**/*' }] }).catch((error: unknown) => {
        log.warn(`The client will not tell changed files: ${error instanceof Error ? error.message : String(error)}`);
      });
    },
    foldersChanged: openFolders,
    documentChanged: (uri) => {
      const file = pathOf(uri);
      if (!project || file === undefined) return;
      const open = session.documents.snapshot(uri);
      if (open) project.openDocument(file, open.languageId, open.text);
      else project.closeDocument(file);
    },
    documentSaved: (uri) => {
      const file = pathOf(uri);
      if (!canWatch && file !== undefined) project?.noteChanged([file]);
    },
    dispose: async () => project?.dispose(),
  };
}

type Skipped = Project['status'][number]['skippedByReason'];

function sumOf(counts: readonly Skipped[]): Skipped {
  const sums = new Map<string, number>();
  for (const [reason, count] of counts.flatMap((each) => Object.entries(each))) sums.set(reason, (sums.get(reason) ?? 0) + count);
  return Object.fromEntries(sums);
}

/** Without a database every definition of every file is looked at. */
const fewFiles = 500;

function foldersOf(project: Project): ProjectFolder[] {
  const { folders, status } = project;
  return folders.map(({ root, symbols }, index) => ({
    symbols,
    name: path.basename(root),
    uriOf: (relative) => pathToFileURL(path.join(root, relative)).href,
    isComplete: status[index]?.isComplete ?? false,
    version: `${status[index]?.files}:${status[index]?.parsed}`,
    searchesFast: status[index]?.store === 'sqlite' || (status[index]?.files ?? 0) <= fewFiles,
  }));
}

/** Undefined for what is no file of this machine. */
function pathOf(uri: string): string | undefined {
  try {
    return uri.startsWith('file:') ? fileURLToPath(uri) : undefined;
  } catch {
    return undefined;
  }
}
