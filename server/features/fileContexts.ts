// The context that completions in a document get from the project, computed when the cursor rests and kept: a keystroke only reads what is there. It knows
// documents, the cursor's line and time; it must not know prompts or models.
import { commentSignOf } from '../core/retrieval/commentSign.ts';
import type { Definition, TextHit } from '../core/retrieval/facts.ts';
import { type ContextFile, contextFiles } from '../core/retrieval/contextFiles.ts';
import { collectFileEvidence } from '../core/retrieval/fileEvidence.ts';
import { type Cursor, type PreparedEvidence, prepareEvidence } from '../core/retrieval/rankDefinitions.ts';
import { membersOfTypes, typesBeforeDot } from '../core/retrieval/receiver.ts';
import type { ReceiverSource } from '../core/retrieval/memberBlock.ts';
import { type SelectedContext, selectContext } from '../core/retrieval/selectContext.ts';
import type { Snippet } from '../core/retrieval/similarWindows.ts';
import { tailQuery, textTail } from '../core/retrieval/textTail.ts';
import type { RecentEdits } from '../session/recentEdits.ts';
import type { Session } from '../session/session.ts';
import type { Clock } from './clock.ts';
import { openTexts, recentEditSnippets } from './nearbyTexts.ts';
import type { ProjectUsage } from './projectUsage.ts';
import type { ProjectPlace, ProjectView } from './projectView.ts';
import type { ReceiverTypes } from './receiverTypes.ts';

export interface ContextPlace {
  readonly uri: string;
  readonly languageId: string;
  readonly text: string;
  /** UTF-16 offset of the cursor. */
  readonly offset: number;
  readonly budgetTokens: number;
}

export interface FileContext {
  readonly selected: SelectedContext;
  /** The same as pieces of files, for a prompt. */
  readonly files: readonly ContextFile[];
  readonly evidence: PreparedEvidence;
  readonly cursor: Cursor;
  /** Who says what the cursor's `receiverMembers` are. */
  readonly receiverSource: ReceiverSource;
  readonly place: ProjectPlace;
  readonly commentSign: string;
  readonly timings: { readonly evidenceMs: number; readonly selectMs: number };
}

interface Kept extends FileContext {
  readonly revision: number;
  readonly version: string;
  readonly line: number;
  /** The members of what stands before the dot, told by their places. */
  readonly receiver: string;
  /** What of the edits in open documents could be shown. */
  readonly edits: string;
  /** Where the cursor was when what is alike was looked for. */
  readonly similarLine: number;
  readonly budgetTokens: number;
}

export interface FileContextsDependencies {
  readonly view: ProjectView;
  readonly usage: ProjectUsage;
  readonly session: Session;
  readonly recentEdits: RecentEdits;
  /** What the editor knows of what stands before the dot. */
  readonly receivers: ReceiverTypes;
  readonly clock: Clock;
  readonly ended: AbortSignal;
}

/** The cursor rests when so long nothing was typed. */
const restMs = 150;
const linesAbove = 30;
const linesBelow = 10;
/** What is alike goes with the cursor; within so many lines it stays, or every new line would move the text behind it. */
const jumpLines = 15;
const maxDocuments = 32;
const maxTextHits = 12;
/** A search that took longer is not repeated at every jump: all of them together get a fiftieth of the time. */
const slowSearchMs = 20;
const searchShare = 1 / 50;

export class FileContexts {
  readonly #deps: FileContextsDependencies;
  /** The one used last is at the end. */
  readonly #kept = new Map<string, Kept>();
  #resting: AbortController | undefined;
  #budgetTokens = 0;
  #searchesAgainMs = -Infinity;

  constructor(deps: FileContextsDependencies) {
    this.#deps = deps;
    deps.session.documents.listen({ closed: (uri) => this.#kept.delete(uri) });
  }

  /** What is there already; what has become of it since is worked out when the cursor rests. */
  at(place: ContextPlace): FileContext | undefined {
    this.#budgetTokens = place.budgetTokens;
    this.#whenResting((resting) => void this.#refreshAhead(place, resting));
    return this.known(place.uri, place.budgetTokens);
  }

  /** The same without saying that the cursor is anywhere. */
  known(uri: string, budgetTokens: number): FileContext | undefined {
    const kept = this.#kept.get(uri);
    return kept?.budgetTokens === budgetTokens ? kept : undefined;
  }

  /** A document was opened: its first completion should find something. */
  opened(uri: string): void {
    if (this.#budgetTokens === 0 || this.#kept.has(uri) || !this.#deps.view.place(uri)) return;
    const snapshot = this.#deps.session.documents.snapshot(uri);
    if (snapshot) this.#whenResting(() => this.#refresh({ ...snapshot, offset: 0, budgetTokens: this.#budgetTokens }));
  }

  /** Now, for somebody who waits: what the next completion there would be told. Nothing of it is kept. */
  async compute(place: ContextPlace, signal: AbortSignal): Promise<FileContext | undefined> {
    await this.#deps.receivers.prepare(place, signal);
    const known = this.#kept.get(place.uri);
    return this.#compute(this.#inputsAt(place), known?.budgetTokens === place.budgetTokens ? known : undefined);
  }

  /** With what the editor knows, where it says so in time, and once more where it says so later while the cursor rests on. */
  async #refreshAhead(place: ContextPlace, resting: AbortSignal): Promise<void> {
    const waiting = await this.#deps.receivers.prepare(place, resting);
    const isOver = () => resting.aborted || this.#deps.ended.aborted;
    if (isOver()) return;
    this.#refresh(place);
    if (!waiting) return;
    await waiting.late;
    if (!isOver()) this.#refresh(place);
  }

  #whenResting(act: (resting: AbortSignal) => void): void {
    this.#resting?.abort();
    const resting = new AbortController();
    this.#resting = resting;
    void this.#deps.clock.wait(restMs, resting.signal).then(() => {
      if (!resting.signal.aborted && !this.#deps.ended.aborted) act(resting.signal);
    });
  }

