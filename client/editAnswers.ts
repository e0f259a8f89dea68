// Shows a model's answer that could not become an edit, in a read-only document, with the reasons.
// It knows how such a document is made; it must not know how an answer is read.
import { type Disposable, EventEmitter, Uri, window, workspace } from 'vscode';
import type { EditRefusal } from '../server/protocol/edit.ts';

const scheme = 'tramontane-answer';
/** A virtual document: nothing to save, and gone with the window. Its name ends so that VS Code shows it as Markdown. */
const uri = Uri.from({ scheme, path: '/Answer to the edit.md' });

export interface EditAnswers extends Disposable {
  /** Only the last answer can be looked at. */
  readonly keep: (answer: string, refusals: readonly EditRefusal[]) => void;
  readonly show: () => Promise<void>;
}

export function registerEditAnswers(): EditAnswers {
  let content = '';
  const changed = new EventEmitter<Uri>();
  const provider = workspace.registerTextDocumentContentProvider(scheme, { onDidChange: changed.event, provideTextDocumentContent: () => content });
  return {
    keep: (answer, refusals) => {
      content = answerDocument(answer, refusals);
      changed.fire(uri);
    },
    show: async () => {
      const document = await workspace.openTextDocument(uri);
      await window.showTextDocument(document, { preview: true });
    },
    dispose: () => {
      provider.dispose();
      changed.dispose();
    },
  };
}

function answerDocument(answer: string, refusals: readonly EditRefusal[]): string {
  const reasons = refusals.map(({ path, message }) => {
    const [sentence = '', ...lines] = message.split('\n');
    return `- ${path === '' ? '' : `**${path}** `}${sentence}${lines.length === 0 ? '' : `\n\n${fenced(lines.join('\n'))}\n`}`;
  });
  const why = reasons.length === 0 ? '' : `# Why nothing was changed\n\n${reasons.join('\n')}\n\n`;
  return `${why}# The model's answer\n\n${answer === '' ? '(nothing)' : fenced(answer)}\n`;
}

function fenced(text: string): string {
  let fence = '```';
  while (text.includes(fence)) fence += '`';
  return `${fence}\n${text}\n${fence}`;
}
