// The next place that needs the same kind of change as the one just made. It knows which edits are recent, when to stay quiet and for which
// version a suggestion is; it must not know the rules that find it, nor how it is shown.
import { importsOf } from '../core/nextEdit/imports.ts';
import type { KnownImport, NextEdit } from '../core/nextEdit/nextEdit.ts';
import { projectImports } from '../core/nextEdit/projectImports.ts';
import { sourceOf } from '../core/nextEdit/source.ts';
import { suggestNextEdits } from '../core/nextEdit/suggest.ts';
import type { Inference } from '../inference/inference.ts';
import { canSuggest, nextEditFromModel } from './nextEditFromModel.ts';
import type { Log } from '../core/log.ts';
import { indexLines, offsetAt, positionAt } from '../core/text/lineIndex.ts';
import type { NextEditParams, NextEditResult } from '../protocol/nextEdit.ts';
import type { RecentEdit, RecentEdits } from '../session/recentEdits.ts';
import type { Session } from '../session/session.ts';
import type { Snapshot } from '../session/snapshot.ts';
import type { Clock } from './clock.ts';
import type { ProjectView } from './projectView.ts';

/** What was changed longer ago is no longer what the user is at. */
const freshMs = 10_000;
/** A pause this short is one within a word. */
const typingMs = 700;
/** After a suggestion was turned down. */
const quietMs = 5_000;
const mostRemembered = 50;
/** Of other open files their heads are looked at for imports. */
const mostOtherFiles = 40;
const headLength = 20_000;

export interface SuggestNextEditDependencies {
  readonly session: Session;
  readonly recentEdits: RecentEdits;
  readonly inference: Inference;
  readonly clock: Clock;
  readonly log: Log;
  /** Where names are defined and how they are imported; nothing when absent. */
  readonly view?: ProjectView;
}

interface Search {
  readonly snapshot: Snapshot;
  readonly newestFirst: readonly RecentEdit[];
  readonly changes: readonly RecentEdit[];
  readonly isAtCursor: (edit: NextEdit) => boolean;
}

interface Found {
  readonly edit: NextEdit;
  readonly origin: RecentEdit;
}

export class SuggestNextEdit {
  readonly #deps: SuggestNextEditDependencies;
  /** Suggestions that were given out, with the edit that each follows from. */
  readonly #origins = new Map<string, number>();
  readonly #unwanted = new Set<number>();
  #dismissedMs: number | undefined;
  /** What the model was asked last and had nothing to say to. */
  #answered: string | undefined;
  #nextId = 1;

  constructor(deps: SuggestNextEditDependencies) {
    this.#deps = deps;
  }