  #refresh(place: ContextPlace): void {
    const known = this.#kept.get(place.uri);
    const inputs = this.#inputsAt(place);
    if (known && inputs && isSame(known, inputs)) return;
    const computed = this.#compute(inputs, known?.budgetTokens === place.budgetTokens ? known : undefined);
    this.#kept.delete(place.uri);
    if (!computed) return;
    this.#kept.set(place.uri, computed);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= maxDocuments) break;
      this.#kept.delete(oldest);
    }
  }

  /** All that a context follows from, as far as it is cheap to look at. */
  #inputsAt(place: ContextPlace): Inputs | undefined {
    const at = this.#deps.view.place(place.uri);
    const facts = at?.folder.symbols.file(at.path);
    if (!at || !facts) return undefined;
    const { folder } = at;
    const before = place.text.slice(0, place.offset).split(/\r\n|\n/);
    const line = before.length - 1;
    const linePrefix = before[line] ?? '';
    const said = this.#deps.receivers.members(place);
    const members = said ?? membersOfTypes(folder.symbols, typesBeforeDot(folder.symbols, facts, { line, linePrefix }));
    const recentEdits = recentEditSnippets(this.#deps, at, place);
    return {
      place,
      at,
      before,
      line,
      members,
      recentEdits,
      receiverSource: said ? 'editor' : 'text',
      revision: folder.symbols.revision,
      version: folder.version,
      receiver: `${said ? 'editor' : 'text'} ${members.map(({ path, startLine, name }) => `${path}:${startLine}:${name}`).join(' ')}`,
      edits: recentEdits.map(({ path, text }) => `${path}\n${text}`).join('\n'),
      budgetTokens: place.budgetTokens,
    };
  }

  #compute(inputs: Inputs | undefined, known: Kept | undefined): Kept | undefined {
    if (!inputs) return undefined;
    const { usage, clock } = this.#deps;
    const { at, before, line, members, receiverSource, revision, version, receiver, edits } = inputs;
    const { languageId, text, offset, budgetTokens } = inputs.place;
    const { folder, path } = at;
    const source = folder.symbols;
    const startedMs = clock.now();
    const isKnown = known?.revision === revision && known.version === version;
    if (!isKnown) usage.note(folder, path);
    const collected = isKnown ? undefined : collectFileEvidence(source, usage.of(folder), path);
    const evidence = isKnown ? known?.evidence : collected && prepareEvidence(collected, estimateTokens);
    if (!evidence) return undefined;
    const collectedMs = clock.now();
    const around = before.slice(Math.max(0, line - linesAbove));
    const cursorLine = around.length - 1;
    const below = text.slice(offset).split(/\r\n|\n/, linesBelow + 1);
    const nearLines = [...around.slice(0, -1), `${around.at(-1) ?? ''}${below[0] ?? ''}`, ...below.slice(1)];
    const nearText = nearLines.join('\n');
    const cursor: Cursor = { line, nearText, ...(members.length > 0 ? { receiverMembers: members } : {}) };
    const staysNear = known !== undefined && Math.abs(known.similarLine - line) < jumpLines;
    const commentSign = commentSignOf(languageId);
    const selected = selectContext({
      source,
      evidence,
      cursor,
      receiverSource,
      budgetTokens,
      countTokens: estimateTokens,
      commentSign,
      recentEdits: inputs.recentEdits,
      openTexts: staysNear ? [] : openTexts(this.#deps, at),
      findMore: (isShown) => textTail(source, this.#search(folder, tailQuery(nearLines, cursorLine)), { path, nearText, isShown }),
      ...(known ? { previous: known.selected } : {}),
      staysNear,
    });
    const timings = { evidenceMs: collectedMs - startedMs, selectMs: clock.now() - collectedMs };
    const similarLine = staysNear ? known.similarLine : line;
    const files = contextFiles(selected);
    const about = { cursor, receiverSource, place: at, commentSign, timings };
    return { ...about, selected, files, evidence, revision, version, line, receiver, edits, similarLine, budgetTokens };
  }

  /** Nothing where that would be felt by who types next: it runs on the thread that answers. */
  #search({ symbols, searchesFast }: ProjectPlace['folder'], query: string): readonly TextHit[] {
    const startedMs = this.#deps.clock.now();
    if (!searchesFast || query === '' || startedMs < this.#searchesAgainMs) return [];
    const hits = symbols.searchText(query, maxTextHits);
    const tookMs = this.#deps.clock.now() - startedMs;
    if (tookMs > slowSearchMs) this.#searchesAgainMs = startedMs + tookMs / searchShare;
    return hits;
  }
}

type Inputs = Pick<Kept, 'revision' | 'version' | 'line' | 'receiver' | 'edits' | 'budgetTokens' | 'receiverSource'> & {
  readonly place: ContextPlace;
  readonly at: ProjectPlace;
  /** The lines up to the cursor. */
  readonly before: readonly string[];
  readonly members: readonly Definition[];
  readonly recentEdits: readonly Snippet[];
};

function isSame(known: Kept, inputs: Inputs): boolean {
  return (
    known.revision === inputs.revision &&
    known.version === inputs.version &&
    known.line === inputs.line &&
    known.receiver === inputs.receiver &&
    known.edits === inputs.edits &&
    known.budgetTokens === inputs.budgetTokens
  );
}

/** Cautious, and always the same for the same text: a count that learned would move what is shown. */
export function estimateTokens(text: string): number {
  return Math.ceil(text.length / 2.6);
}
