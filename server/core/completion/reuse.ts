// Suggestions that were computed before, found again by the text around the cursor: typed through, deleted back to, or accepted up to.
// It knows text alone; it must not know documents, versions, time or models, so a change in another file empties nothing.
//
// A suggestion is kept as what its line (and the lines after it) would become: `head + text`, where `head` stood before the cursor on its
// line when it was asked for. It is filed under its document, what stands above that line and what stands behind the cursor. To look up a
// cursor, each of the last lines is tried as such a line: the text from there to the cursor must be a beginning of `head + text`. That is what
// a radix trie of whole prefixes finds, without hashing a large file at every keystroke, and it goes on finding it when the file changes far away.
import type { QuietReason } from './quietReasons.ts';
import type { Site } from './site.ts';

export interface Suggestion {
  readonly id: string;
  readonly key: string;
  /** The cursor's line up to the cursor, as it was when this was asked for. */
  readonly head: string;
  /** What follows it, filtered, with `\n` as line break. Empty: nothing is to be suggested here. */
  readonly text: string;
  /** Still being written: `text` may get longer, and never anything else. */
  readonly isGrowing: boolean;
  /** The text stands as the model ended it, rather than cut by a limit. */
  readonly source: 'model' | 'ahead' | 'tail' | 'code';
  /** Why nothing is suggested, when `text` is empty. */
  readonly why?: QuietReason;
  readonly atMs: number;
  readonly confidence?: readonly number[];
}

export interface Hit {
  readonly suggestion: Suggestion;
  /** What is left of the text behind what has been typed; empty while a growing one has not got that far, and for "nothing here". */
  readonly remainder: string;
  /** Characters that were typed since (negative: deleted). */
  readonly typed: number;
}

const mostSuggestions = 200;
const mostCharacters = 200_000;
/** Lines of a suggestion that can have been typed through or accepted. */
const mostLinesBack = 30;
/** What must be the same above the line and behind the cursor, in characters. */
const aboveCharacters = 400;
const behindCharacters = 160;
/** A suggestion for more text than stands there is brought back when no more than this was deleted. */
const mostDeleted = 24;

/** Behind the cursor, what an editor may close by itself does not count. */
const closersFirst = /^[\s)\]}>"'`;,]*/;

export class Reuse {
  /** Least recently used first. */
  readonly #byId = new Map<string, Suggestion>();
  readonly #byKey = new Map<string, Set<string>>();
  #characters = 0;

