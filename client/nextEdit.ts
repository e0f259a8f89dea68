// The next edit in the editor: asks for one when an edit has come to rest, shows one at a time, goes there, takes it, and asks for the one
// after it. It knows the editor's events, keys and context; which place comes next the server decides.
import {
  CancellationTokenSource,
  commands,
  Disposable as DisposableValue,
  type Disposable,
  InlineCompletionItem,
  type LogOutputChannel,
  type Position,
  Range,
  Selection,
  type TextDocument,
  type TextDocumentChangeEvent,
  TextEditorRevealType,
  type TextEditor,
  type CancellationToken,
  window,
  workspace,
} from 'vscode';
import type { NextEditParams, NextEditResult } from '../server/protocol/nextEdit.ts';
import { NextEditDecoration } from './nextEditDecoration.ts';
import { afterChanges, describeEdit, ghostInsertion, isIndentation, type PlacedEdit } from './nextEditPlace.ts';

export interface NextEditOptions {
  readonly log: LogOutputChannel;
  /** Rejects when the server cannot answer. */
  readonly ask: (params: NextEditParams, token: CancellationToken) => Promise<NextEditResult>;
  readonly dismissed: (id: string) => void;
}

interface Shown extends PlacedEdit {
  readonly id: string;
  readonly document: TextDocument;
  /** The version that the server made it for; when the document has another one, it is asked again before anything is taken. */
  readonly version: number;
  readonly why: string;
  readonly isGhost: boolean;
  /** The line of the place, and where in it that is: an event tells what came, not what went. */
  readonly lineText: string;
  readonly column: number;
}

/** An edit ends with a pause this long, ms, or when the cursor leaves its line. */
const pauseMs = 1000;
const leftMs = 150;
const visibleContext = 'tramontane.nextEditVisible';
const indentsContext = 'tramontane.nextEditTabIndents';

export class NextEdit implements Disposable {
  readonly #options: NextEditOptions;
  readonly #decoration = new NextEditDecoration();
  readonly #subscriptions: Disposable;
  #shown: Shown | undefined;
  #timer: NodeJS.Timeout | undefined;
  #asking: CancellationTokenSource | undefined;
  /** Where the edit under way is; none when it has been asked about. */
  #changedLine: number | undefined;
  /** Where the cursor was put by going to the edit: there Tab takes it, even before the text of a line. */
  #wentTo: Position | undefined;
  readonly #context = new Map<string, boolean>();

