// What of the open documents a completion is told: their texts, to look for what is alike, and what was just edited in them. It knows documents and their
// edits; it must not know what becomes of them.
import { mostPromptTokens } from '../core/prompt/contextShare.ts';
import { editSnippets } from '../core/retrieval/editSnippets.ts';
import type { OpenText, Snippet } from '../core/retrieval/similarWindows.ts';
import type { RecentEdits } from '../session/recentEdits.ts';
import type { Session } from '../session/session.ts';
import type { ProjectPlace, ProjectView } from './projectView.ts';

export interface NearbyTextsDependencies {
  readonly view: ProjectView;
  readonly session: Session;
  readonly recentEdits: RecentEdits;
}

const maxOpenTexts = 12;
const maxOpenCharacters = 100_000;
/** So far from the cursor the prompt may show the file itself: hardly any text has more characters a token. */
const windowCharacters = mostPromptTokens * 6;

/** Other open documents of the same folder that are in its index: what that leaves out may be a secret. */
export function openTexts({ view, session }: NearbyTextsDependencies, { folder, path }: ProjectPlace): OpenText[] {
  const texts: OpenText[] = [];
  for (const { uri, path: other } of indexedDocuments({ view, session }, folder)) {
    if (texts.length >= maxOpenTexts) break;
    const text = other === path ? undefined : session.documents.snapshot(uri)?.text;
    if (text !== undefined) texts.push({ path: other, text: text.slice(0, maxOpenCharacters) });
  }
  return texts;
}

/** Edits in all open documents of the folder, but for what the prompt shows around the cursor. */
export function recentEditSnippets(
  { view, session, recentEdits }: NearbyTextsDependencies,
  { folder, path }: ProjectPlace,
  { text, offset }: { readonly text: string; readonly offset: number },
): Snippet[] {
  const window = { start: Math.max(0, offset - windowCharacters), end: offset + windowCharacters };
  const edited = indexedDocuments({ view, session }, folder).flatMap(({ uri, path: other }) => {
    const edits = recentEdits.of(uri);
    const snapshot = edits.length > 0 ? session.documents.snapshot(uri) : undefined;
    return snapshot ? [{ path: other, text: snapshot.text, edits, ...(other === path ? { shown: window } : {}) }] : [];
  });
  return editSnippets(edited, text.slice(window.start, window.end));
}

function indexedDocuments({ view, session }: Pick<NearbyTextsDependencies, 'view' | 'session'>, folder: ProjectPlace['folder']) {
  return session.documents.uris.flatMap((uri) => {
    const at = view.place(uri);
    return at?.folder.symbols === folder.symbols && folder.symbols.file(at.path) ? [{ uri, path: at.path }] : [];
  });
}
