// The language server over one connection: builds the rooms above the engine and hands them over. It is main.ts's composition, apart
// from the process around it, so that tests run it over a connection in memory with a scripted engine.
import { createHash } from 'node:crypto';
import os from 'node:os';
import type { Connection } from 'vscode-languageserver/node';
import { DidChangeConfigurationNotification } from 'vscode-languageserver/node';
import type { CommandLine } from './commandLine.ts';
import { connectEmbeddings } from './connectEmbeddings.ts';
import { connectProject, type ProjectWishes } from './connectProject.ts';
import type { Log } from './core/log.ts';
import type { Clock } from './features/clock.ts';
import { CompleteInline } from './features/completeInline.ts';
import { FileContexts } from './features/fileContexts.ts';
import { findContext, toldOf } from './features/findContext.ts';
import { ReceiverTypes } from './features/receiverTypes.ts';
import { ProjectUsage } from './features/projectUsage.ts';
import type { ReadDocument } from './features/readDocument.ts';
import { SuggestNextEdit } from './features/suggestNextEdit.ts';
import { StatusBoard } from './features/statusBoard.ts';
import { registerChat } from './handlers/chat.ts';
import { registerConfiguration } from './handlers/configuration.ts';
import { registerContext } from './handlers/context.ts';
import { registerDocumentSync } from './handlers/documentSync.ts';
import { registerEdit } from './handlers/edit.ts';
import { registerExecuteCommand } from './handlers/executeCommand.ts';
import { initializeResult, workspaceFoldersOf } from './handlers/initialize.ts';
import { registerFeedback } from './handlers/feedback.ts';
import { followsSuggestions, registerInlineCompletion, tellGrown } from './handlers/inlineCompletion.ts';
import { askLanguageServices, offersLanguageServices } from './handlers/languageServices.ts';
import { registerNextEdit } from './handlers/nextEdit.ts';
import { registerStatus, sendStatus } from './handlers/status.ts';
import { registerWorkspaceTrust, trustSaidIn } from './handlers/workspaceTrust.ts';
import { chooseActionOf, type ModelPurpose } from './engineWishes.ts';
import type { Inference } from './inference/inference.ts';
import { RoutedInference } from './inference/routedInference.ts';
import { readDiskDocument } from './project/diskDocuments.ts';
import type { Project } from './project/project.ts';
import { RecentEdits } from './session/recentEdits.ts';
import type { ContextParams } from './protocol/context.ts';
import { Session } from './session/session.ts';
import type { Settings, SettingsSource } from './session/settings.ts';
import { chatModelOf, completionModelOf, resolveSettings, saysSaveState } from './session/settings.ts';
import type { FeedbackStore } from './storage/feedback.ts';

export interface LanguageServerOptions {
  readonly commandLine: CommandLine;
  /** Builds the engine for these settings; called again when a machine setting changes. */
  readonly makeInference: (settings: Settings, log: Log, purpose: ModelPurpose) => Inference;
  /** Keeps what became of suggestions; nothing is kept when absent. */
  readonly makeFeedback?: (log: Log) => FeedbackStore;
  /** The model that counts as the starter model. */
  readonly starterPath: string;
  /** Builds the index of the project, which keeps its files in that directory. */
  readonly makeProject: (storageDirectory: string, log: Log, wishes: ProjectWishes) => Project;
  /** Where indexes are kept when the client does not say it, or may not; without it there are none then. */
  readonly indexDirectory?: string;
  readonly clock: Clock;
  readonly version: string;
}