  constructor(options: NextEditOptions) {
    this.#options = options;
    this.#subscriptions = DisposableValue.from(
      commands.registerCommand('tramontane.nextEdit', (by?: unknown) => (by === 'tab' ? this.#tab() : this.#goOrTake())),
      commands.registerCommand('tramontane.dismissNextEdit', () => this.dismiss()),
      workspace.onDidChangeTextDocument((event) => this.#changed(event)),
      window.onDidChangeTextEditorSelection(({ textEditor }) => this.#moved(textEditor)),
      window.onDidChangeActiveTextEditor(() => this.#clear()),
      window.onDidChangeActiveColorTheme(() => this.#draw()),
      workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('tramontane.nextEdit')) this.#clear();
      }),
    );
  }

  /** As ghost text, for the provider of inline completions; undefined when there is nothing to show at this place. */
  ghostAt(document: TextDocument, position: Position): InlineCompletionItem[] | undefined {
    const shown = this.#shown;
    if (!shown?.isGhost || shown.document !== document || shown.version !== document.version) return undefined;
    const insertText = ghostText(shown, document, position);
    return insertText === undefined ? undefined : [new InlineCompletionItem(insertText, new Range(position, document.positionAt(shown.start)))];
  }

  dismiss(): void {
    const shown = this.#shown;
    this.#clear();
    if (shown) this.#options.dismissed(shown.id);
  }

  dispose(): void {
    this.#clear();
    this.#subscriptions.dispose();
    this.#decoration.dispose();
  }

  #changed({ document, contentChanges, reason }: TextDocumentChangeEvent): void {
    const editor = window.activeTextEditor;
    if (editor?.document !== document || contentChanges.length === 0) return;
    const shown = this.#shown;
    const after = shown && afterChanges(shown, contentChanges, (start, end) => textBeside(shown, start, end));
    // Undo and redo are no edits to go on from.
    if (reason !== undefined) {
      this.#clear();
      return;
    }
    if (after?.kind === 'taken') {
      this.#clear();
      this.#askAfter(0);
      return;
    }
    this.#shown = after?.kind === 'moved' ? after.edit : undefined;
    if (!this.#shown) this.#decoration.clear();
    // While somebody types, Tab is theirs; it is given back when the server has said again that the suggestion stands.
    this.#setContext(visibleContext, false);
    this.#wentTo = undefined;
    this.#changedLine = document.positionAt((contentChanges[0]?.rangeOffset ?? 0) + (contentChanges[0]?.text.length ?? 0)).line;
    this.#askAfter(pauseMs);
  }

  #moved(editor: TextEditor): void {
    if (editor !== window.activeTextEditor) return;
    const { active } = editor.selection;
    if (this.#wentTo && !this.#wentTo.isEqual(active)) this.#wentTo = undefined;
    this.#draw();
    // On the way to another line it is asked where the cursor comes to rest.
    if (this.#timer && this.#changedLine !== undefined && active.line !== this.#changedLine) this.#askAfter(leftMs);
  }

  #askAfter(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#asking?.cancel();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#changedLine = undefined;
      void this.#askAndShow();
    }, delayMs);
  }

