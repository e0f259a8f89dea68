// What the editor's own language services know of the name before the dot at the cursor: asked ahead when the cursor rests, kept until the text up to that dot
// changes, and read by whoever needs it. It knows places in documents and time; it must not know LSP, nor how members are ranked or shown.
//
// Nothing waits for an answer longer than it says, one question a document is under way, and what comes back counts only where it names files that are
// in the index: what the index leaves out (secrets, ignored files, all outside the folder) is not read because an editor names it.
import type { Definition, SymbolSource } from '../core/retrieval/facts.ts';
import { membersOfType, typeDeclaredAt, type TypeIdentity, typesOfNamed } from '../core/retrieval/placedTypes.ts';
import { type ReceiverText, receiverBefore } from '../core/retrieval/receiverText.ts';
import { indexLines, positionAt } from '../core/text/lineIndex.ts';
import type { DeclaredPlace, LanguageServicesParams, LanguageServicesResult } from '../protocol/languageServices.ts';
import type { DocumentChange } from '../session/documents.ts';
import type { Session } from '../session/session.ts';
import type { Clock } from './clock.ts';
import type { ProjectPlace, ProjectView } from './projectView.ts';
import type { ReadDocument } from './readDocument.ts';

/** Asks the client. Undefined where it cannot be asked, does not answer in time or answers nonsense; never rejects. */
export type AskLanguageServices = (params: LanguageServicesParams, signal: AbortSignal) => Promise<LanguageServicesResult | undefined>;

export interface ReceiverTypesDependencies {
  /** Undefined as long as the client has not offered to answer. */
  readonly ask: () => AskLanguageServices | undefined;
  readonly view: ProjectView;
  readonly session: Session;
  readonly documents: ReadDocument;
  readonly clock: Clock;
  readonly ended: AbortSignal;
}

export interface CursorPlace {
  readonly uri: string;
  readonly text: string;
  /** UTF-16 offset of the cursor. */
  readonly offset: number;
}

/** How long somebody waits for an answer, ms; Copilot Chat gives its context providers as much. */
const patienceMs = 150;
/** After so long an answer is not wanted any more: the cursor will be elsewhere. */
const giveUpMs = 2000;
const maxDocuments = 32;
const maxAnswers = 16;
/** Types of one receiver: a union of more says little about each. */
const maxTypes = 4;
const maxSignature = 140;

interface Answer {
  /** The offset right behind the dot. */
  readonly end: number;
  /** Of the folder's index: what nobody found in it then may be there later. */
  readonly indexVersion: string;
  /** `nothing`: nobody knows; what the text says may still be right. */
  readonly knows: 'nothing' | { readonly types: readonly TypeIdentity[]; readonly members: readonly Definition[] };
}

interface OfDocument {
  answers: readonly Answer[];
  asking: { readonly end: number; readonly done: Promise<void> } | undefined;
}

interface Question extends CursorPlace {
  readonly receiver: ReceiverText;
  readonly at: ProjectPlace;
  readonly version: number;
}

export class ReceiverTypes {
  readonly #deps: ReceiverTypesDependencies;
  /** The one used last is at the end. */
  readonly #documents = new Map<string, OfDocument>();

