// The members of a type among the symbols of its document. It knows the shapes that providers answer with, as plain values; it must not know the editor.
import { type DeclaredMember, longestName, type memberKinds, mostMembers } from '../server/protocol/languageServices.ts';

interface Span {
  readonly start: { readonly line: number; readonly character: number };
  readonly end: { readonly line: number; readonly character: number };
}

/** What is read of VS Code's `DocumentSymbol`; providers of the older form give `SymbolInformation`, which has no members. */
export interface SymbolNode {
  readonly name: string;
  /** VS Code's `SymbolKind`. */
  readonly kind: number;
  readonly range: Span;
  readonly selectionRange: Span;
  readonly children: readonly SymbolNode[];
}

export interface SymbolMembers {
  readonly name: string;
  readonly members: readonly DeclaredMember[];
}

/** Of VS Code's `SymbolKind`, which counts from 0; what is left out is no member. */
const kinds: Readonly<Record<number, (typeof memberKinds)[number]>> = {
  4: 'class',
  5: 'method',
  6: 'field',
  7: 'field',
  8: 'constructor',
  9: 'enum',
  10: 'interface',
  11: 'function',
  12: 'variable',
  13: 'constant',
  21: 'enumMember',
  22: 'struct',
};
const maxDepth = 16;

/** @returns what stands below the symbol that is declared at the place; undefined where none is */
export function membersAt(symbols: readonly SymbolNode[], place: { readonly line: number; readonly character: number }): SymbolMembers | undefined {
  let level = symbols;
  let innermost: SymbolNode | undefined;
  for (let depth = 0; depth < maxDepth; depth++) {
    const around = level.find((one) => contains(one.range, place));
    if (!around) break;
    innermost = around;
    if (contains(around.selectionRange, place)) break;
    level = around.children ?? [];
  }
  // A place inside a type, but not at its name, is of something else.
  if (!innermost || !contains(innermost.selectionRange, place)) return undefined;
  const members = (innermost.children ?? []).flatMap(({ name, kind, range }): DeclaredMember[] => {
    const known = kinds[kind];
    return known && name !== '' && name.length <= longestName ? [{ name, kind: known, line: range.start.line, endLine: range.end.line }] : [];
  });
  return { name: innermost.name.slice(0, longestName), members: members.slice(0, mostMembers) };
}

function contains({ start, end }: Span, { line, character }: { readonly line: number; readonly character: number }): boolean {
  const isBefore = line < start.line || (line === start.line && character < start.character);
  const isBehind = line > end.line || (line === end.line && character > end.character);
  return !isBefore && !isBehind;
}
