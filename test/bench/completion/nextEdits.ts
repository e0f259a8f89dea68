// The next edit, measured on what people really changed between two published versions: somebody goes through a file from top to bottom, makes the
// real edits one by one, takes each right offer that follows and dismisses a wrong one. Rules alone are asked. It knows the feature; it must not know
// its rules.
//
// An offer is right when everything that it takes away and puts in is part of what was really changed there and has not been changed yet, by tokens.
// Anything else that is shown is wrong. An edit has followers when the same tokens give way to the same tokens at a place further down.
import { SuggestNextEdit } from '../../../server/features/suggestNextEdit.ts';
import { indexLines, offsetAt, positionAt } from '../../../server/core/text/lineIndex.ts';
import type { NextEditResult } from '../../../server/protocol/nextEdit.ts';
import { RecentEdits } from '../../../server/session/recentEdits.ts';
import { Session } from '../../../server/session/session.ts';
import type { Inference } from '../../../server/inference/inference.ts';
import { type Figure, figureOf } from '../harness.ts';
import type { SourceFile } from './corpus.ts';
import { type Hunk, tokenDistance, tokensOf, type VersionHunks, versionHunks } from './versionHunks.ts';

type Offer = Extract<NextEditResult, { outcome: 'ok' }>;
type Kind = 'name' | 'other';

interface Followed {
  edits: number;
  found: number;
}

export interface NextEditTally {
  files: number;
  edits: number;
  readonly offers: Map<string, { right: number; wrong: number }>;
  readonly followed: Record<Kind, Followed>;
  /** To be read by people. */
  readonly examples: string[];
}

/** Between one edit and the next, ms: what was changed just before is fresh still. */
const gapMs = 3000;
/** Before the editor asks; and from an offer to its taking. */
const pauseMs = 1000;
const takingMs = 500;
const longestFile = 60_000;
/** A file that was written anew says nothing about editing, and one with a thousand changes must not stand for all. */
const mostHunks = 60;
const longestHunk = 400;
const longestRegion = 4000;
const mostOthers = 2;

export async function replayNextEdits(files: readonly SourceFile[], inference: Inference): Promise<NextEditTally> {
  const tally: NextEditTally = {
    files: 0,
    edits: 0,
    offers: new Map(),
    followed: { name: { edits: 0, found: 0 }, other: { edits: 0, found: 0 } },
    examples: [],
  };
  for (const file of files) {
    const { olderText, text } = file;
    if (olderText === undefined || olderText.length > longestFile) continue;
    const changed = versionHunks(olderText, text);
    if (changed.hunks.length < 2 || changed.hunks.length > mostHunks) continue;
    const others = files.filter((other) => other.package === file.package && other.languageId === file.languageId && other.path !== file.path);
    tally.files++;
    await new EditedFile(file, others.slice(0, mostOthers), inference, tally).play();
  }
  return tally;
}

class EditedFile {
  readonly #session = new Session();
  readonly #file: SourceFile;
  readonly #tally: NextEditTally;
  readonly #recentEdits: RecentEdits;
  readonly #feature: SuggestNextEdit;
  readonly #uri: string;
  #nowMs = 0;
  #version = 1;
  #text: string;

  constructor(file: SourceFile, others: readonly SourceFile[], inference: Inference, tally: NextEditTally) {
    this.#file = file;
    this.#tally = tally;
    this.#text = file.olderText ?? '';
    this.#session.settings = { ...this.#session.settings, nextEdit: { enabled: true, useModel: 'off' } };
    const now = () => this.#nowMs;
    this.#recentEdits = new RecentEdits(this.#session.documents, now);
    const quiet = () => {};
    const log = { error: quiet, warn: quiet, info: quiet, debug: quiet };
    const clock = { now, wait: () => Promise.resolve() };
    this.#feature = new SuggestNextEdit({ session: this.#session, recentEdits: this.#recentEdits, inference, clock, log });
    this.#uri = `file:///workspace/${file.path}`;
    const { languageId } = file;
    this.#session.documents.open({ uri: this.#uri, languageId, version: 1, text: this.#text });
    for (const other of others) this.#session.documents.open({ uri: `file:///workspace/${other.path}`, languageId, version: 1, text: other.text });
  }

