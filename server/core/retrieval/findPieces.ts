// The pieces of one folder that a question in plain words or identifiers is about: what it names, what text search finds, who calls what it names and
// what that calls, files it names by path, files that change together with the one it was asked in. It knows facts; it must not know the text of files,
// budgets or models.
import { holdsName, innermostAround, possibleCallers } from './callers.ts';
import type { Definition, DefinitionKind, FileFacts, SymbolSource } from './facts.ts';
import { isTest } from './nearestFirst.ts';
import { subWordsOf } from './words.ts';

export interface PieceQuery {
  readonly text: string;
  /** The file it was asked in, as the folder knows it. */
  readonly activePath?: string;
  /** What an embedding model finds near it; none without such a model. */
  readonly near?: readonly NearPiece[];
}

export interface NearPiece {
  readonly path: string;
  readonly startLine: number;
  /** Inclusive. */
  readonly endLine: number;
  readonly kind: DefinitionKind | 'text';
  readonly name?: string;
  /** From 0 to 1. */
  readonly score: number;
}

export interface FoundPiece {
  readonly path: string;
  readonly startLine: number;
  /** Inclusive. */
  readonly endLine: number;
  readonly kind: DefinitionKind | 'text' | 'file';
  readonly name?: string;
  /** Comparable between folders. */
  readonly score: number;
  readonly reason: string;
  /** Given where the signature says enough, so that no body is to be read. */
  readonly signature?: string;
  /** Somewhere in the file this name is used: whoever has its text finds the place with `placeOfUse`. */
  readonly uses?: string;
}

const maxQueryCharacters = 4000;
const maxWords = 48;
const textHits = 24;
const maxPathMatches = 4;
const maxRelatives = { subjects: 3, callers: 6, callees: 8 };
const pathLines = 80;
/** What each way of being found is worth: a name that was written out is meant, a word may be chance. */
const worth = { identifier: 10, plainWord: 3, qualified: 5, path: 8, text: 4, meaning: 5, caller: 6, callee: 3, active: 1, changesTogether: 1 };
const testShare = 0.6;

/** @returns best first, one piece for each place */
export function findPieces(source: SymbolSource, query: PieceQuery, limit: number): FoundPiece[] {
  const finder = new Finder(source, query);
  finder.addNamed();
  finder.addPaths();
  finder.addText();
  finder.addNear();
  finder.addRelatives();
  return finder.finish(limit);
}

class Finder {
  readonly #source: SymbolSource;
  readonly #text: string;
  readonly #activePath: string | undefined;
  readonly #near: readonly NearPiece[];
  readonly #words: readonly string[];
  readonly #wanted: ReadonlySet<string>;
  readonly #pieces = new Map<string, FoundPiece>();
  readonly #subjects: { readonly definition: Definition; readonly score: number }[] = [];

  constructor(source: SymbolSource, { text, activePath, near = [] }: PieceQuery) {
    this.#source = source;
    this.#near = near;
    this.#text = text.slice(0, maxQueryCharacters);
    this.#activePath = activePath;
    this.#words = [...new Set(this.#text.match(/[\p{L}_$][\p{L}\p{N}_$]*/gu) ?? [])].filter((word) => word.length > 2).slice(0, maxWords);
    this.#wanted = new Set(this.#words.flatMap((word) => subWordsOf(word)));
  }

  addNamed(): void {
    for (const word of this.#words) {
      const isIdentifier = /[_$]|\p{Ll}\p{Lu}|^\p{Lu}\p{Ll}+\p{Lu}/u.test(word) || this.#text.includes(`\`${word}`) || this.#text.includes(`${word}(`);
      const definitions = this.#source.definitionsNamed(word);
      for (const definition of definitions) {
        const isQualified = definition.container !== undefined && this.#text.includes(`${simpleName(definition.container)}.${word}`);
        const score = (isIdentifier ? worth.identifier : worth.plainWord) / Math.sqrt(definitions.length) + (isQualified ? worth.qualified : 0);
        this.#note(definition, score, `named in the question: ${word}`);
        if (isIdentifier || isQualified) this.#subjects.push({ definition, score });
      }
    }
  }

