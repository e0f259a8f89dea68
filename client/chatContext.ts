// Decides what goes along with a question: the file and the selection of the last editor, unless the user took them away,
// and what the user added by hand. It answers with the chips that say so and the attachments that are sent, so that both
// always agree. It knows editors as plain values; it must not know VS Code.
import type { ChatAttachment } from '../server/protocol/chat.ts';
import { type Chip, chatLimits } from './protocol/chatMessages.ts';

export interface EditorFacts {
  readonly uri: string;
  /** The file's name, and its path as the user knows it. */
  readonly name: string;
  readonly path: string;
  readonly cursorLine: number;
  /** Present when something is selected. Zero-based lines, UTF-16 characters. */
  readonly selection?: NonNullable<ChatAttachment['range']>;
}

export interface ContextView {
  readonly attached: readonly Chip[];
  readonly available: readonly Chip[];
}

interface Item {
  readonly chip: Chip;
  readonly attachment: ChatAttachment;
}

const maxPinned = 8;
/** Names under which keys and passwords are kept. */
const secretFile =
  /^(?:\.env(?:\..*)?|.*\.(?:pem|key|p12|pfx|keystore|jks)|id_(?:rsa|dsa|ecdsa|ed25519)|\.npmrc|\.netrc|\.pypirc|credentials(?:\.json)?|secrets?\.(?:json|ya?ml|toml))$/i;

export class ChatContext {
  #editor: EditorFacts | undefined;
  #removed = new Set<string>();
  #pinned: Item[] = [];
  #pinCount = 0;

  setEditor(editor: EditorFacts | undefined): void {
    // What was taken away stays away until another file is in front.
    const isAnother = editor?.uri !== this.#editor?.uri;
    this.#editor = editor;
    if (isAnother) this.#removed = this.#leftOut();
  }

  /** Keeps a selection over changes of the editor, until it is taken away or a new chat begins. */
  pinSelection(editor: EditorFacts): void {
    if (!editor.selection) return;
    const item = selectionItem(editor, editor.selection, `pinned:${this.#pinCount}`);
    if (this.#pinned.some((other) => other.chip.title === item.chip.title)) return;
    this.#pinCount += 1;
    this.#pinned = [...this.#pinned, item].slice(-maxPinned);
  }

  remove(id: string): void {
    if (id.startsWith('pinned:')) this.#pinned = this.#pinned.filter((item) => item.chip.id !== id);
    else this.#removed.add(id);
  }

  add(id: string): void {
    this.#removed.delete(id);
  }

  removeAll(): void {
    this.#pinned = [];
    this.#removed = new Set(['file', 'selection']);
  }

  /** As a new chat starts: nothing added by hand, nothing taken away. */
  reset(): void {
    this.#pinned = [];
    this.#removed = this.#leftOut();
  }

  /** A file of secrets goes along only when the user adds it. */
  #leftOut(): Set<string> {
    return new Set(this.#editor && secretFile.test(this.#editor.name) ? ['file', 'selection'] : []);
  }

  view(): ContextView {
    const automatic = this.#automatic();
    return {
      attached: this.#attached().map((item) => item.chip),
      available: automatic.filter((item) => this.#removed.has(item.chip.id)).map((item) => item.chip),
    };
  }

  attachments(): readonly ChatAttachment[] {
    return this.#attached().map((item) => item.attachment);
  }

  #attached(): readonly Item[] {
    return [...this.#automatic().filter((item) => !this.#removed.has(item.chip.id)), ...this.#pinned].slice(0, chatLimits.chips);
  }

  #automatic(): readonly Item[] {
    const editor = this.#editor;
    if (!editor) return [];
    const file: Item = {
      chip: chip('file', 'file', editor.name, `${editor.path}: the file, and when it is too long the part around line ${editor.cursorLine + 1}`),
      attachment: { uri: editor.uri, focusLine: editor.cursorLine },
    };
    if (!editor.selection) return [file];
    const selection = selectionItem(editor, editor.selection, 'selection');
    return this.#pinned.some((item) => item.chip.title === selection.chip.title) ? [file] : [file, selection];
  }
}

/** What the model was shown, as a sentence; `asked` is the attachment it answers. */
export function shownSentence(
  name: string,
  shown: { readonly startLine: number; readonly endLine: number } & ({ readonly totalLines: number } | { readonly isFound: true }),
  asked: ChatAttachment | undefined,
): string {
  const { startLine, endLine } = shown;
  const lines = endLine - startLine <= 1 ? `line ${startLine + 1}` : `lines ${startLine + 1}-${endLine}`;
  if ('isFound' in shown) return `${name}, ${lines}: found in the project`;
  const { totalLines } = shown;
  if (startLine === 0 && endLine >= totalLines) return `${name}, all ${totalLines} lines`;
  // A range was asked for as it is; of a file, this is what there was room for.
  return asked?.range ? `${name}, ${lines}` : `${name}, ${lines} of ${totalLines}: what fits the model`;
}

function selectionItem(editor: EditorFacts, range: NonNullable<ChatAttachment['range']>, id: string): Item {
  const first = range.start.line + 1;
  // A selection that ends at a line's very start does not hold that line.
  const last = Math.max(first, range.end.character === 0 ? range.end.line : range.end.line + 1);
  const lines = first === last ? `${first}` : `${first}-${last}`;
  return { chip: chip(id, 'selection', `${editor.name}:${lines}`, `${editor.path}:${lines}, the selected text`), attachment: { uri: editor.uri, range } };
}

function chip(id: string, kind: Chip['kind'], label: string, title: string): Chip {
  return { id, kind, label: label.slice(-chatLimits.labelChars), title: title.slice(-chatLimits.labelChars) };
}
