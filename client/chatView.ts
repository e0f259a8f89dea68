// The chat view on VS Code's side: the webview, its commands, and what they ask of the editor. Every message from the
// webview is parsed first, since text from a model lives there. It must not know how an answer comes about.
import { randomBytes } from 'node:crypto';
import * as v from 'valibot';
import {
  type CancellationToken,
  CancellationTokenSource,
  commands,
  Disposable,
  type Event,
  Uri,
  type Webview,
  type WebviewView,
  type WebviewViewProvider,
  window,
} from 'vscode';
import { type ChatParams, type ChatResult, chatResultSchema } from '../server/protocol/chat.ts';
import type { Status } from '../server/protocol/status.ts';
import { ChatContext } from './chatContext.ts';
import { chatPage } from './chatPage.ts';
import { ChatSession, type TurnContext } from './chatSession.ts';
import type { Conversations } from './conversations.ts';
import { copyText, insertAtCursor, openLinkWhenConfirmed } from './chatDeeds.ts';
import { editorFacts, LastEditor, nameOf } from './lastEditor.ts';
import { type ChatAction, type ChatStatus, type FromWebview, fromWebviewSchema, type ToWebview } from './protocol/chatMessages.ts';

export interface ChatOptions {
  readonly extensionUri: Uri;
  readonly conversations: Conversations;
  readonly log: { readonly warn: (message: string) => void; readonly error: (message: string) => void };
  readonly sendChat: (params: ChatParams, onText: (text: string) => void, token: CancellationToken) => Promise<ChatResult>;
  readonly status: { readonly current: Status | undefined; readonly onDidChange: Event<Status> };
}

const viewId = 'tramontane.chat';
const answeringKey = 'tramontane.chatAnswering';
const actionCommands: Readonly<Record<ChatAction, string>> = { chooseModel: 'tramontane.chooseModel', restartEngine: 'tramontane.restartEngine' };

/** Registers the view and its commands; disposing saves what is not on disk yet. */
export function registerChat(options: ChatOptions): Disposable {
  const view = new ChatView(options);
  const command = (id: string, run: () => unknown): Disposable => commands.registerCommand(`tramontane.${id}`, run);
  return Disposable.from(
    view,
    window.registerWebviewViewProvider(viewId, view),
    command('newChat', () => view.newChat()),
    command('focusChat', () => view.focus()),
    command('stopChat', () => view.stop()),
    command('addSelectionToChat', () => view.addSelection()),
    command('earlierChats', () => view.chooseConversation()),
    command('deleteConversations', () => view.deleteConversations()),
  );
}

class ChatView implements WebviewViewProvider, Disposable {
  readonly #options: ChatOptions;
  readonly #session: ChatSession;
  readonly #context = new ChatContext();
  readonly #lastEditor = new LastEditor();
  readonly #listeners: Disposable;
  #view: WebviewView | undefined;
  /** The script of the view runs and has the state. */
  #ready = false;
  #focusWhenReady = false;
  #shownContext = '';

