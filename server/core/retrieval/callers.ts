// Files in which a definition may be used, the likeliest first: its own, those that import it, and where no import is needed those beside it and those
// that text search finds; and what stands around a use. It knows facts and lines; it must not know questions or ranks.
import type { Definition, FileFacts, SymbolSource } from './facts.ts';

export interface PossibleCaller {
  readonly facts: FileFacts;
  /** How likely it is that the name means this definition there, from 0 to 1. */
  readonly share: number;
}

/** In these a file names by imports whatever it uses of others, members of what it got from somewhere apart. */
const importsTellAll = /^(?:typescript|javascript|python)/;
/** A package of Go or Java is a folder; a larger one is asked about by text search alone. */
const maxBeside = 100;
const maxTextHits = 24;
const nameSign = /[\p{L}\p{N}_$]/u;

/** Each file once; what costs more to find is found when it is asked for. */
export function* possibleCallers(source: SymbolSource, definition: Definition): Iterable<PossibleCaller> {
  const own = source.file(definition.path);
  const seen = new Set([definition.path]);
  if (own) yield { facts: own, share: 1 };
  for (const path of source.importersOf(definition.path)) {
    if (seen.has(path)) continue;
    seen.add(path);
    const facts = source.file(path);
    if (facts) yield { facts, share: 1 };
  }
  if (!own || importsTellAll.test(own.languageId)) return;
  const mayMeanIt = (path: string): FileFacts | undefined => {
    if (seen.has(path)) return undefined;
    seen.add(path);
    const facts = source.file(path);
    // Of a name that it defines itself it means its own.
    return facts?.languageId === own.languageId && !facts.definitions.some(({ name }) => name === definition.name) ? facts : undefined;
  };
  for (const path of filesBeside(source, definition.path)) {
    const facts = mayMeanIt(path);
    if (facts) yield { facts, share: 1 };
  }
  if (!definition.isExported) return;
  const share = 1 / Math.sqrt(Math.max(1, source.definitionsNamed(definition.name).length));
  for (const { path } of source.searchText(definition.name, maxTextHits)) {
    const facts = mayMeanIt(path);
    if (facts) yield { facts, share };
  }
}

function filesBeside(source: SymbolSource, path: string): string[] {
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  const extension = path.slice(path.lastIndexOf('.'));
  const found: string[] = [];
  for (const other of source.paths()) {
    if (!other.startsWith(folder) || !other.endsWith(extension) || other.indexOf('/', folder.length) >= 0) continue;
    found.push(other);
    if (found.length >= maxBeside) break;
  }
  return found;
}

export function innermostAround({ definitions }: FileFacts, line: number): Definition | undefined {
  let best: Definition | undefined;
  for (const one of definitions) if (one.startLine <= line && line <= one.endLine && (!best || one.startLine >= best.startLine)) best = one;
  return best;
}

/** Whether the name stands there as a whole; a pattern made of it would have to be kept from what its signs mean in patterns. */
export function holdsName(text: string, name: string): boolean {
  if (name === '') return false;
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + name.length))
    if (!nameSign.test(text[at - 1] ?? '') && !nameSign.test(text[at + name.length] ?? '')) return true;
  return false;
}
