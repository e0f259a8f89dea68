// Looks at a GBNF grammar before the library does, whose parser can be made to overflow its stack ("((((…"), to fill the memory
// ("x{3,1}"), or to search without end (rules that lead to each other in many ways, left recursion behind an empty rule).
// It knows the notation and what it costs; it must not know models or what a grammar is for.
// Notation: https://github.com/ggml-org/llama.cpp/blob/master/grammars/README.md

const mostCharacters = 65_536;
const mostRules = 2000;
const deepestNesting = 48;
/** Also the library's limit. */
const mostRepetitions = 2000;
/** Elements after repetitions are written out. */
const mostElements = 200_000;
/** Ways in which a rule can begin, and steps that finding them takes; the library keeps each way in memory. */
const mostBeginnings = 5000;
/** Rules and groups, one inside the beginning of the other: the library goes through them on its stack. */
const deepestBeginning = 1000;

interface Item {
  readonly kind: 'characters' | 'reference' | 'group';
  /** Of a reference: the rule's name. */
  readonly name: string;
  readonly alternates: readonly (readonly Item[])[];
  /** Elements of the library's own form. */
  readonly size: number;
  readonly min: number;
  readonly max: number;
}

type Alternates = readonly (readonly Item[])[];

class GrammarError extends Error {}

/** @returns undefined when the library can take the grammar; else what is wrong, as the end of a sentence that begins with "the grammar" */
export function grammarProblem(text: string): string | undefined {
  if (text.length > mostCharacters) return `is longer than ${mostCharacters} characters`;
  if (text.includes('\0')) return 'holds a NUL character';
  try {
    checkRules(new Parser(text).rules());
    return undefined;
  } catch (error) {
    if (error instanceof GrammarError) return error.message;
    throw error;
  }
}

class Parser {
  readonly #text: string;
  #at = 0;
  #elements = 0;

  constructor(text: string) {
    this.#text = text;
  }

