// What a stretch of code opens and closes: brackets, strings, comments. It knows one line or one suggestion; it must not be asked about whole
// files (`openAbove` reads those), and which language has which signs it looks up.
import { signsOf } from './languageSigns.ts';
import type { Scope } from './literals.ts';
import type { ScopedSite } from './openAbove.ts';
import { openAbove } from './openAbove.ts';
import type { Opened, Watcher } from './walk.ts';
import { walk } from './walk.ts';

export type { Scope } from './literals.ts';

export interface LexOptions {
  readonly languageId: string;
  /** The line up to the stretch: it is read together with it, since a slash or a quote means what stands on both of its sides. */
  readonly before?: string;
  /** What is open where `before` begins: a text or a comment of an earlier line. */
  readonly startOpen?: readonly Opened[];
}

/** Offsets are UTF-16 offsets in the stretch. */
export interface Lexed {
  /** What is open at the end of the stretch, outermost first. */
  readonly open: readonly Opened[];
  /** What was open where it begins. */
  readonly openBefore: readonly Opened[];
  /** Of what is open, what the stretch itself has opened. */
  readonly own: readonly Opened[];
  /** Closers that nothing opened. */
  readonly surplus: readonly Closed[];
  /** Closers, and closing quotes, of something that was open; `depth` is how much is still open behind them. */
  readonly closed: readonly (Closed & { readonly depth: number })[];
  /** Where its end stands. */
  readonly scope: Scope;
  /** It ends with a regular expression, a character literal or the like: its last sign is no operator. */
  readonly isAtomEnd: boolean;
}

interface Closed {
  readonly sign: string;
  readonly at: number;
}

export function lex(text: string, { languageId, before = '', startOpen = [] }: LexOptions): Lexed {
  const shift = before.length;
  const open = startOpen.map((one, index): Opened => ({ ...one, at: index - startOpen.length }));
  const surplus: Closed[] = [];
  const closed: (Closed & { depth: number })[] = [];
  const openBefore: Opened[] = [];
  const wasOpenBefore = (opened: Opened) => {
    if (opened.at < shift) openBefore.push(opened);
  };
  const watcher: Watcher = {
    onPop: (opened, at, isByLine) => {
      if (at < shift) return;
      wasOpenBefore(opened);
      if (!isByLine) closed.push({ sign: opened.closer, at: at - shift, depth: open.length });
    },
    onSurplus: (sign, at) => {
      if (at >= shift) surplus.push({ sign, at: at - shift });
    },
  };
  const { scope, isAtomEnd } = walk({ text: before + text, open, watcher }, signsOf(languageId));
  open.forEach(wasOpenBefore);
  const shifted = open.map((one) => ({ ...one, at: one.at - shift }));
  return {
    open: shifted,
    openBefore: openBefore.toSorted((one, other) => one.at - other.at).map((one) => ({ ...one, at: one.at - shift })),
    own: shifted.filter(({ at }) => at >= 0),
    surplus,
    closed,
    scope,
    isAtomEnd,
  };
}

/** What the cursor stands in. */
export function scopeAt(site: ScopedSite, languageId: string): Scope {
  return lex(site.linePrefix, { languageId, startOpen: openAbove(site, languageId) }).scope;
}

/** Whether a stretch ends in a text that began before it. */
export function isInLongText({ open, scope }: Lexed): boolean {
  return scope === 'string' && (open.at(-1)?.at ?? 0) < 0;
}
