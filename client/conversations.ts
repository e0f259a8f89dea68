// Keeps conversations on this machine, so that they survive a window reload: one JSON file that only the user can read,
// bounded in number and size, replaced whole by a rename, and deleted by one call. A file that cannot be understood is set
// aside, never an error for the user. It must not know VS Code, the webview or how an answer comes about.
import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { type ChatMessage, chatLimits, chatMessageSchema } from './protocol/chatMessages.ts';

const conversationSchema = v.object({
  id: v.pipe(v.string(), v.minLength(1), v.maxLength(64)),
  /** Milliseconds since 1970. */
  createdMs: v.number(),
  changedMs: v.number(),
  messages: v.pipe(v.array(chatMessageSchema), v.maxLength(chatLimits.messages)),
});
export type Conversation = v.InferOutput<typeof conversationSchema>;

const fileSchema = v.object({
  version: v.literal(1),
  /** The conversation that was open; null when the chat was empty. */
  openId: v.nullable(v.string()),
  conversations: v.array(conversationSchema),
});
type StoredFile = v.InferOutput<typeof fileSchema>;

export interface ConversationsOptions {
  /** The extension's storage folder. Conversations get a folder of their own inside, which only the user can enter. */
  readonly folder: string;
  readonly log: { readonly warn: (message: string) => void };
  readonly nowMs?: () => number;
  /** Saves that come closer together than this become one, ms. */
  readonly saveDelayMs?: number;
  readonly maxConversations?: number;
  readonly maxBytes?: number;
}

const fileName = 'conversations.json';

export class Conversations {
  readonly #options: Required<ConversationsOptions>;
  #stored: StoredFile = { version: 1, openId: null, conversations: [] };
  /** What the file was when it was last read or written here: another window without a folder may share it. */
  #seen = '';
  #dirty = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  /** Set when the file is of a newer version: it is left as it is, and nothing is kept. */
  #readOnly = false;

  constructor(options: ConversationsOptions) {
    this.#options = { nowMs: Date.now, saveDelayMs: 1000, maxConversations: 20, maxBytes: 2_000_000, ...options, folder: path.join(options.folder, 'chat') };
    this.#stored = this.#read();
  }

  /** The conversation that was open when the window was closed; an answer that was being written counts as interrupted. */
  open(): Conversation {
    const stored = this.#stored.conversations.find((conversation) => conversation.id === this.#stored.openId);
    return stored ? { ...stored, messages: stored.messages.map(interrupted) } : this.create();
  }

  create(): Conversation {
    const nowMs = this.#options.nowMs();
    return { id: randomUUID(), createdMs: nowMs, changedMs: nowMs, messages: [] };
  }

  /** Newest first. */
  list(): readonly Conversation[] {
    return this.#stored.conversations.toSorted((one, other) => other.changedMs - one.changedMs);
  }

  /** Makes this the open conversation and writes it soon; at once when the turn is over and nothing more will come. */
  save(conversation: Conversation, when: 'soon' | 'now'): void {
    const others = this.#stored.conversations.filter((other) => other.id !== conversation.id);
    const isEmpty = conversation.messages.length === 0;
    this.#stored = {
      version: 1,
      openId: isEmpty ? null : conversation.id,
      conversations: isEmpty ? others : [...others, { ...conversation, changedMs: this.#options.nowMs() }],
    };
    this.#dirty.add(conversation.id);
    if (when === 'now') this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), this.#options.saveDelayMs);
  }

