// What a simulated user has seen of one side, as counts and samples. It knows figures alone; it must not know how they came about.

/** `right`: characters of it that will be typed. */
export interface Sample {
  readonly place: 'blank' | 'word' | 'sign';
  readonly source: string | undefined;
  readonly confidence: number | undefined;
  readonly length: number;
  readonly right: number;
}

export interface SourceTally {
  suggestions: number;
  read: number;
  acceptedCharacters: number;
}

export interface Tally {
  keystrokes: number;
  /** Keystrokes whose answer was shown before the next one. */
  shownKeystrokes: number;
  /** Of those, answered without asking the engine. */
  reused: number;
  /** From the key to its answer, of those that showed something, ms. */
  readonly shownMs: number[];
  /** Suggestions that were not what was typed through. */
  suggestions: number;
  /** Of those, without one right token. */
  wrong: number;
  /** Of all suggestions, those that stood long enough to be read: each is one interruption, however often it is read while it is typed through. */
  read: number;
  acceptances: number;
  acceptedCharacters: number;
  /** Acceptances of a whole suggestion, or of a whole first line. */
  wholeLines: number;
  /** Characters typed and taken together. */
  characters: number;
  /** What was typed through and then vanished or became another text. */
  flickers: number;
  /** Shown for a text that is no longer there. */
  stale: number;
  /** Of this process, for each answer without the engine, ms. */
  readonly cpuMs: number[];
  tokens: number;
  /** Suggestions by where they come from. */
  readonly bySource: Map<string, SourceTally>;
  readonly quiet: Map<string, number>;
  /** The first flickers, to be looked into. */
  readonly examples: string[];
  /** What is known of each suggestion when it is first shown, to fit thresholds to. */
  readonly samples: Sample[];
}

export function emptyTally(): Tally {
  const counts = { keystrokes: 0, shownKeystrokes: 0, reused: 0, suggestions: 0, wrong: 0, read: 0, acceptances: 0, acceptedCharacters: 0, wholeLines: 0 };
  return {
    ...counts,
    characters: 0,
    flickers: 0,
    stale: 0,
    tokens: 0,
    shownMs: [],
    cpuMs: [],
    bySource: new Map(),
    quiet: new Map(),
    examples: [],
    samples: [],
  };
}
