// The command "Edit with Instruction…": asks what should change, asks the server for it, and puts the proposal in front of the user.
// It knows the order of these steps and the words for what goes wrong; it must not know prompts, models or how an answer is read.
import * as v from 'valibot';
import {
  type CancellationToken,
  commands,
  type Disposable,
  Disposable as DisposableValue,
  type LogOutputChannel,
  ProgressLocation,
  type TextDocument,
  type TextEditor,
  type Uri,
  window,
  workspace,
} from 'vscode';
import { type EditParams, type EditResult, editResultSchema } from '../server/protocol/edit.ts';
import { applyProposal } from './applyProposal.ts';
import { type EditAnswers, registerEditAnswers } from './editAnswers.ts';
import { type Asked, type EditInput, registerEditInput } from './editInput.ts';
import { selectedLines, targetLabel, whyNotEditable } from './editTargets.ts';

export interface EditOptions {
  readonly log: LogOutputChannel;
  /** Rejects when the server cannot answer. */
  readonly sendEdit: (params: EditParams, token: CancellationToken) => Promise<EditResult>;
}

interface Parts extends EditOptions {
  readonly answers: EditAnswers;
  readonly input: EditInput;
  /** The last instruction, proposed again. */
  readonly recall: { instruction: string };
}

export function registerEdit(options: EditOptions): Disposable {
  const answers = registerEditAnswers();
  const input = registerEditInput();
  const parts: Parts = { ...options, answers, input, recall: { instruction: '' } };
  return DisposableValue.from(
    answers,
    input,
    commands.registerCommand('tramontane.editWithInstruction', () => editWithInstruction(parts)),
  );
}

async function editWithInstruction(parts: Parts): Promise<void> {
  const editor = window.activeTextEditor;
  if (!editor) {
    await window.showInformationMessage('Open a file first, then choose "Tramontane: Edit with Instruction…" again.');
    return;
  }
  const { document } = editor;
  if (await toldNotEditable([document.uri])) return;
  const asked = await parts.input.ask({ document, target: targetLabel(document, editor.selection), last: parts.recall.instruction });
  if (!asked) return;
  parts.recall.instruction = asked.instruction;
  if (await toldNotEditable(asked.alsoEdit)) return;
  await propose(parts, editor, asked);
}

async function toldNotEditable(uris: readonly Uri[]): Promise<boolean> {
  const reasons = (await Promise.all(uris.map(whyNotEditable))).filter((reason) => reason !== undefined);
  const [reason] = reasons;
  if (reason !== undefined) await window.showErrorMessage(reason);
  return reason !== undefined;
}

async function propose(parts: Parts, editor: TextEditor, { instruction, alsoEdit }: Asked): Promise<void> {
  const { log } = parts;
  // Every file is opened before the server is asked: then it sees the editor's text, and a version to hold the proposal against.
  let opened: ReadonlyMap<string, TextDocument>;
  try {
    opened = await openAll([editor.document.uri, ...alsoEdit]);
  } catch (error) {
    log.warn(`A file cannot be opened: ${messageOf(error)}`);
    await window.showErrorMessage(`A file cannot be opened as text: ${messageOf(error)}`);
    return;
  }
  const { selection } = editor;
  const isPart = selectedLines(selection) !== undefined;
  const params: EditParams = {
    instruction,
    target: { uri: editor.document.uri.toString(), ...(isPart ? { range: { start: plain(selection.start), end: plain(selection.end) } } : {}) },
    alsoEdit: alsoEdit.map((uri) => uri.toString()),
  };
  const title = `Tramontane is editing ${targetLabel(editor.document, selection)}`;
  const result = await window.withProgress({ location: ProgressLocation.Notification, title, cancellable: true }, (_, token) => request(parts, params, token));
  if (result === undefined) return;
  if (result.outcome !== 'ok') {
    await tellProblem(parts, result);
    return;
  }
  const applied = await applyProposal({ documents: result.documents, opened, label: labelOf(instruction) });
  if (applied.kind === 'stale') {
    await offerAgain(`${applied.path} was changed while the model was at work, so nothing was applied.`);
  } else if (applied.kind === 'applied' && applied.taken !== undefined && applied.taken > 0 && applied.taken < applied.total) {
    await window.showInformationMessage(`${applied.taken} of ${applied.total} changes were applied.`);
  }
}