/** Wires one connection; it serves as soon as this returns. */
export function startLanguageServer(connection: Connection, options: LanguageServerOptions): void {
  const { commandLine, starterPath, clock, version } = options;
  const log: Log = {
    error: (message) => connection.console.error(message),
    warn: (message) => connection.console.warn(message),
    info: (message) => connection.console.info(message),
    debug: (message) => connection.console.debug(message),
  };
  const session = new Session();
  const ended = new AbortController();
  let initializationOptions: unknown;
  let clientSettings: unknown;
  let clientFolderSettings: ReadonlyMap<string, unknown> = new Map();
  let canAskSettings = false;
  let canRegisterSettings = false;
  let isInitialized = false;

  const applySettings = () => {
    const isTrusted = commandLine.trustClientOptions;
    const sources = (raw: unknown): SettingsSource[] => [
      { name: "the client's initializationOptions", raw: initializationOptions, mayNameMachine: isTrusted },
      { name: 'the client', raw, mayNameMachine: isTrusted },
      // Last, so that the user's own file has the last word.
      ...(commandLine.config ? [{ name: commandLine.config.file, raw: commandLine.config.raw, mayNameMachine: true }] : []),
    ];
    const { settings, warnings } = resolveSettings(sources(clientSettings));
    for (const warning of warnings) log.warn(warning);
    session.settings = settings;
    session.folderSettings = new Map([...clientFolderSettings].map(([uri, raw]) => [uri, resolveSettings(sources(raw)).settings]));
  };
  applySettings();
  let inForce = machinePart(session.settings);
  let shapedBy = shapingPart(session.settings);
  const completing = () => options.makeInference({ ...session.settings, model: completionModelOf(session.settings.model) }, log, 'completion');
  const chatting = () => options.makeInference({ ...session.settings, model: chatModelOf(session.settings.model) }, log, 'chat');
  const inference = new RoutedInference(completing());
  /** Another client of the same engine where chat has a model of its own; it is loaded by the first question. */
  let chatInference: RoutedInference | undefined;
  const chatModel = (): Inference => {
    if (session.settings.model.chatPath.trim() === '') return inference;
    if (!chatInference) {
      chatInference = new RoutedInference(chatting());
      chatInference.onState(() => board.refresh());
    }
    return chatInference;
  };
  const board = new StatusBoard({
    inference,
    session,
    clock,
    starterPath,
    chat: () => (session.settings.model.chatPath.trim() === '' ? undefined : chatInference),
    index: () => {
      const index = project.index();
      const status = embeddings.current()?.status;
      return index && status ? { ...index, embeddings: status } : index;
    },
    onChange: (status) => isInitialized && sendStatus(connection, status),
  });
  /** Loads the model ahead of the first request; what goes wrong shows in the status. */
  const warmUp = () => void inference.describeModel(ended.signal);
  const settingsChanged = () => {
    applySettings();
    embeddings.settingsChanged();
    const shaping = shapingPart(session.settings);
    if (shaping !== shapedBy) completeInline.dropSuggestions();
    shapedBy = shaping;
    const wanted = machinePart(session.settings);
    if (wanted === inForce) return;
    inForce = wanted;
    void inference.replace(completing()).then(warmUp);
    void chatInference?.replace(chatting());
  };

  const project = connectProject(connection, {
    session,
    makeProject: options.makeProject,
    ...(options.indexDirectory === undefined ? {} : { indexDirectory: options.indexDirectory }),
    trustClientOptions: commandLine.trustClientOptions,
    onChange: () => board.refresh(),
    log,
  });
  const usage = new ProjectUsage({ clock, ended: ended.signal });
  const recentEdits = new RecentEdits(session.documents, clock.now);
  const documents = readDocuments(session);
  const embeddings = connectEmbeddings({
    session,
    project,
    documents,
    makeInference: (settings) => options.makeInference(settings, log, 'vectors'),
    clock,
    log,
    onChange: () => board.refresh(),
  });
  const askEditor = askLanguageServices(connection, log);
  const receivers = new ReceiverTypes({
    ask: () => (offersLanguageServices(initializationOptions) ? askEditor : undefined),
    view: project.view,
    session,
    documents,
    clock,
    ended: ended.signal,
  });
  const contexts = new FileContexts({ view: project.view, usage, session, recentEdits, receivers, clock, ended: ended.signal });
  const feedback = options.makeFeedback?.(log);
  const completeInline = new CompleteInline({
    session,
    inference,
    clock,
    log,
    record: (record) => feedback?.record(record),
    ended: ended.signal,
    contexts,
    project: { view: project.view, documents },
    onLongWait: () => board.wait(),
    onGrown: (grown) => {
      if (followsSuggestions(initializationOptions)) tellGrown(connection, grown, log);
    },
  });

  connection.onInitialize((params) => {
    session.workspaceFolders = workspaceFoldersOf(params);
    initializationOptions = params.initializationOptions;
    session.isWorkspaceTrusted = commandLine.trustClientOptions && trustSaidIn(initializationOptions);
    canAskSettings = params.capabilities.workspace?.configuration === true;
    canRegisterSettings = params.capabilities.workspace?.didChangeConfiguration?.dynamicRegistration === true;
    settingsChanged();
    project.initialize(params);
    // Not waiting for `initialized`: the engine needs most of a second, and the client has work of its own meanwhile.
    warmUp();
    return initializeResult(version);
  });
  connection.onInitialized(() => {
    log.info(`Tramontane ${version} on ${os.platform()} ${os.arch()}, Node ${process.version}.`);
    if (canRegisterSettings) {
      // Some clients announce this and refuse it all the same; then changed settings wait for the next start.
      connection.client.register(DidChangeConfigurationNotification.type, { section: 'tramontane' }).catch((error: unknown) => {
        log.warn(`The client will not tell changed settings: ${error instanceof Error ? error.message : String(error)}`);
      });
    }
    project.initialized();
    void configuration.askForFolders();
    isInitialized = true;
    board.refresh();
  });
  connection.onNotification('workspace/didChangeWorkspaceFolders', (params: { event?: { added?: { uri: string }[]; removed?: { uri: string }[] } }) => {
    const removed = new Set(params.event?.removed?.map((folder) => folder.uri.replace(/\/+$/, '')));
    const added = params.event?.added?.map((folder) => folder.uri.replace(/\/+$/, '')) ?? [];
    session.workspaceFolders = [...session.workspaceFolders.filter((folder) => !removed.has(folder)), ...added];
    project.foldersChanged();
    void configuration.askForFolders();
  });
  registerDocumentSync(connection, session, log, {
    changed: (uri) => {
      embeddings.current()?.noteActivity();
      project.documentChanged(uri);
      contexts.opened(uri);
    },
    saved: (uri) => project.documentSaved(uri),
  });
  const configuration = registerConfiguration(connection, {
    canAsk: () => canAskSettings,
    folders: () => session.workspaceFolders,
    onSettings: (raw, ofFolders) => {
      clientSettings = raw;
      clientFolderSettings = ofFolders;
      settingsChanged();
    },
    log,
  });
  if (commandLine.trustClientOptions) registerWorkspaceTrust(connection, session);
  registerInlineCompletion(connection, completeInline, board, log);
  registerExecuteCommand(connection, completeInline, log);
  /** In a workspace that nobody has called trusted, only the user's own file can ask for it. */
  const mayPersist = () => session.settings.engine.saveState && (session.isWorkspaceTrusted || saysSaveState(commandLine.config?.raw));
  const told = (uri: string, purpose: ContextParams['purpose']) =>
    toldOf(purpose === 'completion' ? inference : chatModel(), { purpose, isEnabled: session.settingsFor(uri).context.enabled });
  const contextDeps = { view: project.view, contexts, documents, session, clock, told, embeddings: embeddings.current };
  const asked = () =>
    session.settings.context.enabled ? { findContext: (params: ContextParams, signal: AbortSignal) => findContext(params, contextDeps, signal) } : {};
  const chooseAction = () => (session.settings.model.chatPath.trim() === '' ? {} : { chooseAction: chooseActionOf('chat') });
  registerChat(
    connection,
    () => ({ inference: chatModel(), documents, settings: session.settings.chat, clock, mayPersist: mayPersist(), ...asked(), ...chooseAction() }),
    board,
    log,
  );
  registerEdit(connection, {
    deps: () => ({ inference: chatModel(), documents, settings: session.settings.edit, hash: sha256, log, ...asked(), ...chooseAction() }),
    board,
    log,
  });
  registerContext(connection, {
    deps: contextDeps,
    deleteIndexes: async () => {
      await embeddings.current()?.forget();
      await project.current()?.deleteIndexes();
    },
    log,
  });
  const nextEdits = new SuggestNextEdit({
    session,
    recentEdits,
    // It answers an instruction: where chat has a model of its own, that one does, once it is in memory.
    get inference() {
      return chatModel();
    },
    clock,
    log,
    view: project.view,
  });
  registerNextEdit(connection, nextEdits, log);
  registerFeedback(connection, {
    deleteAll: async () => {
      completeInline.forget();
      await feedback?.deleteAll();
    },
    log,
  });
  registerStatus(connection, {
    board,
    restart: async (signal) => {
      await inference.restart(signal);
      // A chat model that works finds the new engine by itself; one that was given up gets another chance.
      if (chatInference && chatInference.state.state !== 'ready') await chatInference.replace(chatting());
    },
    engineStatus: (signal) => inference.engineStatus(signal),
    deleteSavedState: (signal) => inference.deleteSavedStates(signal),
    log,
  });
  connection.onShutdown(async () => {
    ended.abort();
    board.dispose();
    await feedback?.flush();
    await Promise.all([inference.dispose(), chatInference?.dispose(), embeddings.dispose(), project.dispose()]);
  });
  connection.listen();
}

/** What an engine is built from; what a request carries needs no other engine. */
function machinePart({ model: { embeddingPath: _path, ...model }, engine: { saveState: _, ...engine } }: Settings): string {
  return JSON.stringify([model, engine]);
}

/** What a suggestion would be another one without. */
function shapingPart({ model: { path, loraAdapters, contextSize }, completion: { multiLine } }: Settings): string {
  return JSON.stringify([path, loraAdapters, contextSize, multiLine]);
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** Open documents first, since what is on disk may be older than what the user sees. */
function readDocuments(session: Session): ReadDocument {
  return {
    read: async (uri) => {
      const relativePath = session.displayPath(uri);
      const open = session.documents.snapshot(uri);
      if (open) return { outcome: 'ok', text: open.text, version: open.version, languageId: open.languageId, relativePath };
      const onDisk = await readDiskDocument(uri, session.workspaceFolders);
      return onDisk.outcome === 'ok' ? { ...onDisk, version: null, relativePath } : onDisk;
    },
  };
}
