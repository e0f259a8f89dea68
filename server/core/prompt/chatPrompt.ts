// The words around a chat: what the model is told about itself and how a piece of a file is shown. It knows wording; it must not know
// budgets or models' templates.

/** A message of plain text: all that prompts are made of so far. */
export interface TextMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** The starter model was trained without any system text, so none is put before its chats. */
export function chatSystemPrompt(isStarter: boolean): string | undefined {
  if (isStarter) return undefined;
  return 'You are a programming assistant inside a code editor. Answer briefly and precisely, in Markdown. Put code into fenced blocks with the language named. When you do not know, say so.';
}

export interface ShownText {
  readonly path: string;
  readonly languageId: string;
  readonly text: string;
  /** One-based, for the model and the reader; absent when the whole file is shown. */
  readonly lines?: { readonly first: number; readonly last: number };
}

/** A piece of a file as a fenced block. The fence is longer than any in the text, so that the text cannot close it. */
export function fenced({ path, languageId, text, lines }: ShownText): string {
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map((match) => match[0].length));
  const fence = '`'.repeat(longest + 1);
  const where = lines ? `${path} (lines ${lines.first}-${lines.last})` : path;
  return `${where}\n${fence}${languageId}\n${text.endsWith('\n') ? text : `${text}\n`}${fence}`;
}

/** `project`: what was found for the question, before it; `shown`: what the user attached, behind it. */
export function questionWithContext(question: string, shown: readonly ShownText[], project: readonly ShownText[] = []): string {
  return [projectContext(project), question, ...shown.map(fenced)].filter((part) => part !== '').join('\n\n');
}

/** By path and line, so that the same pieces are always the same text. */
export function projectContext(project: readonly ShownText[]): string {
  if (project.length === 0) return '';
  const sorted = project.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : (a.lines?.first ?? 0) - (b.lines?.first ?? 0)));
  return `Pieces of the project that may matter, for reference:\n\n${sorted.map(fenced).join('\n\n')}`;
}