/** Undefined when there is nothing more to say: the user cancelled, or has been told. */
async function request({ log, sendEdit }: Parts, params: EditParams, token: CancellationToken): Promise<EditResult | undefined> {
  try {
    const parsed = v.safeParse(editResultSchema, await sendEdit(params, token));
    if (token.isCancellationRequested) return undefined;
    if (parsed.success) return parsed.output;
    log.error(`An answer of the server was not understood: ${parsed.issues[0].message}`);
  } catch (error) {
    if (token.isCancellationRequested) return undefined;
    log.error(`The edit failed: ${messageOf(error)}`);
  }
  // Not awaited: the progress notification must not stay for as long as this one does.
  void offerAgain('The edit could not be made: the language server failed. The log says why.');
  return undefined;
}

async function tellProblem({ answers }: Parts, result: Exclude<EditResult, { outcome: 'ok' }>): Promise<void> {
  switch (result.outcome) {
    case 'cancelled':
      return;
    case 'refused': {
      answers.keep(result.answer, result.refusals);
      const [first] = result.refusals;
      const more = result.refusals.length > 1 ? ` (and ${result.refusals.length - 1} more)` : '';
      await offer(`Nothing was changed. ${shortened(first?.message ?? '')}${more}`, { title: 'Show Answer', act: answers.show });
      return;
    }
    case 'noEdits':
      answers.keep(result.answer, []);
      await offer(`${result.cause} ${result.action}`, { title: 'Show Answer', act: answers.show });
      return;
    case 'engineUnavailable':
      await offer(`${result.cause} ${result.action}`, { title: 'Restart Engine', act: () => commands.executeCommand('tramontane.restartEngine') });
      return;
    case 'contextOverflow':
    case 'noModel':
    case 'unsupported':
      await offer(`${result.cause} ${result.action}`, { title: 'Choose Model…', act: () => commands.executeCommand('tramontane.chooseModel') });
  }
}

/** A message with its one way out. */
async function offer(message: string, { title, act }: { readonly title: string; readonly act: () => Thenable<unknown> }): Promise<void> {
  if ((await window.showErrorMessage(message, title)) === title) await act();
}

/** The command begins anew with the same instruction: the selection may stand elsewhere by now, and the user sees what will change. */
async function offerAgain(message: string): Promise<void> {
  await offer(message, { title: 'Try Again', act: () => commands.executeCommand('tramontane.editWithInstruction') });
}

async function openAll(uris: readonly Uri[]): Promise<ReadonlyMap<string, TextDocument>> {
  const documents = await Promise.all(uris.map((uri) => workspace.openTextDocument(uri)));
  return new Map(documents.map((document) => [document.uri.toString(), document]));
}

const maxLabelLength = 60;
const maxMessageLength = 500;

function labelOf(instruction: string): string {
  const line = instruction.replace(/\s+/g, ' ').trim();
  return `Tramontane: ${line.length > maxLabelLength ? `${line.slice(0, maxLabelLength - 1)}…` : line}`;
}

/** Notifications show no line breaks: the lines that a refusal quotes are set apart by signs. */
function shortened(message: string): string {
  const line = message.replace(/:\n/, ': ').replaceAll('\n', ' ⏎ ');
  return line.length > maxMessageLength ? `${line.slice(0, maxMessageLength - 1)}…` : line;
}

function plain({ line, character }: { readonly line: number; readonly character: number }): { line: number; character: number } {
  return { line, character };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
