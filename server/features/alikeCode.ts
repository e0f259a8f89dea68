// Code of the project that is like what stands around the cursor, for a copy without a model: other open documents, and pieces of files that text search finds
// while the cursor rests. It knows the project and documents; it must not know what is copied from them.
import { tailQuery } from '../core/retrieval/textTail.ts';
import type { Session } from '../session/session.ts';
import type { Clock } from './clock.ts';
import type { ProjectPlace, ProjectView } from './projectView.ts';
import type { ReadDocument } from './readDocument.ts';

export interface AlikeCodeDependencies {
  readonly session: Session;
  readonly clock: Clock;
  readonly ended: AbortSignal;
  /** Without a project there are the open documents alone. */
  readonly project?: { readonly view: ProjectView; readonly documents: ReadDocument };
}

export interface AlikePlace {
  readonly uri: string;
  readonly languageId: string;
  readonly text: string;
  /** UTF-16 offset of the cursor. */
  readonly offset: number;
}

interface Found {
  readonly offset: number;
  readonly texts: readonly string[];
}

/** Of other open documents, this much is looked at. */
const mostOpen = 4;
const openCharacters = 16_000;
/** The cursor rests when so long nothing was asked. */
const restMs = 150;
/** What was found stays while the cursor stays near, in characters. */
const nearCharacters = 300;
const linesAround = 4;
const charactersAround = 2000;
const mostHits = 8;
const mostLinesOfHit = 60;
/** A search that took longer is not repeated at every rest: all of them together get a fiftieth of the time. */
const slowSearchMs = 20;
const searchShare = 1 / 50;

export class AlikeCode {
  readonly #deps: AlikeCodeDependencies;
  readonly #found = new Map<string, Found>();
  #resting: AbortController | undefined;
  #searchesAgainMs = -Infinity;

  constructor(deps: AlikeCodeDependencies) {
    this.#deps = deps;
    deps.session.documents.listen({ closed: (uri) => this.#found.delete(uri) });
  }

  /** What is there already, the likeliest first; a keystroke waits for nothing. */
  at(place: AlikePlace): readonly string[] {
    const at = this.#deps.project?.view.place(place.uri);
    if (at && !this.#isKnownNear(place)) this.#lookWhenResting(place, at);
    return [...(this.#found.get(place.uri)?.texts ?? []), ...this.#openTexts(place, at)];
  }

  #openTexts({ uri, languageId }: AlikePlace, at: ProjectPlace | undefined): readonly string[] {
    const { session, project } = this.#deps;
    const texts: string[] = [];
    for (const other of session.documents.uris) {
      if (texts.length >= mostOpen) break;
      const snapshot = other === uri ? undefined : session.documents.snapshot(other);
      if (snapshot?.languageId !== languageId) continue;
      // What the index leaves out may be a secret.
      const theirs = at && project?.view.place(other);
      if (theirs && theirs.folder.isComplete && !theirs.folder.symbols.file(theirs.path)) continue;
      texts.push(snapshot.text.slice(0, openCharacters));
    }
    return texts;
  }

  #isKnownNear({ uri, offset }: AlikePlace): boolean {
    const known = this.#found.get(uri);
    return known !== undefined && Math.abs(known.offset - offset) < nearCharacters;
  }

  #lookWhenResting(place: AlikePlace, at: ProjectPlace): void {
    const { clock, ended } = this.#deps;
    this.#resting?.abort();
    const resting = new AbortController();
    this.#resting = resting;
    const isOver = () => resting.signal.aborted || ended.aborted;
    void clock.wait(restMs, resting.signal).then(() => (isOver() ? undefined : this.#look(place, at, isOver)));
  }

  async #look({ uri, languageId, text, offset }: AlikePlace, { folder, path }: ProjectPlace, isOver: () => boolean): Promise<void> {
    const { clock, session, project } = this.#deps;
    if (!folder.searchesFast) return;
    const startedMs = clock.now();
    if (startedMs < this.#searchesAgainMs) return;
    const above = text
      .slice(Math.max(0, offset - charactersAround), offset)
      .split('\n')
      .slice(-linesAround);
    const below = text
      .slice(offset, offset + charactersAround)
      .split('\n', linesAround)
      .slice(1);
    const query = tailQuery([...above, ...below], above.length - 1);
    const hits = query === '' ? [] : folder.symbols.searchText(query, mostHits).filter((hit) => hit.path !== path);
    const tookMs = clock.now() - startedMs;
    if (tookMs > slowSearchMs) this.#searchesAgainMs = startedMs + tookMs / searchShare;
    const texts: string[] = [];
    for (const hit of hits) {
      const facts = folder.symbols.file(hit.path);
      if (!facts || familyOf(facts.languageId) !== familyOf(languageId)) continue;
      const read = await project?.documents.read(folder.uriOf(hit.path));
      if (isOver() || session.documents.version(uri) === undefined) return;
      if (read?.outcome !== 'ok') continue;
      const last = Math.min(hit.endLine, hit.startLine + mostLinesOfHit) + 1;
      texts.push(read.text.replaceAll('\r\n', '\n').split('\n').slice(hit.startLine, last).join('\n'));
    }
    this.#found.set(uri, { offset, texts });
  }
}

/** Files whose lines can stand in each other. */
function familyOf(languageId: string): string {
  return /^(?:java|type)script(?:react)?$/.test(languageId) ? 'script' : languageId;
}
