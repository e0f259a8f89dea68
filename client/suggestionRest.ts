// The rest of a block whose first lines are shown already: when the server says that there is more of it, the editor is made to ask again, and gets from
// what is kept the same with its rest. It knows the editor and what was given to it; whether there is more the server decides.
import { commands, Uri, window } from 'vscode';
import type { SuggestionGrew } from '../server/protocol/suggestionGrew.ts';

export class SuggestionRest {
  /** Whether the suggestion of this id was given to the editor last, and nothing has dismissed it. */
  isShown: (id: string) => boolean = () => false;
  #isAsking = false;

  /** The editor takes the trigger for one of the user's, who would want several to choose from. */
  get isAsking(): boolean {
    return this.#isAsking;
  }

  /** Only where nothing has happened since it was given. */
  async ask({ uri, version, position, id }: SuggestionGrew): Promise<void> {
    const editor = window.activeTextEditor;
    if (!editor || editor.document.uri.toString() !== Uri.parse(uri).toString() || editor.document.version !== version) return;
    const { active, isEmpty } = editor.selection;
    if (!isEmpty || active.line !== position.line || active.character !== position.character || !this.isShown(id)) return;
    this.#isAsking = true;
    try {
      // VS Code keeps what it shows as the first of what an explicit request brings, so the one with its rest is the next of them. An automatic request does
      // nothing: place and version have had their answer. So other candidates can be asked for at this place only after the next key.
      await commands.executeCommand('editor.action.inlineSuggest.showNext');
    } finally {
      this.#isAsking = false;
    }
  }
}