  put(suggestion: Suggestion): void {
    this.remove(suggestion.id);
    // Of two for the very same place the newer one counts, and "nothing here" never hides something.
    for (const other of this.#at(suggestion.key)) {
      if (other.head === suggestion.head && (other.text === '' || suggestion.text.startsWith(other.text))) this.remove(other.id);
    }
    this.#byId.set(suggestion.id, suggestion);
    const ids = this.#byKey.get(suggestion.key);
    if (ids) ids.add(suggestion.id);
    else this.#byKey.set(suggestion.key, new Set([suggestion.id]));
    this.#characters += sizeOf(suggestion);
    for (const id of this.#byId.keys()) {
      if (this.#byId.size <= mostSuggestions && this.#characters <= mostCharacters) break;
      this.remove(id);
    }
  }

  get(id: string): Suggestion | undefined {
    return this.#byId.get(id);
  }

  remove(id: string): void {
    const suggestion = this.#byId.get(id);
    if (!suggestion) return;
    this.#byId.delete(id);
    this.#characters -= sizeOf(suggestion);
    const ids = this.#byKey.get(suggestion.key);
    ids?.delete(id);
    if (ids?.size === 0) this.#byKey.delete(suggestion.key);
  }

  get size(): number {
    return this.#byId.size;
  }

  /**
   * What fits at this place, best first: what was asked for nearest to the cursor before what was asked for further back, the newer before
   * the older, and what only deleting led to at the end.
   */
  find(site: Site): readonly Hit[] {
    const hits: Hit[] = [];
    for (const { key, typed } of placesOf(site)) {
      for (const suggestion of this.#at(key)) {
        const hit = matched(suggestion, typed);
        // One that is still being written and has not got as far as what was typed has nothing to show yet.
        if (hit && (hit.remainder !== '' || suggestion.text === '')) hits.push(hit);
      }
    }
    for (const { suggestion } of hits.slice(0, 1)) this.#touch(suggestion);
    return hits.sort((one, other) => rank(one) - rank(other) || other.suggestion.atMs - one.suggestion.atMs);
  }

  clear(): void {
    this.#byId.clear();
    this.#byKey.clear();
    this.#characters = 0;
  }

  #at(key: string): readonly Suggestion[] {
    return [...(this.#byKey.get(key) ?? [])].flatMap((id) => this.#byId.get(id) ?? []);
  }

  #touch(suggestion: Suggestion): void {
    this.#byId.delete(suggestion.id);
    this.#byId.set(suggestion.id, suggestion);
  }
}

/** Under what a suggestion for this place is filed. */
export function keyOf(site: Site): string {
  return keyAt(site, site.before.length - site.linePrefix.length, behindOf(site));
}

/** Whether this very suggestion still fits at the place, and what is left of it. */
export function matchAt(suggestion: Suggestion, site: Site): Hit | undefined {
  for (const { key, typed } of placesOf(site)) {
    if (key === suggestion.key) {
      const hit = matched(suggestion, typed);
      if (hit) return hit;
    }
  }
  return undefined;
}

interface Place {
  readonly key: string;
  /** From the beginning of that line to the cursor. */
  readonly typed: string;
}

function* placesOf(site: Site): Generator<Place> {
  const { before, isFromStart } = site;
  const behind = behindOf(site);
  let start = before.length - site.linePrefix.length;
  for (let back = 0; back < mostLinesBack; back++) {
    // Near the beginning of a window that is cut out of a larger text, what stands above is not known.
    if (!isFromStart && start < aboveCharacters) return;
    yield { key: keyAt(site, start, behind), typed: before.slice(start) };
    if (start === 0) return;
    start = start < 2 ? 0 : before.lastIndexOf('\n', start - 2) + 1;
  }
}

function behindOf({ after }: Site): string {
  return after.replace(closersFirst, '').slice(0, behindCharacters);
}

function keyAt({ document, before }: Site, lineStart: number, behind: string): string {
  return `${document}\u0000${before.slice(Math.max(0, lineStart - aboveCharacters), lineStart)}\u0000${behind}`;
}

function matched(suggestion: Suggestion, typed: string): Hit | undefined {
  const { head, text, isGrowing } = suggestion;
  const typedSince = typed.length - head.length;
  if (text === '' && !isGrowing) return typed === head ? { suggestion, remainder: '', typed: 0 } : undefined;
  if (typedSince < 0) {
    // Deleted within the line, and not all of it: somebody who clears a line wants something else.
    const isBack = typedSince >= -mostDeleted && head.startsWith(typed) && typed.trim() !== '';
    return isBack ? { suggestion, remainder: head.slice(typed.length) + text, typed: typedSince } : undefined;
  }
  if (!typed.startsWith(head)) return undefined;
  const since = typed.slice(head.length);
  if (text.startsWith(since)) {
    const remainder = text.slice(since.length);
    return remainder === '' && !isGrowing ? undefined : { suggestion, remainder, typed: typedSince };
  }
  return isGrowing && since.startsWith(text) ? { suggestion, remainder: '', typed: typedSince } : undefined;
}

function rank({ typed, remainder }: Hit): number {
  if (remainder === '') return 1_000_000;
  return typed >= 0 ? typed : 500_000 - typed;
}

function sizeOf({ key, head, text }: Suggestion): number {
  return key.length + head.length + text.length;
}