  async play(): Promise<void> {
    const tally = this.#tally;
    for (let count = 0; count < 2 * mostHunks; count++) {
      const [hunk, ...later] = this.#left().hunks;
      if (!hunk) return;
      const { before, after } = hunk;
      this.#nowMs += gapMs;
      let caret = this.#edit(hunk.start, before, after);
      if (before.length > longestHunk || after.length > longestHunk) continue;
      tally.edits++;
      const kind = later.some((one) => isAlike(one, hunk)) ? kindOf(hunk) : undefined;
      this.#nowMs += pauseMs;
      let offer = await this.#ask(caret);
      if (kind) {
        tally.followed[kind].edits++;
        if (offer && this.#isRight(offer)) tally.followed[kind].found++;
        else
          tally.examples.push(
            `missed ${kind} ${this.#file.package} ${this.#file.path}: ${JSON.stringify(before)} -> ${JSON.stringify(after)}: ${this.#lineAt(caret)}`,
          );
      }
      // Right ones are taken, one after the other; a wrong one is dismissed.
      while (offer) {
        const isRight = this.#isRight(offer);
        this.#count(offer, hunk, isRight);
        if (!isRight) {
          this.#feature.dismissed(offer.id);
          break;
        }
        const lines = indexLines(this.#text);
        this.#nowMs += takingMs;
        caret = this.#edit(offsetAt(lines, offer.range.start), offer.oldText, offer.newText);
        offer = await this.#ask(caret);
      }
    }
  }

  /** What is still to be done. */
  #left(): VersionHunks {
    return versionHunks(this.#text, this.#file.text);
  }

  #edit(start: number, before: string, after: string): number {
    const lines = indexLines(this.#text);
    const range = { start: { ...positionAt(lines, start) }, end: { ...positionAt(lines, start + before.length) } };
    if (this.#text.slice(start, start + before.length) !== before) throw new Error(`${this.#file.path} is not what it should be.`);
    this.#text = this.#text.slice(0, start) + after + this.#text.slice(start + before.length);
    this.#session.documents.change(this.#uri, ++this.#version, [{ range, text: after }]);
    return start + after.length;
  }

  async #ask(caret: number): Promise<Offer | undefined> {
    const position = { ...positionAt(indexLines(this.#text), caret) };
    const textDocument = { uri: this.#uri, version: this.#version };
    const result = await this.#feature.suggest({ textDocument, position }, new AbortController().signal);
    return result.outcome === 'ok' ? result : undefined;
  }

  #isRight({ range, oldText, newText }: Offer): boolean {
    const lines = indexLines(this.#text);
    const [start, end] = [offsetAt(lines, range.start), offsetAt(lines, range.end)];
    return this.#left().regions.some(({ start: from, end: to, after }) => {
      if (start < from || end > to || to - from > longestRegion || after.length > longestRegion) return false;
      const now = this.#text.slice(from, to);
      const then = this.#text.slice(from, start) + newText + this.#text.slice(end, to);
      const size = tokenDistance(oldText, newText);
      return size > 0 && tokenDistance(then, after) === tokenDistance(now, after) - size;
    });
  }

  #lineAt(offset: number): string {
    return (this.#text.slice(this.#text.lastIndexOf('\n', offset - 1) + 1).split('\n')[0] ?? '').trim();
  }

  #count(offer: Offer, hunk: Hunk, isRight: boolean): void {
    const counts = this.#tally.offers.get(offer.kind) ?? { right: 0, wrong: 0 };
    this.#tally.offers.set(offer.kind, counts);
    if (isRight) counts.right++;
    else counts.wrong++;
    const { start, end } = offer.range;
    const line = this.#text.split('\n')[start.line] ?? '';
    const where = start.line === end.line ? `${line.slice(0, start.character)}⟦${offer.oldText}⟧⟦${offer.newText}⟧${line.slice(end.character)}` : line;
    this.#tally.examples.push(
      `${isRight ? 'right' : 'WRONG'} ${offer.kind} ${this.#file.package} ${this.#file.path}: after ${JSON.stringify(hunk.before)} -> ${JSON.stringify(hunk.after)}: ${where}`,
    );
  }
}

/** The same tokens give way to the same tokens, and something of it has letters. */
function isAlike(one: Hunk, other: Hunk): boolean {
  return one.before.trim() === other.before.trim() && one.after.trim() === other.after.trim() && /\p{L}{2}/u.test(one.before + one.after);
}

function kindOf({ before, after }: Hunk): Kind {
  const isName = (text: string) => tokensOf(text.trim()).length === 1 && /^[\p{L}_$]/u.test(text.trim());
  return isName(before) && isName(after) ? 'name' : 'other';
}

export function nextEditFigures(tally: NextEditTally): Figure[] {
  const counts = [...tally.offers.values()];
  const right = counts.reduce((sum, one) => sum + one.right, 0);
  const shown = counts.reduce((sum, one) => sum + one.right + one.wrong, 0);
  const { name, other } = tally.followed;
  const percent = (part: number, whole: number) => (whole === 0 ? 0 : (100 * part) / whole);
  const row = (figure: string, part: number, whole: number): Figure => ({ ...figureOf({ figure, unit: '%', ours: [percent(part, whole)] }), samples: whole });
  return [
    row(`next edit: right, of ${shown} offers after ${tally.edits} real edits`, right, shown),
    row(`next edit: found, of ${name.edits} renamed names that recur below`, name.found, name.edits),
    row(`next edit: found, of ${other.edits} other edits that recur below`, other.found, other.edits),
  ];
}

export function nextEditNotes(tally: NextEditTally): string[] {
  const kinds = [...tally.offers].map(([kind, { right, wrong }]) => `${kind} ${right} of ${right + wrong}`);
  return [`  next edits: ${tally.files} files, ${tally.edits} edits; right by kind: ${kinds.join(', ')}`];
}
