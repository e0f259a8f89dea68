// Asks for an instruction, and shows while it is typed which files will be shown to the model and may change.
// It knows input boxes and picks; it must not know what happens with the instruction.
import { CancellationTokenSource, commands, type Disposable, QuickPickItemKind, type TextDocument, ThemeIcon, type Uri, window, workspace } from 'vscode';
import { namedFiles } from './editPaths.ts';
import { listWorkspaceFiles, noFiles, suggestedFiles, type WorkspaceFiles } from './editTargets.ts';

export interface Asked {
  readonly instruction: string;
  readonly alsoEdit: readonly Uri[];
}

export interface AskOptions {
  readonly document: TextDocument;
  /** What will change, for the reader. */
  readonly target: string;
  /** The last instruction: shown selected, so that typing replaces it and Enter repeats it. */
  readonly last: string;
}

/** As many as the server takes. */
const maxFiles = 32;
/** The key that opens the input adds files while it is open: so the button can be reached without a mouse. */
const openContext = 'tramontane.editInputOpen';
const addFilesButton = { iconPath: new ThemeIcon('add'), tooltip: 'Add Files… (press the key of the command again)' };

export interface EditInput extends Disposable {
  /** Undefined when the user leaves. */
  readonly ask: (options: AskOptions) => Promise<Asked | undefined>;
}

/** What the key for adding files does, while a box is open. */
interface OpenBox {
  addFiles: (() => void) | undefined;
}

export function registerEditInput(): EditInput {
  const openBox: OpenBox = { addFiles: undefined };
  const command = commands.registerCommand('tramontane.addFilesToEdit', () => openBox.addFiles?.());
  return { ask: (options) => askInstruction(options, openBox), dispose: () => void command.dispose() };
}

async function askInstruction(options: AskOptions, openBox: OpenBox): Promise<Asked | undefined> {
  const listing = new CancellationTokenSource();
  let files = noFiles;
  let onListed: () => void = () => undefined;
  const listed = listWorkspaceFiles(listing.token).then(
    (found) => {
      files = found;
      onListed();
    },
    // Without the list of files none is found by its name; the user sees so in the box.
    () => undefined,
  );
  let added: readonly Uri[] = [];
  let value = options.last;
  let isFirst = true;
  try {
    for (;;) {
      const step = await showBox({
        value,
        openBox,
        isFirst,
        describe: (text) => describe(options, alsoEdit(text, { options, files, added })),
        onRefresh: (refresh) => {
          onListed = refresh;
        },
      });
      if (step.kind === 'left') return undefined;
      value = step.value;
      isFirst = false;
      if (step.kind === 'accepted') {
        // What the instruction names must be known before it is acted on.
        await listed;
        return { instruction: value.trim(), alsoEdit: alsoEdit(value, { options, files, added }) };
      }
      await listed;
      added = (await pickFiles(options.document, files, added)) ?? added;
    }
  } finally {
    listing.cancel();
    listing.dispose();
  }
}

function alsoEdit(
  text: string,
  { options, files, added }: { readonly options: AskOptions; readonly files: WorkspaceFiles; readonly added: readonly Uri[] },
): readonly Uri[] {
  const uris = new Map(added.map((uri) => [uri.toString(), uri]));
  for (const path of namedFiles(text, files.paths)) {
    const uri = files.uriOf(path);
    if (uri !== undefined) uris.set(uri.toString(), uri);
  }
  uris.delete(options.document.uri.toString());
  return [...uris.values()].slice(0, maxFiles);
}

function describe({ target }: AskOptions, also: readonly Uri[]): string {
  if (also.length === 0) return `May change ${target}. You see every change before it is made.`;
  return `May change ${target}; also ${also.map((uri) => workspace.asRelativePath(uri)).join(', ')}. You see every change before it is made.`;
}

type Step = { readonly kind: 'left' } | { readonly kind: 'accepted' | 'addFiles'; readonly value: string };

interface BoxOptions {
  readonly openBox: OpenBox;
  readonly value: string;
  readonly isFirst: boolean;
  readonly describe: (text: string) => string;
  /** Hands over what to call when the description may have changed. */
  readonly onRefresh: (refresh: () => void) => void;
}

function showBox({ openBox, value, isFirst, describe: describeText, onRefresh }: BoxOptions): Promise<Step> {
  return new Promise((resolve) => {
    const box = window.createInputBox();
    const resources: Disposable[] = [box];
    const refresh = () => {
      box.prompt = describeText(box.value);
    };
    const addFiles = () => end({ kind: 'addFiles', value: box.value });
    const end = (step: Step) => {
      openBox.addFiles = undefined;
      void commands.executeCommand('setContext', openContext, false);
      // First: VS Code tells a box that is disposed that it was hidden, which would count as left.
      resolve(step);
      for (const resource of resources) resource.dispose();
    };
    box.title = 'Edit with Instruction';
    box.placeholder = 'What should be changed? For example: add a parameter "timeoutMs" to fetchAll';
    box.value = value;
    // The last instruction is a proposal; one that was being typed when files were added is not to be lost by the next key.
    box.valueSelection = isFirst ? [0, value.length] : [value.length, value.length];
    box.ignoreFocusOut = true;
    box.buttons = [addFilesButton];
    refresh();
    onRefresh(refresh);
    resources.push(
      box.onDidChangeValue(() => {
        box.validationMessage = undefined;
        refresh();
      }),
      box.onDidTriggerButton(addFiles),
      box.onDidAccept(() => {
        if (box.value.trim() === '') box.validationMessage = 'Say what should be changed.';
        else end({ kind: 'accepted', value: box.value });
      }),
      box.onDidHide(() => end({ kind: 'left' })),
    );
    openBox.addFiles = addFiles;
    void commands.executeCommand('setContext', openContext, true);
    box.show();
  });
}

async function pickFiles(document: TextDocument, files: WorkspaceFiles, added: readonly Uri[]): Promise<readonly Uri[] | undefined> {
  const { open, imported } = suggestedFiles(document, files);
  const isAdded = new Set(added.map((uri) => uri.toString()));
  const known = new Set([...open, ...imported].map((uri) => uri.toString()));
  const item = (uri: Uri) => ({ label: workspace.asRelativePath(uri), uri, picked: isAdded.has(uri.toString()) });
  const separator = (label: string) => ({ label, kind: QuickPickItemKind.Separator, uri: undefined });
  const others = added.filter((uri) => !known.has(uri.toString()));
  const items = [
    ...(others.length > 0 ? [separator('added'), ...others.map(item)] : []),
    ...(open.length > 0 ? [separator('open editors'), ...open.map(item)] : []),
    ...(imported.length > 0 ? [separator('imported by this file'), ...imported.map(item)] : []),
  ];
  if (items.length === 0) {
    await window.showInformationMessage('No other file is open or imported here. Open it in a tab, or name it in the instruction.');
    return undefined;
  }
  const picked = await window.showQuickPick(items, {
    canPickMany: true,
    title: 'Files that may change too',
    placeHolder: 'Other files: name them in the instruction, with their extension',
    ignoreFocusOut: true,
  });
  return picked?.flatMap(({ uri }) => (uri === undefined ? [] : [uri])).slice(0, maxFiles);
}
