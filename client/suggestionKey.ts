// Esc on ghost text: hides it as the editor's own key would, and says that it was turned down, which VS Code's stable interface has no event
// for. Where another key is pressed or this one is switched off, the server infers it from what is typed. It knows what was given to the editor
// last; what follows from a reject the server decides.
import {
  commands,
  Disposable as DisposableValue,
  type Disposable,
  type InlineCompletionItem,
  type InlineCompletionList,
  type TextDocument,
  window,
} from 'vscode';

/** Whether ghost text on the screen can be ours; without it Esc is left alone. */
const givenContext = 'tramontane.suggestionGiven';

export interface SuggestionKeyOptions {
  /** Tells the server. */
  readonly rejected: (id: string) => void;
  /** A next edit that is shown as ghost text is not wanted. */
  readonly dismissNextEdit: () => void;
}

type Items = readonly InlineCompletionItem[] | InlineCompletionList | null | undefined;

interface Given {
  readonly document: TextDocument;
  /** Undefined for the next edit, which is no suggestion of the model's. */
  readonly id: string | undefined;
}

export class SuggestionKey implements Disposable {
  readonly #options: SuggestionKeyOptions;
  readonly #subscriptions: Disposable;
  #given: Given | undefined;
  #isGivenShown = false;

  constructor(options: SuggestionKeyOptions) {
    this.#options = options;
    this.#subscriptions = DisposableValue.from(
      commands.registerCommand('tramontane.dismissSuggestion', () => this.#dismiss()),
      window.onDidChangeActiveTextEditor(() => this.#set(undefined)),
    );
  }

  /** The editor is given these for the document; nothing when there are none. */
  gave(document: TextDocument, items: Items): void {
    const list = items && 'items' in items ? items.items : items;
    const [first] = list ?? [];
    const argument: unknown = first?.command?.arguments?.[0];
    this.#set(first && { document, id: typeof argument === 'string' ? argument : undefined });
  }

  /** Whether this was given last; Esc takes it back. */
  isGiven(id: string): boolean {
    return this.#given?.id === id;
  }

  dispose(): void {
    this.#set(undefined);
    this.#subscriptions.dispose();
  }

  async #dismiss(): Promise<void> {
    const given = this.#given;
    this.#set(undefined);
    await commands.executeCommand('editor.action.inlineSuggest.hide');
    if (!given || window.activeTextEditor?.document !== given.document) return;
    // Which of them is shown now, typed through or not, the server knows: any other is no reject.
    if (given.id === undefined) this.#options.dismissNextEdit();
    else this.#options.rejected(given.id);
  }

  #set(given: Given | undefined): void {
    this.#given = given;
    const isShown = given !== undefined;
    if (isShown === this.#isGivenShown) return;
    this.#isGivenShown = isShown;
    void commands.executeCommand('setContext', givenContext, isShown);
  }
}
