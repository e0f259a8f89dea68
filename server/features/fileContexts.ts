// The context that completions in a document get from the project, computed when the cursor rests and kept: a keystroke only reads what is there. It knows
// documents, the cursor's line and time; it must not know prompts or models.
import { commentSignOf } from '../core/retrieval/commentSign.ts';
import { type ContextFile, contextFiles } from '../core/retrieval/contextFiles.ts';
import { collectFileEvidence } from '../core/retrieval/fileEvidence.ts';
import { type Cursor, type PreparedEvidence, prepareEvidence } from '../core/retrieval/rankDefinitions.ts';
import { membersOfTypes, typesBeforeDot } from '../core/retrieval/receiver.ts';
import { type SelectedContext, selectContext } from '../core/retrieval/selectContext.ts';
import type { OpenText } from '../core/retrieval/similarWindows.ts';
import type { Session } from '../session/session.ts';
import type { Clock } from './clock.ts';
import type { ProjectUsage } from './projectUsage.ts';
import type { ProjectPlace, ProjectView } from './projectView.ts';

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
  readonly place: ProjectPlace;
  readonly commentSign: string;
  readonly timings: { readonly evidenceMs: number; readonly selectMs: number };
}

interface Kept extends FileContext {
  readonly revision: number;
  readonly version: string;
  readonly line: number;
  /** Where the cursor was when what is alike was looked for. */
  readonly similarLine: number;
  readonly budgetTokens: number;
}

export interface FileContextsDependencies {
  readonly view: ProjectView;
  readonly usage: ProjectUsage;
  readonly session: Session;
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
const maxOpenTexts = 12;
const maxOpenCharacters = 100_000;

export class FileContexts {
  readonly #deps: FileContextsDependencies;
  /** The one used last is at the end. */
  readonly #kept = new Map<string, Kept>();
  #resting: AbortController | undefined;
  #budgetTokens = 0;

  constructor(deps: FileContextsDependencies) {
    this.#deps = deps;
    deps.session.documents.listen({ closed: (uri) => this.#kept.delete(uri) });
  }

  /** What is there already; what has become of it since is worked out when the cursor rests. */
  at(place: ContextPlace): FileContext | undefined {
    this.#budgetTokens = place.budgetTokens;
    this.#whenResting(() => this.#refresh(place));
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

  /** Now, for somebody who waits; nothing is kept. */
  compute(place: ContextPlace): FileContext | undefined {
    return this.#compute(place, undefined);
  }

  #whenResting(act: () => void): void {
    this.#resting?.abort();
    const resting = new AbortController();
    this.#resting = resting;
    void this.#deps.clock.wait(restMs, resting.signal).then(() => {
      if (!resting.signal.aborted && !this.#deps.ended.aborted) act();
    });
  }

  #refresh(place: ContextPlace): void {
    const known = this.#kept.get(place.uri);
    const at = this.#deps.view.place(place.uri);
    const line = lineOf(place);
    if (
      known &&
      at &&
      known.revision === at.folder.symbols.revision &&
      known.version === at.folder.version &&
      known.line === line &&
      known.budgetTokens === place.budgetTokens
    )
      return;
    const computed = this.#compute(place, known?.budgetTokens === place.budgetTokens ? known : undefined);
    this.#kept.delete(place.uri);
    if (!computed) return;
    this.#kept.set(place.uri, computed);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= maxDocuments) break;
      this.#kept.delete(oldest);
    }
  }

  #compute({ uri, languageId, text, offset, budgetTokens }: ContextPlace, known: Kept | undefined): Kept | undefined {
    const { view, usage, clock } = this.#deps;
    const place = view.place(uri);
    if (!place) return undefined;
    const { folder, path } = place;
    const source = folder.symbols;
    const startedMs = clock.now();
    const isSame = known?.revision === source.revision && known.version === folder.version;
    if (!isSame) usage.note(folder, path);
    const collected = isSame ? undefined : collectFileEvidence(source, usage.of(folder), path);
    const evidence = isSame ? known?.evidence : collected && prepareEvidence(collected, estimateTokens);
    if (!evidence) return undefined;
    const collectedMs = clock.now();
    const lines = text.slice(0, offset).split(/\r\n|\n/);
    const line = lines.length - 1;
    const near = text.slice(offset).split(/\r\n|\n/, linesBelow + 1);
    const linePrefix = lines[line] ?? '';
    const types = typesBeforeDot(source, evidence.evidence.facts, { line, linePrefix });
    const cursor: Cursor = {
      line,
      nearText: lines.slice(Math.max(0, line - linesAbove)).join('\n') + near.join('\n'),
      ...(types.length > 0 ? { receiverMembers: membersOfTypes(source, types) } : {}),
    };
    const keepsSimilar = known !== undefined && Math.abs(known.similarLine - line) < jumpLines;
    const commentSign = commentSignOf(languageId);
    const selected = selectContext({
      source,
      evidence,
      cursor,
      budgetTokens,
      countTokens: estimateTokens,
      commentSign,
      recentEdits: [],
      openTexts: keepsSimilar ? [] : this.#openTexts(place),
      found: [],
      ...(known ? { previous: known.selected } : {}),
      keepsSimilar,
    });
    const timings = { evidenceMs: collectedMs - startedMs, selectMs: clock.now() - collectedMs };
    const similarLine = keepsSimilar ? known.similarLine : line;
    const files = contextFiles(selected);
    return {
      selected,
      files,
      evidence,
      cursor,
      place,
      commentSign,
      timings,
      revision: source.revision,
      version: folder.version,
      line,
      similarLine,
      budgetTokens,
    };
  }

  /** Other open documents of the same folder. */
  #openTexts({ folder, path }: ProjectPlace): OpenText[] {
    const { session, view } = this.#deps;
    const texts: OpenText[] = [];
    for (const uri of session.documents.uris) {
      if (texts.length >= maxOpenTexts) break;
      const other = view.place(uri);
      if (!other || other.folder.symbols !== folder.symbols || other.path === path || !folder.symbols.file(other.path)) continue;
      const text = session.documents.snapshot(uri)?.text;
      if (text !== undefined) texts.push({ path: other.path, text: text.slice(0, maxOpenCharacters) });
    }
    return texts;
  }
}

/** Cautious, and always the same for the same text: a count that learned would move what is shown. */
export function estimateTokens(text: string): number {
  return Math.ceil(text.length / 2.6);
}

function lineOf({ text, offset }: ContextPlace): number {
  let line = 0;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}