  async suggest({ textDocument: { uri, version }, position }: NextEditParams, signal: AbortSignal): Promise<NextEditResult> {
    const { session, recentEdits, clock, log } = this.#deps;
    const settings = session.settingsFor(uri);
    recentEdits.expect(undefined);
    if (!settings.nextEdit.enabled) return nothing('switchedOff');
    if (session.isPaused) return nothing('paused');
    const snapshot = session.documents.snapshot(uri);
    if (!snapshot) return nothing('notOpen');
    if (snapshot.version !== version) return nothing('otherVersion');
    if (settings.completion.excludedLanguages.includes(snapshot.languageId)) return nothing('excludedLanguage');
    const nowMs = clock.now();
    if (this.#dismissedMs !== undefined && nowMs - this.#dismissedMs < quietMs) return nothing('turnedDown');
    const all = recentEdits.of(uri);
    const fresh = all.filter((edit) => edit.takenFor === undefined && !edit.isUndone && !this.#unwanted.has(edit.id) && nowMs - edit.atMs <= freshMs);
    if (fresh.length === 0) return nothing('nothingChanged');
    const lines = indexLines(snapshot.text);
    const newest = all.at(-1);
    const cursor = offsetAt(lines, position);
    if (newest && isBeingTyped(newest, { nowMs, cursor })) return nothing('typing');
    const isAtCursor = ({ start }: NextEdit) => positionAt(lines, start).line === position.line;
    const found = this.#find({ snapshot, newestFirst: fresh.toReversed(), changes: all, isAtCursor }) ?? (await this.#askModel(snapshot, fresh.at(-1), signal));
    if (session.documents.version(uri) !== version) return nothing('otherVersion');
    if (!found) return nothing('nothingFollows');
    const { edit, origin } = found;
    const { start, end, newText, kind, why } = edit;
    const id = `${origin.id}.${this.#nextId++}`;
    this.#origins.set(id, origin.id);
    for (const oldest of this.#origins.keys()) {
      if (this.#origins.size <= mostRemembered) break;
      this.#origins.delete(oldest);
    }
    recentEdits.expect({ uri, start, end, text: newText, origin: origin.id });
    log.debug(`Next edit: ${kind}.`);
    const range = { start: { ...positionAt(lines, start) }, end: { ...positionAt(lines, end) } };
    return { outcome: 'ok', id, version, range, oldText: snapshot.text.slice(start, end), newText, kind, why };
  }

  /** Once for each state of the newest change: the answer would be the same. */
  async #askModel(snapshot: Snapshot, origin: RecentEdit | undefined, signal: AbortSignal): Promise<Found | undefined> {
    const { session, inference, log } = this.#deps;
    if (!origin || !canSuggest(inference, session.settingsFor(snapshot.uri).nextEdit.useModel)) return undefined;
    const question = `${snapshot.uri} ${origin.id} ${snapshot.version}`;
    if (this.#answered === question) return undefined;
    const edit = await nextEditFromModel({ snapshot, path: session.displayPath(snapshot.uri), change: origin }, inference, signal);
    if (signal.aborted) return undefined;
    if (!edit) this.#answered = question;
    log.debug(`The model ${edit ? 'has' : 'has no'} next edit.`);
    return edit && { edit, origin };
  }

  /** The user does not want this one, nor anything else that follows from the same edit. */
  dismissed(id: string): void {
    const origin = this.#origins.get(id);
    if (origin === undefined) return;
    this.#dismissedMs = this.#deps.clock.now();
    this.#unwanted.add(origin);
    for (const oldest of this.#unwanted) {
      if (this.#unwanted.size <= mostRemembered) break;
      this.#unwanted.delete(oldest);
    }
  }

  #find({ snapshot, newestFirst, changes, isAtCursor }: Search): Found | undefined {
    const source = sourceOf(snapshot.text, snapshot.languageId);
    const open = this.#importsElsewhere(snapshot);
    const place = this.#deps.view?.place(snapshot.uri);
    const texts = newestFirst.map(({ after }) => after);
    const indexed = place ? projectImports({ symbols: place.folder.symbols, path: place.path, source, texts }) : [];
    // What open files say counts first: there the user is at work.
    const imports = [...open, ...indexed.filter(({ name }) => !open.some((one) => one.name === name))];
    for (const origin of newestFirst) {
      const edits = suggestNextEdits({ source, change: origin, changes, imports });
      // Where the user is already need not be gone to.
      const edit = edits.find(isAtCursor) ?? edits[0];
      if (edit) return { edit, origin };
    }
    return undefined;
  }

  /** What other open files of the language import by names that mean the same here. */
  #importsElsewhere({ uri, languageId }: Snapshot): readonly KnownImport[] {
    const { documents } = this.#deps.session;
    const { family } = sourceOf('', languageId);
    if (family === 'other' || family === 'braces') return [];
    const others = documents.uris.filter((other) => other !== uri).slice(-mostOtherFiles);
    return others.flatMap((other) => {
      const snapshot = documents.snapshot(other);
      if (!snapshot || sourceOf('', snapshot.languageId).family !== family) return [];
      const isBeside = folderOf(other) === folderOf(uri);
      return importsOf(sourceOf(snapshot.text.slice(0, headLength), snapshot.languageId)).filter(({ module }) => isBeside || !isRelative(module));
    });
  }
}

function isBeingTyped(newest: RecentEdit, { nowMs, cursor }: { readonly nowMs: number; readonly cursor: number }): boolean {
  return newest.takenFor === undefined && nowMs - newest.atMs < typingMs && cursor === newest.caret;
}

function folderOf(uri: string): string {
  return uri.slice(0, uri.lastIndexOf('/'));
}

function isRelative(module: string): boolean {
  return /^(?:default |\* |from )?(?:\.|super::|self::)/.test(module);
}

function nothing(why: Extract<NextEditResult, { outcome: 'nothing' }>['why']): NextEditResult {
  return { outcome: 'nothing', why };
}
