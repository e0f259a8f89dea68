// A text with one change in it, as these tests write it: `⟦before⟧⟦after⟧`, and what comes of it when everything that is offered is taken.
import assert from 'node:assert/strict';
import type { KnownImport, NextEdit, RecentChange } from '../../../server/core/nextEdit/nextEdit.ts';
import { sourceOf } from '../../../server/core/nextEdit/source.ts';
import { suggestNextEdits } from '../../../server/core/nextEdit/suggest.ts';

export interface Changed {
  readonly text: string;
  /** In the order of their places; the last one that is marked with `!` (`⟦before⟧⟦after⟧!`) is the newest, else the last. */
  readonly changes: readonly RecentChange[];
  readonly change: RecentChange;
}

export function changed(marked: string): Changed {
  const changes: RecentChange[] = [];
  let text = '';
  let from = 0;
  let newest: RecentChange | undefined;
  for (const match of marked.matchAll(/⟦([^⟧]*)⟧⟦([^⟧]*)⟧(!?)/g)) {
    text += marked.slice(from, match.index);
    const change = { start: text.length, before: match[1] ?? '', after: match[2] ?? '' };
    changes.push(change);
    if (match[3] === '!') newest = change;
    text += change.after;
    from = match.index + match[0].length;
  }
  text += marked.slice(from);
  const change = newest ?? changes.at(-1);
  assert.ok(change, 'there is no ⟦before⟧⟦after⟧ in the text');
  return { text, changes, change };
}

export interface Taking {
  readonly languageId: string;
  readonly imports?: readonly KnownImport[];
}

/** Takes the first suggestion again and again. */
export function takeAll(from: Changed, { languageId, imports = [] }: Taking): { readonly text: string; readonly taken: readonly NextEdit[] } {
  let { text, changes, change } = from;
  const taken: NextEdit[] = [];
  for (;;) {
    const [edit] = suggestNextEdits({ source: sourceOf(text, languageId), change, changes, imports });
    if (!edit) return { text, taken };
    taken.push(edit);
    assert.ok(taken.length < 100, 'it does not come to an end');
    const before = text.slice(edit.start, edit.end);
    text = text.slice(0, edit.start) + edit.newText + text.slice(edit.end);
    const moved = (one: RecentChange) => (one.start >= edit.end ? { ...one, start: one.start + edit.newText.length - (edit.end - edit.start) } : one);
    change = moved(change);
    changes = [...changes.map(moved), { start: edit.start, before, after: edit.newText, takenFor: 1 }];
  }
}
