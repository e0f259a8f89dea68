// How a model is asked for an edit.
// It knows two forms: the one that the starter model was trained on, and a general one for models that follow instructions.
// It must not know files, budgets, nor which model is in use: the caller chooses the layout.
import type { TextMessage } from './chatPrompt.ts';

export type EditLayout = 'starter' | 'general';

export interface PromptFile {
  readonly path: string;
  readonly languageId: string;
  /** With `\n` line breaks and no final one. */
  readonly code: string;
}

export interface EditRequest {
  readonly layout: EditLayout;
  readonly instruction: string;
  /** The starter layout knows exactly one. */
  readonly files: readonly PromptFile[];
  /** Pieces of other files, for reference; the starter layout knows none. */
  readonly project?: string;
}

export function editPrompt({ layout, instruction, files, project = '' }: EditRequest): readonly TextMessage[] {
  const wanted = instruction.trim();
  if (layout === 'starter') return [{ role: 'user', content: files.map((file) => `${wanted}\n\n${starterFile(file)}`).join('\n\n') }];
  const shown = files.map(generalFile).join('\n\n');
  return [
    { role: 'system', content: generalSystem },
    { role: 'user', content: `${project === '' ? '' : `${project}\n\nThese pieces are not to be changed. The files to change:\n\n`}${shown}\n\n${wanted}` },
  ];
}

/** The first form of `prompt()` in native/starter-model/recipe/edits.py, byte for byte: path, fence, code. */
function starterFile({ path, languageId, code }: PromptFile): string {
  return `${path}\n\`\`\`${starterFences[languageId] ?? languageId}\n${code}\n\`\`\``;
}

/** `FENCE` of edits.py: the names that the starter model has seen. */
const starterFences: Readonly<Record<string, string>> = {
  typescript: 'ts',
  typescriptreact: 'ts',
  javascript: 'js',
  javascriptreact: 'js',
  python: 'python',
  rust: 'rust',
  go: 'go',
  c: 'c',
};

/** The fence is longer than any in the code, so that a markdown file cannot end it. */
function generalFile({ path, languageId, code }: PromptFile): string {
  let fence = '```';
  while (code.includes(fence)) fence += '`';
  return `${path}\n${fence}${fenceLanguages(languageId)[0] ?? ''}\n${code}\n${fence}`;
}

/** The names that a language goes by behind a fence, the usual one first. */
export function fenceLanguages(languageId: string): readonly string[] {
  return [...new Set([...(otherNames[languageId] ?? []), languageId])];
}

const otherNames: Readonly<Record<string, readonly string[]>> = {
  typescript: ['ts', 'mts', 'cts', 'tsx'],
  typescriptreact: ['tsx', 'ts', 'typescript'],
  javascript: ['js', 'mjs', 'cjs', 'jsx'],
  javascriptreact: ['jsx', 'js', 'javascript'],
  python: ['python', 'py', 'python3'],
  rust: ['rust', 'rs'],
  go: ['go', 'golang'],
  cpp: ['cpp', 'c++', 'cc', 'h', 'hpp'],
  c: ['c', 'h'],
  csharp: ['csharp', 'cs', 'c#'],
  shellscript: ['sh', 'bash', 'shell', 'zsh'],
  markdown: ['markdown', 'md'],
  yaml: ['yaml', 'yml'],
  jsonc: ['jsonc', 'json'],
  plaintext: ['text', 'txt', 'plain'],
  ruby: ['ruby', 'rb'],
  kotlin: ['kotlin', 'kt'],
};

const generalSystem = `You edit source code. Answer only with SEARCH/REPLACE blocks, one for each change:

src/greeting.ts
<<<<<<< SEARCH
export function greet(name: string): string {
  return 'Hello';
}
=======
export function greet(name: string): string {
  return \`Hello, \${name}\`;
}
>>>>>>> REPLACE

Rules:
- The line above a block is the path of the file, exactly as it was shown to you.
- The SEARCH part repeats whole lines of that file exactly, blanks included, and enough of them to stand there only once. Never leave lines out with "...".
- The REPLACE part is what comes instead of them, complete. To delete lines, leave it empty. To insert, repeat the line beside the new ones in both parts.
- Change only what the instruction asks for, and only in the files and lines that were shown. Every block is meant for the files as shown.`;