  /** `src/foo.ts`, `foo.ts`: files that the question names. */
  addPaths(): void {
    const named = [...new Set(pathsIn(this.#text))].slice(0, maxPathMatches);
    if (named.length === 0) return;
    const found: { readonly path: string; readonly as: string }[] = [];
    for (const path of this.#source.paths()) {
      const as = named.find((name) => path === name || path.endsWith(`/${name}`));
      if (as !== undefined) found.push({ path, as });
    }
    found.sort((a, b) => a.path.length - b.path.length);
    for (const { path, as } of found.slice(0, maxPathMatches)) {
      const facts = this.#source.file(path);
      // Not looked at yet, or never to be: what may hold secrets is not told either.
      if (!facts) continue;
      const endLine = Math.min(pathLines, facts.lineCount) - 1;
      this.#add({ path, startLine: 0, endLine: Math.max(0, endLine), kind: 'file', score: worth.path, reason: `the question names ${as}` });
    }
  }

  addText(): void {
    const hits = this.#source.searchText(this.#text, textHits);
    const best = hits[0]?.score ?? 0;
    for (const hit of hits) {
      const share = best > 0 ? Math.max(0, hit.score / best) : 0;
      const inside = (this.#source.file(hit.path)?.definitions ?? []).filter((one) => one.startLine <= hit.endLine && one.endLine >= hit.startLine);
      for (const definition of inside) {
        const overlap = this.#overlap(definition);
        // A piece holds many definitions: those that speak of something else are only beside what was found.
        if (overlap > 0) this.#note(definition, worth.text * share * (0.4 + overlap), 'words of the question in its name and text');
      }
      this.#add({ ...hit, kind: 'text', score: worth.text * share * 0.5, reason: 'words of the question in its text' });
    }
  }

  addNear(): void {
    for (const { score, ...piece } of this.#near) this.#add({ ...piece, score: worth.meaning * score, reason: 'close to the question in meaning' });
  }

  /** Who uses what was named, and what that uses itself. */
  addRelatives(): void {
    const subjects = this.#subjects.toSorted((a, b) => b.score - a.score).slice(0, maxRelatives.subjects);
    for (const { definition, score } of subjects) {
      const share = Math.min(1, score / worth.identifier);
      this.#addCallers(definition, worth.caller * share);
      for (const callee of this.#calleesOf(definition)) this.#note(callee, worth.callee * share, `used by ${definition.name}`, callee.signature);
    }
  }

  finish(limit: number): FoundPiece[] {
    const together = new Map(this.#activePath === undefined ? [] : this.#source.coChangedWith(this.#activePath).map(({ path, count }) => [path, count]));
    const pieces = [...this.#pieces.values()].map((piece): FoundPiece => {
      const count = together.get(piece.path) ?? 0;
      const isActive = piece.path === this.#activePath;
      const bonus = (isActive ? worth.active : 0) + worth.changesTogether * Math.min(1, count / 5);
      const share = isTest(piece.path) && !this.#wanted.has('test') ? testShare : 1;
      const reason = count > 0 ? `${piece.reason}; changed together ${count} times` : piece.reason;
      return { ...piece, reason, score: piece.score * share + bonus };
    });
    return pieces.sort((a, b) => b.score - a.score || compare(a.path, b.path) || a.startLine - b.startLine).slice(0, limit);
  }

  #addCallers(definition: Definition, score: number): void {
    let left = maxRelatives.callers;
    for (const { facts, share } of possibleCallers(this.#source, definition)) {
      const places = facts.references.filter(({ name }) => name === definition.name);
      if (places.length === 0) continue;
      const { path } = facts;
      const { name } = definition;
      const reason = `uses ${name}`;
      const around = places.map(({ line }) => innermostAround(facts, line)).find((one) => one && !isSame(one, definition));
      if (around) this.#note(around, score * share, reason);
      // Of a file that is not open only the first place of a name is known, which is the import in most.
      else if (path !== definition.path) this.#add({ path, startLine: 0, endLine: -1, kind: 'text', name, score: score * share, reason, uses: name });
      else continue;
      if (--left <= 0) return;
    }
  }

  #calleesOf(definition: Definition): Definition[] {
    const facts = this.#source.file(definition.path);
    if (!facts) return [];
    const found: Definition[] = [];
    for (const { name, line } of facts.references) {
      if (line < definition.startLine || line > definition.endLine || name === definition.name) continue;
      const imported = facts.imports.filter((one) => one.local === name && one.resolvedPaths.length > 0);
      const meant =
        imported.length > 0 ? imported.flatMap((one) => this.#source.definitionsOfImport(one)) : facts.definitions.filter((one) => one.name === name);
      for (const one of meant.slice(0, 2)) if (!isInside(one, definition) && !found.some((other) => isSame(one, other))) found.push(one);
      if (found.length >= maxRelatives.callees) break;
    }
    return found;
  }

  /** Of the words of a definition's name and its type's, the share that the question speaks of. */
  #overlap({ name, container }: Definition): number {
    const words = subWordsOf(name);
    if (words.length === 0) return 0;
    const own = words.filter((word) => this.#wanted.has(word)).length / words.length;
    const around = subWordsOf(simpleName(container ?? '')).some((word) => this.#wanted.has(word)) ? 0.25 : 0;
    return Math.min(1, own + around);
  }

  #note(definition: Definition, score: number, reason: string, signature?: string): void {
    const { path, startLine, endLine, kind, name } = definition;
    this.#add({ path, startLine, endLine, kind, name, score, reason, ...(signature === undefined ? {} : { signature }) });
  }

  /** What is found in several ways is the likelier for it; the stronger one gives the reason first. */
  #add(piece: FoundPiece): void {
    const key = `${piece.path}:${piece.startLine}:${piece.endLine}:${piece.name ?? ''}`;
    const known = this.#pieces.get(key);
    if (!known) this.#pieces.set(key, piece);
    else {
      const [strong, weak] = known.score >= piece.score ? [known, piece] : [piece, known];
      const reason = strong.reason.includes(weak.reason) ? strong.reason : `${strong.reason}; ${weak.reason}`;
      const { signature, ...found } = strong;
      const isSignature = signature !== undefined && weak.signature !== undefined;
      this.#pieces.set(key, { ...found, reason, score: strong.score + weak.score / 2, ...(isSignature ? { signature } : {}) });
    }
  }
}

/**
 * Where a text that was read uses a name: the definition around the first use that is no import.
 * @returns undefined where the text has no such use any more
 */
export function placeOfUse(piece: FoundPiece, facts: FileFacts | undefined, lines: readonly string[]): FoundPiece | undefined {
  const name = piece.uses ?? '';
  const imports = new Set(facts?.imports.map(({ line }) => line));
  for (const [line, text] of lines.entries()) {
    if (imports.has(line) || !holdsName(text, name)) continue;
    const around = facts && innermostAround(facts, line);
    if (around) return { ...piece, startLine: around.startLine, endLine: around.endLine, kind: around.kind, name: around.name };
    if (!/^\s*(?:import|from|use|export)\b/.test(text)) return { ...piece, startLine: Math.max(0, line - 2), endLine: line + 4 };
  }
  return undefined;
}

/** Words with an ending such as `.ts`, each up to its last one. */
function pathsIn(text: string): string[] {
  return (text.match(/[\w@.$/-]+/g) ?? []).flatMap((word) => {
    for (let at = word.lastIndexOf('.'); at > 0; at = word.lastIndexOf('.', at - 1)) {
      const ending = /^\.[A-Za-z]\w{0,7}/.exec(word.slice(at, at + 9))?.[0];
      if (ending !== undefined) return [word.slice(0, at + ending.length).replace(/^\.?\//, '')];
    }
    return [];
  });
}

const isSame = (a: Definition, b: Definition) => a.path === b.path && a.startLine === b.startLine && a.name === b.name;
const isInside = (a: Definition, b: Definition) => a.path === b.path && a.startLine >= b.startLine && a.endLine <= b.endLine;
const simpleName = (container: string) => container.slice(container.lastIndexOf('.') + 1);
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