  constructor(options: ChatOptions) {
    this.#options = options;
    this.#session = new ChatSession(options.conversations.open(), {
      sendChat: (params, onText, signal) => this.#send(params, onText, signal),
      save: (conversation, when) => options.conversations.save(conversation, when),
      post: (message) => this.#post(message),
      onAnswering: (answering) => void commands.executeCommand('setContext', answeringKey, answering),
      nameOf,
      log: options.log,
    });
    this.#context.setEditor(this.#lastEditor.facts);
    this.#listeners = Disposable.from(
      this.#lastEditor,
      this.#lastEditor.onDidChange(() => {
        this.#context.setEditor(this.#lastEditor.facts);
        this.#postContext();
      }),
      options.status.onDidChange(() => this.#postStatus()),
    );
  }

  resolveWebviewView(view: WebviewView): void {
    const media = Uri.joinPath(this.#options.extensionUri, 'dist', 'media');
    this.#view = view;
    this.#ready = false;
    view.webview.options = { enableScripts: true, localResourceRoots: [media] };
    const listener = view.webview.onDidReceiveMessage((message: unknown) => this.#receive(message));
    view.onDidDispose(() => {
      listener.dispose();
      if (this.#view !== view) return;
      this.#view = undefined;
      this.#ready = false;
    });
    view.webview.html = page(view.webview, media);
  }

  async focus(): Promise<void> {
    this.#focusWhenReady = true;
    await commands.executeCommand(`${viewId}.focus`);
    this.#postFocus();
  }

  async newChat(): Promise<void> {
    this.#session.show(this.#options.conversations.create());
    this.#context.reset();
    this.#postContext();
    await this.focus();
  }

  stop(): void {
    this.#session.stop();
  }

  async addSelection(): Promise<void> {
    const editor = window.activeTextEditor ?? this.#lastEditor.editor;
    if (editor) this.#context.pinSelection(editorFacts(editor));
    this.#postContext();
    await this.focus();
  }

  async chooseConversation(): Promise<void> {
    const conversations = this.#options.conversations.list();
    const picked = await window.showQuickPick(
      conversations.map((conversation) => ({
        label:
          conversation.messages
            .find((message) => message.role === 'user')
            ?.text.split('\n', 1)[0]
            ?.slice(0, 80) ?? 'Empty',
        description: new Date(conversation.changedMs).toLocaleString(),
        conversation,
      })),
      { title: 'Earlier Chats', placeHolder: conversations.length === 0 ? 'There are none yet' : 'Open a conversation', matchOnDescription: true },
    );
    if (!picked) return;
    this.#session.show(picked.conversation);
    await this.focus();
  }

  async deleteConversations(): Promise<void> {
    const deletion = 'Delete All';
    const detail = 'The conversations of this workspace are removed from this machine. This cannot be undone.';
    if ((await window.showWarningMessage('Delete all conversations?', { modal: true, detail }, deletion)) !== deletion) return;
    this.#session.show(this.#options.conversations.create());
    this.#options.conversations.deleteAll();
    this.#context.reset();
    this.#postContext();
  }

  dispose(): void {
    this.#session.dispose();
    this.#listeners.dispose();
    this.#options.conversations.dispose();
  }

  #receive(raw: unknown): void {
    const parsed = v.safeParse(fromWebviewSchema, raw);
    if (!parsed.success) {
      this.#options.log.warn(`A message from the chat view was refused: ${parsed.issues[0].message}`);
      return;
    }
    this.#obey(parsed.output).catch((error: unknown) => this.#options.log.error(`Chat: ${error instanceof Error ? error.message : String(error)}`));
  }

  async #obey(message: FromWebview): Promise<void> {
    switch (message.type) {
      case 'ready':
        return this.#postEverything();
      case 'ask':
        return this.#session.ask(message.text, this.#turnContext());
      case 'retry':
        if (message.withoutContext) this.#context.removeAll();
        this.#postContext();
        return this.#session.retry(message.id, this.#turnContext());
      case 'stop':
        return this.#session.stop();
      case 'newChat':
        return this.newChat();
      case 'copy':
        return copyText(message.text);
      case 'insert':
        return insertAtCursor(this.#lastEditor.editor, message.text);
      case 'openLink':
        return openLinkWhenConfirmed(message.href);
      case 'removeContext':
        this.#context.remove(message.id);
        return this.#postContext();
      case 'addContext':
        this.#context.add(message.id);
        return this.#postContext();
      case 'run':
        await commands.executeCommand(actionCommands[message.action]);
    }
  }

  /** Turns the session's signal into the token that the language client wants, and believes no answer that has another shape. */
  async #send(params: ChatParams, onText: (text: string) => void, signal: AbortSignal): Promise<ChatResult> {
    const source = new CancellationTokenSource();
    signal.addEventListener('abort', () => source.cancel(), { once: true });
    try {
      return v.parse(chatResultSchema, await this.#options.sendChat(params, onText, source.token));
    } finally {
      source.dispose();
    }
  }

  #turnContext(): TurnContext {
    return { attachments: this.#context.attachments(), labels: this.#context.view().attached.map((chip) => chip.label) };
  }

  #postEverything(): void {
    this.#ready = true;
    this.#shownContext = '';
    this.#post({ type: 'conversation', messages: [...this.#session.messages] });
    this.#postContext();
    this.#postStatus();
    this.#postFocus();
  }

  #postFocus(): void {
    if (!this.#focusWhenReady || !this.#ready) return;
    this.#focusWhenReady = false;
    this.#post({ type: 'focus' });
  }

  #postContext(): void {
    const { attached, available } = this.#context.view();
    const message: ToWebview = { type: 'context', attached: [...attached], available: [...available] };
    // A moving cursor changes nothing that a label says: only what is new is sent.
    const text = JSON.stringify(message);
    if (!this.#ready || text === this.#shownContext) return;
    this.#shownContext = text;
    this.#post(message);
  }

  #postStatus(): void {
    this.#post({ type: 'status', status: chatStatus(this.#options.status.current) });
  }

  #post(message: ToWebview): void {
    // Before the script runs nothing listens; its `ready` is answered with everything.
    if (this.#ready) void this.#view?.webview.postMessage(message);
  }
}

function page(webview: Webview, media: Uri): string {
  const uri = (name: string): string => webview.asWebviewUri(Uri.joinPath(media, name)).toString();
  return chatPage({
    cspSource: webview.cspSource,
    nonce: randomBytes(16).toString('base64'),
    scriptUri: uri('chat.js'),
    styleUris: [uri('codicon.css'), uri('chat.css')],
  });
}

function chatStatus(status: Status | undefined): ChatStatus {
  if (!status) return { state: 'unknown' };
  const { state, model, cause, action } = status;
  return {
    state,
    cause: cause?.slice(0, 600),
    action: action?.slice(0, 600),
    ...(model ? { model: { name: model.name.slice(0, 600), isStarter: model.isStarter } } : {}),
  };
}