  async #askAndShow(): Promise<void> {
    const editor = window.activeTextEditor;
    if (!editor) return;
    const found = await this.#ask(editor);
    if (found === 'superseded' || window.activeTextEditor !== editor) return;
    this.#show(editor, found);
  }

  /** @returns undefined when nothing follows */
  async #ask({ document, selections, selection }: TextEditor): Promise<Shown | 'superseded' | undefined> {
    if (!workspace.getConfiguration('tramontane.nextEdit', document).get('enabled', true) || selections.length !== 1) return undefined;
    this.#asking?.cancel();
    const asking = new CancellationTokenSource();
    this.#asking = asking;
    const { version } = document;
    const { line, character } = selection.active;
    try {
      const result = await this.#options.ask({ textDocument: { uri: document.uri.toString(), version }, position: { line, character } }, asking.token);
      if (asking.token.isCancellationRequested || document.version !== version) return 'superseded';
      return result.outcome === 'ok' ? placed(result, document, selection.active) : undefined;
    } catch (error) {
      if (!asking.token.isCancellationRequested) this.#options.log.debug(`No next edit: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    } finally {
      asking.dispose();
      if (this.#asking === asking) this.#asking = undefined;
    }
  }

  #show(editor: TextEditor, found: Shown | undefined): void {
    const isNew = found !== undefined && (this.#shown?.start !== found.start || this.#shown.newText !== found.newText);
    this.#shown = found;
    this.#draw();
    if (!found || !isNew) return;
    if (found.isGhost) void commands.executeCommand('editor.action.inlineSuggest.trigger');
    // VS Code reads notifications out; ghost text it reads out itself.
    else if (workspace.getConfiguration('editor').get('accessibilitySupport') === 'on') {
      void window.showInformationMessage(`${describeEdit(found, editor.document.positionAt(found.start).line + 1)}. Press Tab to go there.`);
    }
  }

  #draw(): void {
    const editor = window.activeTextEditor;
    const shown = this.#shown;
    if (!editor || !shown || shown.document !== editor.document || shown.isGhost) {
      this.#decoration.clear();
      this.#setContext(visibleContext, false);
      return;
    }
    this.#decoration.show(editor, shown, shown.why);
    this.#setContext(indentsContext, this.#isIndenting(editor));
    this.#setContext(visibleContext, shown.version === editor.document.version);
  }

  /** The context of the key may be a moment behind the cursor and the text: what is Tab's own is given back to it. */
  async #tab(): Promise<void> {
    const editor = window.activeTextEditor;
    const shown = this.#shown;
    const isOwn =
      editor !== undefined &&
      shown !== undefined &&
      shown.document === editor.document &&
      shown.version === editor.document.version &&
      editor.selections.length === 1 &&
      editor.selection.isEmpty &&
      !this.#isIndenting(editor);
    if (isOwn) await this.#goOrTake();
    else await commands.executeCommand('tab');
  }

  #isIndenting({ document, selection: { active } }: TextEditor): boolean {
    return !this.#wentTo?.isEqual(active) && isIndentation(document.lineAt(active.line).text.slice(0, active.character));
  }

  async #goOrTake(): Promise<void> {
    const editor = window.activeTextEditor;
    const shown = this.#shown;
    if (!editor || !shown || shown.document !== editor.document) return;
    const end = editor.document.positionAt(shown.end);
    if (editor.selection.active.line === end.line) {
      await this.#take(editor, shown);
      return;
    }
    this.#wentTo = end;
    editor.selection = new Selection(end, end);
    editor.revealRange(new Range(end, end), TextEditorRevealType.InCenterIfOutsideViewport);
  }

  async #take(editor: TextEditor, shown: Shown): Promise<void> {
    const { document } = editor;
    if (shown.version !== document.version) {
      const again = await this.#ask(editor);
      if (again === 'superseded') return;
      if (again?.start !== shown.start || again.end !== shown.end || again.newText !== shown.newText) {
        this.#show(editor, again);
        return;
      }
    }
    const range = new Range(document.positionAt(shown.start), document.positionAt(shown.end));
    if (document.getText(range) !== shown.oldText) {
      this.#clear();
      return;
    }
    // VS Code refuses it when the document has changed since; the change itself is what is gone on from.
    const isDone = await editor.edit((edit) => edit.replace(range, shown.newText));
    if (!isDone) return;
    const caret = document.positionAt(shown.start + shown.newText.length);
    editor.selection = new Selection(caret, caret);
  }

  #clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#asking?.cancel();
    this.#shown = undefined;
    this.#changedLine = undefined;
    this.#wentTo = undefined;
    this.#draw();
  }

  #setContext(key: string, value: boolean): void {
    if (this.#context.get(key) === value) return;
    this.#context.set(key, value);
    void commands.executeCommand('setContext', key, value);
  }
}

function placed(result: Extract<NextEditResult, { outcome: 'ok' }>, document: TextDocument, cursor: Position): Shown | undefined {
  const { id, version, oldText, newText, why } = result;
  const { start: from, end: to } = result.range;
  const range = new Range(from.line, from.character, to.line, to.character);
  if (version !== document.version || document.getText(range) !== oldText) return undefined;
  const edit = { start: document.offsetAt(range.start), end: document.offsetAt(range.end), oldText, newText };
  const canBeGhost = workspace.getConfiguration('editor', document).get('inlineSuggest.enabled', true);
  const lineText = document.lineAt(range.start.line).text;
  return {
    ...edit,
    id,
    document,
    version,
    why,
    lineText,
    column: range.start.character,
    isGhost: canBeGhost && ghostText(edit, document, cursor) !== undefined,
  };
}

function textBeside({ start: place, column, lineText }: Shown, start: number, end: number): string {
  const lineStart = place - column;
  return start < lineStart ? '' : lineText.slice(start - lineStart, end - lineStart);
}

function ghostText(edit: PlacedEdit, document: TextDocument, cursor: Position): string | undefined {
  const lineEnd = document.lineAt(cursor.line).range.end;
  const place = document.positionAt(edit.start);
  if (place.line !== cursor.line || place.isBefore(cursor)) return undefined;
  const textBetween = document.getText(new Range(cursor, place));
  return ghostInsertion(edit, { offset: document.offsetAt(cursor), lineEnd: document.offsetAt(lineEnd), textBetween });
}