  /** Writes what is not on disk yet. Synchronous, since nothing may be lost when the window goes away; 2 MB take a few ms. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#dirty.size === 0 || this.#readOnly) return;
    try {
      this.#mergeForeignChanges();
      this.#stored = this.#bounded(this.#stored);
      this.#write(JSON.stringify(this.#stored));
      this.#dirty.clear();
    } catch (error) {
      // A full disk costs the history, not the chat: the conversation stays in memory and the next save tries again.
      this.#options.log.warn(`Could not save the conversations: ${describe(error)}`);
    }
  }

  /** Removes every conversation from memory and disk, with what a crash may have left beside them. */
  deleteAll(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#dirty.clear();
    this.#readOnly = false;
    this.#stored = { version: 1, openId: null, conversations: [] };
    this.#seen = '';
    if (!existsSync(this.#options.folder)) return;
    for (const name of readdirSync(this.#options.folder)) {
      if (name.startsWith(fileName)) rmSync(path.join(this.#options.folder, name), { force: true });
    }
  }

  dispose(): void {
    this.flush();
  }

  get #path(): string {
    return path.join(this.#options.folder, fileName);
  }

  #read(): StoredFile {
    const empty: StoredFile = { version: 1, openId: null, conversations: [] };
    if (!existsSync(this.#path)) return empty;
    try {
      this.#seen = this.#fingerprint();
      const data: unknown = JSON.parse(readFileSync(this.#path, 'utf8'));
      const parsed = v.safeParse(fileSchema, data);
      if (parsed.success) return parsed.output;
      if (v.is(v.object({ version: v.pipe(v.number(), v.minValue(2)) }), data)) {
        this.#readOnly = true;
        this.#options.log.warn(`${this.#path} was written by a newer Tramontane: it stays as it is, and conversations are not kept.`);
        return empty;
      }
      this.#setAside(parsed.issues[0].message);
    } catch (error) {
      this.#setAside(describe(error));
    }
    return empty;
  }

  #setAside(reason: string): void {
    const aside = `${this.#path}.damaged`;
    this.#options.log.warn(`The conversations could not be read (${reason}); the file is now ${aside}.`);
    try {
      renameSync(this.#path, aside);
    } catch (error) {
      this.#options.log.warn(`It could not be moved: ${describe(error)}`);
    }
  }

  /** Two windows without a folder share one file: what the other one wrote since is taken over before ours goes in. */
  #mergeForeignChanges(): void {
    const exists = existsSync(this.#path);
    if (exists ? this.#fingerprint() === this.#seen : this.#seen === '') return;
    const { openId, conversations } = this.#stored;
    const ours = conversations.filter((conversation) => this.#dirty.has(conversation.id));
    // A file that is gone was deleted by the other window: what it held must not come back.
    const theirs = this.#read().conversations.filter((conversation) => !this.#dirty.has(conversation.id));
    this.#stored = { version: 1, openId, conversations: [...theirs, ...ours] };
  }

  /** Drops the oldest conversations until number and size fit; of the newest one at least the last message stays. */
  #bounded(stored: StoredFile): StoredFile {
    const { maxBytes, maxConversations } = this.#options;
    const newestFirst = stored.conversations.toSorted((one, other) => other.changedMs - one.changedMs).slice(0, maxConversations);
    const kept: Conversation[] = [];
    let sizeBytes = 0;
    for (const conversation of newestFirst) {
      const fitting = kept.length === 0 ? withoutOldestMessages(conversation, maxBytes) : conversation;
      sizeBytes += sizeInBytes(fitting);
      if (sizeBytes > maxBytes && kept.length > 0) break;
      kept.push(fitting);
    }
    return { version: 1, openId: stored.openId, conversations: kept };
  }

  #write(text: string): void {
    mkdirSync(this.#options.folder, { recursive: true, mode: 0o700 });
    // An existing folder keeps its mode through mkdir, so it is set again.
    chmodSync(this.#options.folder, 0o700);
    const temporary = `${this.#path}.${process.pid}.tmp`;
    rmSync(temporary, { force: true });
    writeFileSync(temporary, text, { mode: 0o600, flag: 'wx' });
    renameSync(temporary, this.#path);
    this.#seen = this.#fingerprint();
  }

  #fingerprint(): string {
    const { mtimeMs, size, ino } = statSync(this.#path);
    return `${mtimeMs} ${size} ${ino}`;
  }
}

function interrupted(message: ChatMessage): ChatMessage {
  return message.role === 'assistant' && message.state === 'streaming' ? { ...message, state: 'interrupted' } : message;
}

function withoutOldestMessages(conversation: Conversation, maxBytes: number): Conversation {
  let size = sizeInBytes(conversation);
  let first = 0;
  while (size > maxBytes && first < conversation.messages.length - 1) {
    size -= sizeInBytes(conversation.messages[first]);
    first += 1;
  }
  return first === 0 ? conversation : { ...conversation, messages: conversation.messages.slice(first) };
}

/** As JSON in UTF-8, with the comma that follows. */
function sizeInBytes(value: Conversation | ChatMessage | undefined): number {
  return Buffer.byteLength(JSON.stringify(value) ?? '') + 1;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
