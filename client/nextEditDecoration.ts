// How a next edit looks that is no ghost text: what goes is struck through, what comes stands behind it in the colour of ghost text, and the
// cursor's line says where it is. It knows decorations and themes; it must not know where an edit comes from.
import { ColorThemeKind, type DecorationOptions, type Disposable, Range, type TextEditor, type TextEditorDecorationType, ThemeColor, window } from 'vscode';
import { describeEdit, type PlacedEdit, shownInLine } from './nextEditPlace.ts';

const ghost = new ThemeColor('editorGhostText.foreground');

export class NextEditDecoration implements Disposable {
  #place: TextEditorDecorationType | undefined;
  #hint: TextEditorDecorationType | undefined;

  show(editor: TextEditor, edit: PlacedEdit, why: string): void {
    const { document, selection } = editor;
    const range = new Range(document.positionAt(edit.start), document.positionAt(edit.end));
    const isHighContrast = [ColorThemeKind.HighContrast, ColorThemeKind.HighContrastLight].includes(window.activeColorTheme.kind);
    // Ghost text has no colour of its own there.
    const color = isHighContrast ? new ThemeColor('editor.foreground') : ghost;
    this.clear();
    // In high contrast colours alone do not tell old from new: a line goes through the one, a frame around the other.
    this.#place = window.createTextEditorDecorationType({
      ...(range.isEmpty ? {} : { backgroundColor: new ThemeColor('diffEditor.removedTextBackground'), textDecoration: 'line-through' }),
      overviewRulerColor: new ThemeColor('editorGutter.modifiedBackground'),
      after: {
        color,
        fontStyle: 'italic',
        ...(isHighContrast
          ? { border: '1px solid', borderColor: new ThemeColor('contrastActiveBorder') }
          : { backgroundColor: new ThemeColor('diffEditor.insertedTextBackground') }),
      },
    });
    const shown: DecorationOptions = {
      range,
      hoverMessage: `${describeEdit(edit, range.start.line + 1)} (${why}). Tab goes there and takes it, Esc dismisses it.`,
      ...(edit.newText === '' ? {} : { renderOptions: { after: { contentText: shownInLine(edit.newText) } } }),
    };
    editor.setDecorations(this.#place, [shown]);
    if (selection.active.line === range.start.line) return;
    this.#hint = window.createTextEditorDecorationType({ isWholeLine: false });
    const lineEnd = document.lineAt(selection.active.line).range.end;
    const arrow = range.start.line < selection.active.line ? '↑' : '↓';
    const contentText = `⇥ Tab ${arrow} line ${range.start.line + 1}`;
    editor.setDecorations(this.#hint, [
      { range: new Range(lineEnd, lineEnd), renderOptions: { after: { contentText, color, margin: '0 0 0 2em', fontStyle: 'italic' } } },
    ]);
  }

  clear(): void {
    this.#place?.dispose();
    this.#hint?.dispose();
    this.#place = undefined;
    this.#hint = undefined;
  }

  dispose(): void {
    this.clear();
  }
}