  rules(): Map<string, Alternates> {
    const rules = new Map<string, Alternates>();
    this.#space(true);
    while (this.#at < this.#text.length) {
      const name = this.#match(/[a-zA-Z0-9-]+/y) ?? this.#fail('a rule name is expected');
      this.#space(false);
      if (!this.#match(/::=/y)) this.#fail(`"::=" is expected after the rule name ${name}`);
      this.#space(true);
      // The library takes the last, but keeps what it made of the first.
      if (rules.has(name)) throw new GrammarError(`defines the rule ${name} twice`);
      rules.set(name, this.#alternates(0));
      if (this.#at < this.#text.length && !this.#match(/\r\n?|\n/y)) this.#fail('the end of the line is expected');
      this.#space(true);
      if (rules.size > mostRules) throw new GrammarError(`has more than ${mostRules} rules`);
    }
    return rules;
  }

  #alternates(depth: number): Alternates {
    if (depth > deepestNesting) throw new GrammarError(`nests groups deeper than ${deepestNesting}`);
    const alternates = [this.#sequence(depth)];
    while (this.#match(/\|/y)) {
      this.#space(true);
      alternates.push(this.#sequence(depth));
    }
    return alternates;
  }

  #sequence(depth: number): readonly Item[] {
    const items: Item[] = [];
    const inGroup = depth > 0;
    for (;;) {
      const item = this.#item(depth);
      if (item) {
        items.push(item);
        this.#space(inGroup);
        continue;
      }
      const repetition = this.#repetition(inGroup);
      if (!repetition) return items;
      const previous = items.pop();
      if (!previous || previous.size === 0) return this.#fail('there is nothing that could be repeated');
      items.push(this.#repeated(previous, repetition));
      this.#space(inGroup);
    }
  }

  #item(depth: number): Item | undefined {
    if (this.#match(/"/y)) return this.#characters('"');
    if (this.#match(/\[\^?/y)) return this.#characters(']');
    if (this.#match(/\./y)) return this.#sized({ kind: 'characters', size: 1 });
    const name = this.#match(/[a-zA-Z0-9-]+/y);
    if (name !== undefined) return this.#sized({ kind: 'reference', name, size: 1 });
    if (/[<!]/.test(this.#text[this.#at] ?? '')) this.#fail('tokens cannot be named');
    if (!this.#match(/\(/y)) return undefined;
    this.#space(true);
    const alternates = this.#alternates(depth + 1);
    if (!this.#match(/\)/y)) this.#fail('")" is expected');
    return this.#sized({ kind: 'group', alternates, size: 1 });
  }

  /** A text in quotes, or the inside of a class. */
  #characters(end: '"' | ']'): Item {
    let size = 0;
    while (!this.#match(end === '"' ? /"/y : /\]/y)) {
      const isKnown = this.#match(/\\(?:x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[trn\\"[\]-])|[^\\]/suy);
      if (isKnown === undefined) this.#fail(this.#at < this.#text.length ? 'the escape is unknown' : `the ${end} that closes is missing`);
      size++;
    }
    if (size === 0 && end === ']') this.#fail('a class of characters is empty');
    return this.#sized({ kind: 'characters', size });
  }

  #repetition(inGroup: boolean): { readonly min: number; readonly max: number } | undefined {
    const sign = this.#match(/[*+?]/y);
    if (sign) return { min: sign === '+' ? 1 : 0, max: sign === '?' ? 1 : Infinity };
    if (!this.#match(/\{/y)) return undefined;
    this.#space(inGroup);
    const min = Number(this.#match(/\d+/y) ?? this.#fail('a number is expected'));
    this.#space(inGroup);
    let max = min;
    if (this.#match(/,/y)) {
      this.#space(inGroup);
      max = Number(this.#match(/\d+/y) ?? Infinity);
      this.#space(inGroup);
    }
    if (!this.#match(/\}/y)) this.#fail('"}" is expected');
    if (min > mostRepetitions || (max > mostRepetitions && max !== Infinity)) throw new GrammarError(`repeats something more than ${mostRepetitions} times`);
    if (max < min || max === 0) this.#fail('the bounds of a repetition contradict each other');
    return { min, max };
  }

  #repeated(item: Item, { min, max }: { readonly min: number; readonly max: number }): Item {
    const copies = Math.max(1, min) + (max === Infinity ? 1 : max - min);
    return this.#sized({ kind: 'group', alternates: [[item]], size: item.size * copies + 2 * copies, min, max });
  }

  #sized(item: Partial<Item> & Pick<Item, 'kind' | 'size'>): Item {
    this.#elements += item.size;
    if (this.#elements > mostElements) throw new GrammarError(`has more than ${mostElements} elements once its repetitions are written out`);
    return { name: '', alternates: [], min: 1, max: 1, ...item };
  }

  #space(newLineToo: boolean): void {
    this.#match(newLineToo ? /(?:[ \t\r\n]|#[^\r\n]*)*/y : /(?:[ \t]|#[^\r\n]*)*/y);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #fail(what: string): never {
    const before = this.#text.slice(0, this.#at);
    const line = before.split(/\r\n?|\n/).length;
    throw new GrammarError(`is not valid in line ${line}: ${what}`);
  }
}

function checkRules(rules: ReadonlyMap<string, Alternates>): void {
  if (!rules.has('root')) throw new GrammarError('has no rule "root"');
  for (const alternates of rules.values()) checkReferences(alternates, rules);
  const mayBeEmpty = emptyRules(rules);
  const beginnings = new Map<string, number>();
  const inProgress = new Set<string>();

  let depth = 0;

  /** How many ways lead to the beginnings of something; a rule that comes back to its own beginning is left-recursive. */
  const waysOf = (alternates: Alternates): number => {
    if (++depth > deepestBeginning) throw new GrammarError('leads through too many rules before its first character');
    const ways = alternates.reduce((sum, items) => sum + waysFrom(items, 0), 1);
    depth--;
    return ways;
  };
  /** What stands behind something that may be empty can begin at the same time. */
  const waysFrom = (items: readonly Item[], from: number): number => {
    let ways = 1;
    for (let index = from; index < items.length; index++) {
      const item = items[index] as Item;
      ways += waysOfItem(item);
      if (ways > mostBeginnings) throw new GrammarError('can begin in too many ways at once: its rules lead to each other again and again');
      if (!itemMayBeEmpty(item, mayBeEmpty)) break;
    }
    return ways;
  };
  const waysOfItem = (item: Item): number => {
    if (item.kind === 'characters') return 1;
    if (item.kind === 'group') {
      const repeatsEmpty = alternatesMayBeEmpty(item.alternates, mayBeEmpty);
      if (repeatsEmpty && item.max === Infinity) throw new GrammarError('repeats without end something that may be empty');
      // Each optional copy is a beginning of its own.
      return waysOf(item.alternates) * (repeatsEmpty ? item.max : 1) + 1;
    }
    const known = beginnings.get(item.name);
    if (known !== undefined) return known;
    if (inProgress.has(item.name)) throw new GrammarError(`is left-recursive: the rule ${item.name} begins with itself`);
    inProgress.add(item.name);
    const ways = waysOf(rules.get(item.name) ?? []);
    inProgress.delete(item.name);
    beginnings.set(item.name, ways);
    return ways;
  };
  /** Every place begins at some time. */
  const checkPlaces = (alternates: Alternates): void => {
    for (const items of alternates) {
      for (const [index, item] of items.entries()) {
        waysFrom(items, index);
        checkPlaces(item.alternates);
      }
    }
  };
  for (const [name, alternates] of rules) {
    waysOfItem({ kind: 'reference', name, alternates: [], size: 1, min: 1, max: 1 });
    checkPlaces(alternates);
  }
}

function checkReferences(alternates: Alternates, rules: ReadonlyMap<string, Alternates>): void {
  for (const item of alternates.flat()) {
    if (item.kind === 'reference' && !rules.has(item.name)) throw new GrammarError(`names the rule ${item.name}, which it does not have`);
    checkReferences(item.alternates, rules);
  }
}

/** The rules that may be empty, found by repeating until nothing new is; to and fro, so that long chains do not take many rounds. */
function emptyRules(rules: ReadonlyMap<string, Alternates>): ReadonlySet<string> {
  const empty = new Set<string>();
  const entries = [...rules];
  for (let before = -1; before !== empty.size; ) {
    before = empty.size;
    entries.reverse();
    for (const [name, alternates] of entries) if (!empty.has(name) && alternatesMayBeEmpty(alternates, empty)) empty.add(name);
  }
  return empty;
}

function alternatesMayBeEmpty(alternates: Alternates, empty: ReadonlySet<string>): boolean {
  return alternates.some((items) => items.every((item) => itemMayBeEmpty(item, empty)));
}

function itemMayBeEmpty(item: Item, empty: ReadonlySet<string>): boolean {
  if (item.min === 0 || item.size === 0) return true;
  if (item.kind === 'reference') return empty.has(item.name);
  return item.kind === 'group' && alternatesMayBeEmpty(item.alternates, empty);
}
