// Methods that know text only: BM25 over windows and over definitions, and windows alike to what stands before the cursor, as editors do it.
import type { Definition, TextHit } from '../../../server/core/retrieval/facts.ts';
import { packDefinitions } from '../../../server/core/retrieval/packContext.ts';
import { subWordsOf } from '../../../server/core/retrieval/words.ts';
import type { Repository } from './holes.ts';
import { type Chunk, type Method, packChunks } from './methods.ts';
import type { Situation } from './situations.ts';

export interface MethodOptions {
  readonly repository: Repository;
  readonly definitions: readonly Definition[];
  readonly commentSign: string;
  readonly countTokens: (text: string) => number;
}

const windowLines = 40;

/** BM25 with the usual constants. https://en.wikipedia.org/wiki/Okapi_BM25 */
class Bm25<Item extends { readonly path: string }> {
  readonly #items: { readonly item: Item; readonly length: number }[] = [];
  readonly #postings = new Map<string, Map<number, number>>();
  #total = 0;

  add(item: Item, words: readonly string[]): void {
    const index = this.#items.push({ item, length: words.length }) - 1;
    this.#total += words.length;
    for (const word of words) {
      let posting = this.#postings.get(word);
      if (!posting) this.#postings.set(word, (posting = new Map()));
      posting.set(index, (posting.get(index) ?? 0) + 1);
    }
  }

  search(words: ReadonlySet<string>, withoutPath: string, limit: number): Item[] {
    const scores = new Map<number, number>();
    const average = this.#total / this.#items.length;
    for (const word of words) {
      const posting = this.#postings.get(word);
      if (!posting) continue;
      const rarity = Math.log(1 + (this.#items.length - posting.size + 0.5) / (posting.size + 0.5));
      for (const [index, count] of posting) {
        const { length } = this.#items[index] as { readonly length: number };
        scores.set(index, (scores.get(index) ?? 0) + (rarity * count * 2.2) / (count + 1.2 * (0.25 + (0.75 * length) / average)));
      }
    }
    const best = [...scores].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
    const found: Item[] = [];
    for (const [index] of best) {
      const { item } = this.#items[index] as { readonly item: Item };
      if (item.path !== withoutPath && found.push(item) >= limit) break;
    }
    return found;
  }
}

function wordsIn(text: string): string[] {
  return (text.match(/[A-Za-z_$][\w$]*/g) ?? []).flatMap((identifier) => [identifier, ...subWordsOf(identifier)]);
}

/** Text search over windows, as the index does it with its pieces of files. */
export type WindowSearch = (query: string, limit: number) => readonly TextHit[];

export function textMethods(options: MethodOptions): { readonly methods: Method[]; readonly search: WindowSearch } {
  const { repository } = options;
  const windows = new Bm25<Chunk>();
  for (const [path, text] of repository.files) {
    const lines = text.split('\n');
    for (let start = 0; start < lines.length; start += windowLines) {
      const chunk = {
        path,
        startLine: start,
        endLine: Math.min(lines.length, start + windowLines) - 1,
        text: lines.slice(start, start + windowLines).join('\n'),
      };
      windows.add(chunk, wordsIn(chunk.text));
    }
  }
  const bodies = new Bm25<Definition>();
  for (const definition of options.definitions) {
    const lines = (repository.files.get(definition.path) as string).split('\n');
    bodies.add(definition, wordsIn(lines.slice(definition.startLine, definition.endLine + 1).join('\n')));
  }
  const search: WindowSearch = (query, limit) =>
    windows.search(new Set(wordsIn(query)), '', limit).map(({ path, startLine, endLine }, index) => ({ path, startLine, endLine, score: limit - index }));
  const wordsOf = (situation: Situation) => new Set(wordsIn(situation.nearText));
  const methods: Method[] = [
    {
      name: 'BM25, 40-line windows',
      prepare: (situation) => {
        const found = windows.search(wordsOf(situation), situation.path, 60);
        return (budgetTokens) => packChunks(found, { ...options, budgetTokens });
      },
    },
    {
      name: 'BM25, as signatures',
      prepare: (situation) => {
        const found = bodies.search(wordsOf(situation), situation.path, 500).map((definition) => ({ definition }));
        return (budgetTokens) => packDefinitions(found, { ...options, budgetTokens });
      },
    },
    { name: 'Jaccard, 60-line windows of the 20 nearest files', prepare: jaccard(options) },
  ];
  return { methods, search };
}

const jaccardLines = 60;
const jaccardStep = 15;
const jaccardFiles = 20;

function jaccard(options: MethodOptions): Method['prepare'] {
  const windowsOf = new Map<string, readonly { readonly chunk: Chunk; readonly words: ReadonlySet<string> }[]>();
  const windows = (path: string) => {
    let known = windowsOf.get(path);
    if (!known) {
      const lines = (options.repository.files.get(path) as string).split('\n');
      const made = [];
      for (let start = 0; start === 0 || start + jaccardLines - jaccardStep < lines.length; start += jaccardStep) {
        const text = lines.slice(start, start + jaccardLines).join('\n');
        made.push({
          chunk: { path, startLine: start, endLine: Math.min(lines.length, start + jaccardLines) - 1, text },
          words: new Set(text.match(/[A-Za-z_$][\w$]*/g)),
        });
      }
      windowsOf.set(path, (known = made));
    }
    return known;
  };
  return (situation) => {
    const before = situation.text
      .split('\n')
      .slice(Math.max(0, situation.line - jaccardLines), situation.line)
      .join('\n');
    const words = new Set<string>(before.match(/[A-Za-z_$][\w$]*/g));
    const nearest = [...options.repository.files.keys()]
      .filter((path) => path !== situation.path)
      .map((path) => ({ path, distance: folderDistance(path, situation.path) }))
      .sort((a, b) => a.distance - b.distance || (a.path < b.path ? -1 : 1))
      .slice(0, jaccardFiles);
    const best = nearest
      .map(({ path }) =>
        windows(path)
          .map(({ chunk, words: own }) => ({ chunk, score: similarity(words, own) }))
          .reduce((a, b) => (b.score > a.score ? b : a)),
      )
      .sort((a, b) => b.score - a.score);
    return (budgetTokens) =>
      packChunks(
        best.map(({ chunk }) => chunk),
        { ...options, budgetTokens },
      );
  };
}

function similarity(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let both = 0;
  for (const word of a) if (b.has(word)) both++;
  return both / Math.max(1, a.size + b.size - both);
}

function folderDistance(a: string, b: string): number {
  const left = a.split('/').slice(0, -1);
  const right = b.split('/').slice(0, -1);
  let same = 0;
  while (same < left.length && left[same] === right[same]) same++;
  return left.length + right.length - 2 * same;
}