  constructor(deps: ReceiverTypesDependencies) {
    this.#deps = deps;
    deps.session.documents.listen({ changed: (change) => this.#changed(change), closed: (uri) => this.#documents.delete(uri) });
  }

  /** Members of what stands before the dot, from what is known already. Undefined where nobody knows; none where the type is not one of the project's. */
  members({ uri, text, offset }: CursorPlace): readonly Definition[] | undefined {
    const receiver = receiverBefore(text, offset);
    const knows = receiver && this.#documents.get(uri)?.answers.find(({ end }) => end === receiver.end)?.knows;
    const source = this.#deps.view.place(uri)?.folder.symbols;
    if (knows === undefined || knows === 'nothing' || !source) return undefined;
    return [...knows.types.flatMap((type) => membersOfType(source, type)), ...knows.members];
  }

  /**
   * Asks the editor where that is worth while, and waits for at most `patienceMs`.
   * @returns the answer's arrival where it was not waited for to the end
   */
  async prepare(place: CursorPlace, signal: AbortSignal): Promise<{ readonly late: Promise<void> } | undefined> {
    const question = this.#questionAt(place);
    if (!question) return undefined;
    const over = new AbortController();
    const waited = this.#deps.clock.wait(patienceMs, AbortSignal.any([signal, over.signal])).then(() => 'over' as const);
    try {
      const of = this.#of(place.uri);
      // Another dot's question: it comes first, since one at a time is what a provider gets.
      if (of.asking && of.asking.end !== question.receiver.end && (await Promise.race([of.asking.done, waited])) === 'over') return undefined;
      if (signal.aborted || this.#isAnswered(question)) return undefined;
      if (this.#deps.session.documents.version(place.uri) !== question.version) return undefined;
      of.asking ??= this.#begin(question, of);
      const { done } = of.asking;
      return (await Promise.race([done, waited])) === 'over' && !this.#isAnswered(question) ? { late: done } : undefined;
    } finally {
      over.abort();
    }
  }

  #questionAt({ uri, text, offset }: CursorPlace): Question | undefined {
    const { ask, view, session } = this.#deps;
    if (!ask()) return undefined;
    const receiver = receiverBefore(text, offset);
    const at = receiver && view.place(uri);
    const version = session.documents.version(uri);
    // What the index leaves out, such as a secret, is not even asked about.
    if (!receiver || !at?.folder.symbols.file(at.path) || version === undefined) return undefined;
    const question = { uri, text, offset, receiver, at, version };
    return this.#isAnswered(question) ? undefined : question;
  }

  #isAnswered({ uri, receiver, at }: Question): boolean {
    const answer = this.#documents.get(uri)?.answers.find(({ end }) => end === receiver.end);
    return answer !== undefined && (holdsSomething(answer.knows) || answer.indexVersion === at.folder.version);
  }

  #of(uri: string): OfDocument {
    const of = this.#documents.get(uri) ?? { answers: [], asking: undefined };
    this.#documents.delete(uri);
    this.#documents.set(uri, of);
    for (const oldest of this.#documents.keys()) {
      if (this.#documents.size <= maxDocuments) break;
      this.#documents.delete(oldest);
    }
    return of;
  }

  /** As long as the client has not answered, not even that it gave up, nothing else is asked for this document. */
  #begin(question: Question, of: OfDocument): NonNullable<OfDocument['asking']> {
    const indexVersion = question.at.folder.version;
    const done = this.#answer(question).then((knows) => {
      of.asking = undefined;
      const { uri, text, receiver } = question;
      const now = this.#deps.session.documents.snapshot(uri)?.text;
      // Asked again when the cursor rests the next time.
      if (knows === undefined || now === undefined || now.slice(0, receiver.end) !== text.slice(0, receiver.end)) return;
      const others = of.answers.filter(({ end }) => end !== receiver.end);
      of.answers = [...others, { end: receiver.end, indexVersion, knows }].slice(-maxAnswers);
    });
    return { end: question.receiver.end, done };
  }

  /** @returns undefined where it may be known a moment later */
  async #answer({ uri, text, receiver, at, version }: Question): Promise<Answer['knows'] | undefined> {
    const { clock, ended } = this.#deps;
    const ask = this.#deps.ask();
    if (!ask) return undefined;
    const given = new AbortController();
    void clock.wait(giveUpMs, AbortSignal.any([ended, given.signal])).then(() => given.abort());
    try {
      const textDocument = { uri, version };
      const result = await ask({ ask: 'types', textDocument, position: { ...positionAt(indexLines(text), receiver.nameStart) } }, given.signal);
      if (result?.outcome === 'nothing' && result.why !== 'unknown') return undefined;
      if (result?.outcome !== 'types') return 'nothing';
      const { symbols } = at.folder;
      const placed = this.#inIndex(result.types, symbols);
      const types = placed.flatMap((place) => typeDeclaredAt(symbols, place) ?? []);
      const named = types.length > 0 ? types : this.#inIndex(result.definitions, symbols).flatMap((place) => typesOfNamed(symbols, place, receiver.name));
      if (named.length > 0) return { types: named.slice(0, maxTypes), members: [] };
      // A language without a grammar of ours: what the type consists of, the editor may know as well.
      const members: Definition[] = [];
      for (const place of placed) {
        if (given.signal.aborted || (symbols.file(place.path)?.definitions.length ?? 0) > 0) continue;
        const told = await ask({ ask: 'members', textDocument, place: place.declared }, given.signal);
        if (told?.outcome === 'members') members.push(...(await this.#definitionsOf(told, place)));
      }
      return members.length > 0 || result.isElsewhere ? { types: [], members } : 'nothing';
    } finally {
      given.abort();
    }
  }

  /** Only what the same folder's index has looked at, and not left out. */
  #inIndex(places: readonly DeclaredPlace[], symbols: SymbolSource): { readonly path: string; readonly line: number; readonly declared: DeclaredPlace }[] {
    return places.flatMap((declared) => {
      const at = this.#deps.view.place(declared.uri);
      if (at?.folder.symbols !== symbols || !symbols.file(at.path)) return [];
      return [{ path: at.path, line: declared.position.line, declared }];
    });
  }

  /** A symbol has no signature: the line it begins with is one. */
  async #definitionsOf(
    told: Extract<LanguageServicesResult, { outcome: 'members' }>,
    { path, declared }: { readonly path: string; readonly declared: DeclaredPlace },
  ): Promise<Definition[]> {
    const read = await this.#deps.documents.read(declared.uri);
    if (read.outcome !== 'ok') return [];
    const lines = read.text.split(/\r\n|\r|\n/);
    return told.members.flatMap(({ name, kind, line, endLine }): Definition[] => {
      const signature = (lines[line] ?? '').trim().slice(0, maxSignature);
      // The file may be another one by now.
      if (!signature.includes(name)) return [];
      return [{ name, kind, container: told.name, signature, path, startLine: line, endLine: Math.max(line, endLine), isExported: true }];
    });
  }

  /** An answer stands while nothing changes but what is typed behind its dot on the same line. */
  #changed({ uri, replacements, textBefore }: DocumentChange): void {
    const of = this.#documents.get(uri);
    if (!of || of.answers.length === 0) return;
    const [first, second] = replacements;
    of.answers =
      first && !second
        ? of.answers.filter(({ end }) => first.start >= end && !/[\r\n]/.test(first.text) && !textBefore.slice(end, first.end).includes('\n'))
        : [];
  }
}

function holdsSomething(knows: Answer['knows']): boolean {
  return knows !== 'nothing' && knows.types.length + knows.members.length > 0;
}
