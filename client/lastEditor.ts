// Remembers the text editor that the user was in before the chat took the focus, as long as it can still be seen.
// Output panels, diffs' virtual sides and other windows' documents do not count: only files that can be worked on.
import { type Disposable, Disposable as DisposableValue, EventEmitter, type TextEditor, Uri, window, workspace } from 'vscode';
import type { EditorFacts } from './chatContext.ts';

const schemes = new Set(['file', 'vscode-remote', 'untitled']);

export class LastEditor implements Disposable {
  readonly #changed = new EventEmitter<void>();
  readonly onDidChange = this.#changed.event;
  readonly #listeners: Disposable;
  #editor: TextEditor | undefined;

  constructor() {
    this.#note(window.activeTextEditor);
    this.#listeners = DisposableValue.from(
      this.#changed,
      window.onDidChangeActiveTextEditor((editor) => this.#note(editor)),
      window.onDidChangeVisibleTextEditors(() => this.#note(window.activeTextEditor)),
      window.onDidChangeTextEditorSelection((event) => {
        if (event.textEditor === this.#editor) this.#changed.fire();
      }),
    );
  }

  get editor(): TextEditor | undefined {
    return this.#editor;
  }

  get facts(): EditorFacts | undefined {
    return this.#editor ? editorFacts(this.#editor) : undefined;
  }

  dispose(): void {
    this.#listeners.dispose();
  }

  #note(active: TextEditor | undefined): void {
    if (active && schemes.has(active.document.uri.scheme)) this.#editor = active;
    else if (this.#editor && !window.visibleTextEditors.includes(this.#editor)) this.#editor = undefined;
    this.#changed.fire();
  }
}

export function editorFacts(editor: TextEditor): EditorFacts {
  const { document, selection } = editor;
  const uri = document.uri.toString();
  return {
    uri,
    name: nameOf(uri),
    path: workspace.asRelativePath(document.uri),
    cursorLine: selection.active.line,
    ...(selection.isEmpty ? {} : { selection: { start: plain(selection.start), end: plain(selection.end) } }),
  };
}

/** The file's own name, without its folders. */
export function nameOf(uri: string): string {
  const { path } = Uri.parse(uri);
  return path.slice(path.lastIndexOf('/') + 1) || path;
}

function plain({ line, character }: { readonly line: number; readonly character: number }): { line: number; character: number } {
  return { line, character };
}
