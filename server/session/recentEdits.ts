// What was just changed by hand in each open document: keystrokes joined into edits by place and pause, with what stood there before and what
// stands there now. It knows texts, versions and an injected clock; it must not know what an edit means.
import { trimmed } from '../core/nextEdit/names.ts';
import type { DocumentChange, Documents, Replacement } from './documents.ts';

export interface RecentEdit {
  readonly id: number;
  /** UTF-16 offset of `after` in the text as it is now. */
  readonly start: number;
  readonly before: string;
  readonly after: string;
  /** When it was last added to, or something that followed from it was taken. */
  readonly atMs: number;
  /** Where the last keystroke of it ended. */
  readonly caret: number;
  /** The user took it back, at least in part: nothing follows from it. */
  readonly isUndone: boolean;
  /** The edit that this one was suggested for, and taken. */
  readonly takenFor?: number;
}

/** A suggestion: when exactly this happens to the text, it was taken. */
export interface Expected {
  readonly uri: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** The edit that it follows from. */
  readonly origin: number;
}

/** A keystroke after a longer pause begins a new edit. */
const pauseMs = 1000;
const mostEdits = 8;
const mostDocuments = 32;
const longestEdit = 4000;
/** Of an edit's own past, to know an undo by. */
const mostStates = 64;

interface Tracked extends RecentEdit {
  readonly states: readonly string[];
}

export class RecentEdits {
  readonly #documents = new Map<string, readonly Tracked[]>();
  readonly #now: () => number;
  #expected: Expected | undefined;
  #nextId = 1;

  constructor(documents: Documents, now: () => number) {
    this.#now = now;
    documents.listen({ changed: (change) => this.#changed(change), closed: (uri) => this.#documents.delete(uri) });
  }

  /** Oldest first. */
  of(uri: string): readonly RecentEdit[] {
    return this.#documents.get(uri) ?? [];
  }

  /** Only the newest suggestion can be taken. */
  expect(expected: Expected | undefined): void {
    this.#expected = expected;
  }

  #changed({ uri, replacements, textBefore }: DocumentChange): void {
    let edits = this.#documents.get(uri) ?? [];
    // Several places at once: several cursors, a formatter or another command. What was edited moves along; nothing of it is one edit.
    const isOne = replacements.length === 1;
    let text = textBefore;
    for (const replacement of replacements) {
      edits = this.#after(edits, { uri, replacement, text, isOne });
      if (!isOne) text = text.slice(0, replacement.start) + replacement.text + text.slice(replacement.end);
    }
    this.#documents.delete(uri);
    const own = edits.filter((edit) => edit.takenFor === undefined).slice(-mostEdits);
    const taken = edits.filter((edit) => edit.takenFor !== undefined).slice(-mostEdits);
    this.#documents.set(
      uri,
      edits.filter((edit) => own.includes(edit) || taken.includes(edit)),
    );
    for (const oldest of this.#documents.keys()) {
      if (this.#documents.size <= mostDocuments) break;
      this.#documents.delete(oldest);
    }
  }

  #after(
    edits: readonly Tracked[],
    { uri, replacement, text, isOne }: { readonly uri: string; readonly replacement: Replacement; readonly text: string; readonly isOne: boolean },
  ): readonly Tracked[] {
    const { start, end, text: inserted } = replacement;
    const removed = text.slice(start, end);
    if (removed === inserted) return edits;
    const nowMs = this.#now();
    const caret = start + inserted.length;
    const inside = edits.map((edit) => touched(edit, replacement, text));
    const moved = edits.map((edit, index) => inside[index] ?? shifted(edit, replacement));
    const expected = this.#expected;
    this.#expected = undefined;
    if (isOne && expected?.uri === uri && isSame(trimmed({ start, before: removed, after: inserted }), expected, text)) {
      const taken = this.#begun({ start, before: removed, after: inserted, atMs: nowMs, caret, takenFor: expected.origin });
      return [...moved.map((edit) => (edit.id === expected.origin ? { ...edit, atMs: nowMs } : edit)), taken].filter(isSmall);
    }
    // Whoever takes back what was suggested wants none of it.
    const undone = new Set(moved.flatMap((edit, index) => (edit.isUndone && edits[index]?.isUndone !== true ? [edit.id, edit.takenFor ?? edit.id] : [])));
    const marked = moved.map((edit) => (undone.has(edit.id) ? { ...edit, isUndone: true } : edit));
    const last = marked.at(-1);
    const isContinued =
      isOne &&
      inside.at(-1) !== undefined &&
      last !== undefined &&
      last.takenFor === undefined &&
      nowMs - last.atMs <= pauseMs &&
      continues(edits.at(-1), replacement);
    if (isContinued) return [...marked.slice(0, -1), { ...last, atMs: nowMs, caret }].filter(isSmall);
    if (!isOne || undone.size > 0 || marked.some((edit, index) => edit.isUndone && edit.after !== edits[index]?.after)) return marked.filter(isSmall);
    return [...marked, this.#begun({ start, before: removed, after: inserted, atMs: nowMs, caret })].filter(isSmall);
  }

  #begun(edit: Omit<RecentEdit, 'id' | 'isUndone'>): Tracked {
    return { ...edit, id: this.#nextId++, isUndone: false, states: [edit.before] };
  }
}

/** An editor may put in what stands beside it along with the suggestion. */
function isSame(
  change: { readonly start: number; readonly before: string; readonly after: string },
  { start, end, text: wanted }: Expected,
  text: string,
): boolean {
  const expected = trimmed({ start, before: text.slice(start, end), after: wanted });
  return change.start === expected.start && change.before === expected.before && change.after === expected.after;
}

/** The next key at the same caret, or a deletion that ends or begins there. */
function continues(last: RecentEdit | undefined, { start, end }: Replacement): boolean {
  return last !== undefined && (start === last.caret || end === last.caret);
}

function isSmall({ before, after }: RecentEdit): boolean {
  return before.length <= longestEdit && after.length <= longestEdit;
}

/** The edit with a change in it or right beside it; undefined when that is elsewhere. */
function touched(edit: Tracked, { start, end, text: inserted }: Replacement, text: string): Tracked | undefined {
  const editEnd = edit.start + edit.after.length;
  if (end < edit.start || start > editEnd) return undefined;
  // Another line that begins or ends where this edit does is another matter.
  if ((end === edit.start || start === editEnd) && inserted.includes('\n') && edit.after !== '') return undefined;
  const from = Math.min(start, edit.start);
  const to = Math.max(end, editEnd);
  const before = text.slice(from, edit.start) + edit.before + text.slice(editEnd, to);
  const after = text.slice(from, start) + inserted + text.slice(end, to);
  // A step back over more than one character is no backspace.
  const isStepBack = (end - start > 1 || inserted.length > 1) && edit.states.includes(after);
  const isReturn = before === after;
  const isForthAgain = edit.isUndone && edit.states.includes(after);
  return { ...edit, start: from, before, after, isUndone: isReturn || isStepBack || isForthAgain, states: [...edit.states, edit.after].slice(-mostStates) };
}

function shifted(edit: Tracked, { start, end, text: inserted }: Replacement): Tracked {
  const delta = inserted.length - (end - start);
  return end <= edit.start ? { ...edit, start: edit.start + delta, caret: edit.caret + delta } : edit;
}
