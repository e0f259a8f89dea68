// Starts the language server and speaks Tramontane's own requests with it. It knows LSP's client library; it must not know what
// anything is for.
import * as v from 'valibot';
import type {
  CancellationToken,
  Disposable,
  Event,
  InlineCompletionContext,
  InlineCompletionItem,
  InlineCompletionList,
  LogOutputChannel,
  Position,
  TextDocument,
} from 'vscode';
import { EventEmitter, InlineCompletionTriggerKind, Uri, workspace } from 'vscode';
import type { LanguageClientOptions, ServerOptions } from 'vscode-languageclient/node';
import {
  ErrorCodes,
  ExecuteCommandRequest,
  LanguageClient,
  ProgressType,
  ResponseError,
  RevealOutputChannelOn,
  State,
  TransportKind,
} from 'vscode-languageclient/node';
import type { ChatParams, ChatPartial, ChatResult } from '../server/protocol/chat.ts';
import { chatPartialSchema } from '../server/protocol/chat.ts';
import type { ContextParams, ContextResult } from '../server/protocol/context.ts';
import type { EditParams, EditResult } from '../server/protocol/edit.ts';
import { languageServicesParamsSchema, type LanguageServicesResult } from '../server/protocol/languageServices.ts';
import { methods, serverCommands } from '../server/protocol/methods.ts';
import { type NextEditParams, type NextEditResult, nextEditResultSchema } from '../server/protocol/nextEdit.ts';
import type { WorkspaceTrust } from '../server/protocol/settings.ts';
import type { DeleteSavedStateResult, Status } from '../server/protocol/status.ts';
import { statusSchema } from '../server/protocol/status.ts';
import { suggestionGrewSchema } from '../server/protocol/suggestionGrew.ts';
import { LanguageServices } from './languageServices.ts';
import { readSettings } from './settings.ts';
import { type Asking, reasonToStayQuiet } from './suggestionGate.ts';
import { SuggestionRest } from './suggestionRest.ts';

const partial = new ProgressType<ChatPartial>();

/** Also untitled files, notebook cells and files of remote file systems: whatever VS Code opens as text for a person to edit. */
const documentSelector = [{ scheme: 'file' }, { scheme: 'untitled' }, { scheme: 'vscode-remote' }, { scheme: 'vscode-notebook-cell' }];

const serverGone = {
  outcome: 'engineUnavailable',
  cause: 'The language server is not running.',
  action: 'Run the command "Tramontane: Restart Engine".',
} as const;

/** VS Code's word on it. */
function trust(): WorkspaceTrust {
  return { isWorkspaceTrusted: workspace.isTrusted };
}

export class TramontaneClient {
  readonly #client: LanguageClient;
  readonly #log: LogOutputChannel;
  readonly #trustGranted: Disposable;
  readonly #statusChanged = new EventEmitter<Status>();
  #status: Status = { state: 'starting' };
  /** Why the last request was not even sent: the server cannot know. */
  #quietHere: Status['quiet'];
  #nextProgress = 0;
  /** Ghost text that is known already, asked before the server is. */
  ghostAt: ((document: TextDocument, position: Position) => InlineCompletionItem[] | undefined) | undefined;
  /** Told what the editor is given as ghost text. */
  gaveGhost: ((document: TextDocument, items: InlineCompletionItem[] | InlineCompletionList | null | undefined) => void) | undefined;

  readonly rest = new SuggestionRest();

  /** The project's index is kept in `storageDirectory`. */
  constructor(extensionUri: Uri, storageDirectory: string, log: LogOutputChannel) {
    this.#log = log;
    const module = Uri.joinPath(extensionUri, 'dist', 'server.mjs').fsPath;
    // VS Code enforces the scopes of settings, so its word on model paths can be trusted.
    const run = { module, transport: TransportKind.ipc, args: ['--trust-client-options'] };
    const serverOptions: ServerOptions = { run, debug: { ...run, options: { execArgv: ['--nolazy', '--inspect=127.0.0.1:6009'] } } };
    const clientOptions: LanguageClientOptions = {
      documentSelector,
      outputChannel: log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      // Asked anew at each start of the server.
      initializationOptions: () => ({ ...readSettings(), ...trust(), storageDirectory, languageServices: true, suggestionUpdates: true }),
      connectionOptions: { maxRestartCount: 4 },
      middleware: {
        provideInlineCompletionItems: async (document, position, given, token, next) => {
          const context = this.rest.isAsking ? { ...given, triggerKind: InlineCompletionTriggerKind.Automatic } : given;
          const known = this.ghostAt?.(document, position);
          const quiet = known ? undefined : reasonToStayQuiet(this.#asking(document, context));
          this.#setQuietHere(quiet);
          const items = known ?? (quiet === undefined ? await next(document, position, context, token) : null);
          // A newer request says what is on the screen.
          if (!token.isCancellationRequested) this.gaveGhost?.(document, items);
          return items;
        },
      },
    };
    this.#client = new LanguageClient('tramontane', 'Tramontane', serverOptions, clientOptions);
    this.#client.onNotification(methods.status, (raw: unknown) => {
      const parsed = v.safeParse(statusSchema, raw);
      if (parsed.success) this.#setStatus(parsed.output);
      else log.warn(`A status of the server was not understood: ${parsed.issues[0].message}`);
    });
    this.#client.onNotification(methods.suggestionGrew, (raw: unknown) => {
      const parsed = v.safeParse(suggestionGrewSchema, raw);
      if (parsed.success) void this.rest.ask(parsed.output);
      else log.warn(`A notification of a longer suggestion was not understood: ${parsed.issues[0].message}`);
    });
    const languageServices = new LanguageServices();
    this.#client.onRequest<LanguageServicesResult, void>(methods.languageServices, (raw: unknown, token: CancellationToken) => {
      const parsed = v.safeParse(languageServicesParamsSchema, raw);
      if (parsed.success) return languageServices.answer(parsed.output, token);
      throw new ResponseError<void>(ErrorCodes.InvalidParams, `${methods.languageServices}: ${parsed.issues[0].message}`);
    });
    this.#trustGranted = workspace.onDidGrantWorkspaceTrust(() => {
      if (this.#client.state === State.Running) void this.#client.sendNotification(methods.workspaceTrust, trust());
    });
    this.#client.onDidChangeState(({ newState }) => {
      if (newState === State.Starting) this.#setStatus({ state: 'starting' });
      if (newState === State.Stopped)
        this.#setStatus({ state: 'error', cause: 'The language server is not running.', action: 'Run "Tramontane: Restart Engine".' });
    });
  }

  get status(): Status {
    return this.#quietHere === undefined ? this.#status : { ...this.#status, quiet: this.#quietHere };
  }

  get onDidChangeStatus(): Event<Status> {
    return this.#statusChanged.event;
  }

  async start(): Promise<void> {
    try {
      await this.#client.start();
    } catch (error) {
      this.#log.error(`The language server cannot be started: ${error instanceof Error ? error.message : String(error)}`);
      this.#setStatus({ state: 'error', cause: 'The language server cannot be started.', action: 'Look into the log, then run "Tramontane: Restart Engine".' });
    }
  }

  async chat(params: ChatParams, onText: (text: string) => void, token: CancellationToken): Promise<ChatResult> {
    if (this.#client.state !== State.Running) return serverGone;
    const partialResultToken = `chat-${this.#nextProgress++}`;
    const listening = this.#client.onProgress(partial, partialResultToken, (raw) => {
      const parsed = v.safeParse(chatPartialSchema, raw);
      if (parsed.success) onText(parsed.output.text);
    });
    try {
      return await this.#client.sendRequest<ChatResult>(methods.chat, { ...params, partialResultToken }, token);
    } finally {
      listening.dispose();
    }
  }

  async edit(params: EditParams, token: CancellationToken): Promise<EditResult> {
    if (this.#client.state !== State.Running) return serverGone;
    return this.#client.sendRequest<EditResult>(methods.edit, params, token);
  }

  async nextEdit(params: NextEditParams, token: CancellationToken): Promise<NextEditResult> {
    if (this.#client.state !== State.Running) return { outcome: 'nothing', why: 'notOpen' };
    return v.parse(nextEditResultSchema, await this.#client.sendRequest(methods.nextEdit, params, token));
  }

  dismissNextEdit(id: string): void {
    if (this.#client.state === State.Running) void this.#client.sendNotification(methods.nextEditDismissed, { id });
  }

  rejectSuggestion(id: string): void {
    if (this.#client.state === State.Running)
      this.#client
        .sendRequest(ExecuteCommandRequest.type, { command: serverCommands.completionRejected, arguments: [id] })
        .catch((error: unknown) => this.#log.debug(`A reject was not told: ${error instanceof Error ? error.message : String(error)}`));
  }

  async context(params: ContextParams): Promise<ContextResult> {
    if (this.#client.state !== State.Running) return serverGone;
    return this.#client.sendRequest<ContextResult>(methods.context, params);
  }

  /** @param forMs after which suggestions come again by themselves */
  async setPaused(paused: boolean, forMs?: number): Promise<void> {
    await this.#client.sendRequest(methods.setPaused, { paused, ...(forMs === undefined ? {} : { forMs }) });
  }

  async deleteCompletionHistory(): Promise<void> {
    await this.#client.sendRequest(methods.deleteCompletionHistory, {});
  }

  async deleteIndexes(): Promise<void> {
    await this.#client.sendRequest(methods.deleteIndexes, {});
  }

  async deleteSavedState(): Promise<DeleteSavedStateResult> {
    if (this.#client.state !== State.Running) return serverGone;
    return this.#client.sendRequest<DeleteSavedStateResult>(methods.deleteSavedState, {});
  }

  /** Starts the server too when that is what ended. */
  async restartEngine(): Promise<void> {
    if (this.#client.state === State.Running) await this.#client.sendRequest(methods.restartEngine, {});
    else await this.start();
  }

  async dispose(): Promise<void> {
    this.#trustGranted.dispose();
    this.#statusChanged.dispose();
    await this.#client.dispose();
  }

  #asking(document: TextDocument, { triggerKind }: InlineCompletionContext): Asking {
    const completion = workspace.getConfiguration('tramontane.completion', document);
    return {
      isExplicit: triggerKind === InlineCompletionTriggerKind.Invoke,
      languageId: document.languageId,
      isPaused: this.#status.isPaused === true,
      isEnabled: completion.get('enabled', true),
      excludedLanguages: completion.get<readonly string[]>('excludedLanguages', []),
    };
  }

  #setStatus(status: Status): void {
    this.#status = status;
    this.#statusChanged.fire(this.status);
  }

  #setQuietHere(quiet: Status['quiet']): void {
    if (quiet === this.#quietHere) return;
    this.#quietHere = quiet;
    this.#statusChanged.fire(this.status);
  }
}
