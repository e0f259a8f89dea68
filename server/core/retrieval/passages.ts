// The passages of a file that get a vector each, for questions that share no word with what they are about: every definition that has a body, and pieces of
// files without definitions. It knows facts and lines; it must not know models or vectors.
import type { Definition, DefinitionKind } from './facts.ts';

export interface Passage {
  readonly startLine: number;
  /** Inclusive. */
  readonly endLine: number;
  readonly kind: DefinitionKind | 'text';
  readonly name?: string;
  readonly container?: string;
}

export interface PassageText extends Passage {
  /** What the vector is made of. */
  readonly text: string;
}

/** Raise it when passages or their texts become others: vectors that are kept are then made anew. */
export const passagesVersion = 1;
/** A one-line constant says no more than its name, which text search finds. */
const leastLines = 3;
/** Of a text without any a model may make nothing, and then refuses all that it was asked with. */
const hasWord = /[\p{L}\p{N}]/u;
const pieceLines = 40;
const maxPassages = 256;
const maxLineLength = 200;
const withMembers = new Set<DefinitionKind>(['class', 'struct', 'interface', 'trait', 'enum', 'namespace']);
/** What has its members as passages of its own is told by its head and their names. */
const headLines = 12;
const maxMembersNamed = 24;

type Defined = Omit<Definition, 'path'>;

/** @param maxCharacters of each text */
export function passagesOf({ definitions }: { readonly definitions: readonly Defined[] }, lines: readonly string[], maxCharacters: number): PassageText[] {
  const found = definitions.length === 0 ? piecesOf(lines) : definedIn(definitions, lines);
  return found
    .slice(0, maxPassages)
    .map((passage) => ({ ...passage, text: passage.text.slice(0, maxCharacters) }))
    .filter(({ text }) => hasWord.test(text));
}

function piecesOf(lines: readonly string[]): PassageText[] {
  return Array.from({ length: Math.ceil(lines.length / pieceLines) }, (_, at) => {
    const startLine = at * pieceLines;
    const endLine = Math.min(startLine + pieceLines, lines.length) - 1;
    return { startLine, endLine, kind: 'text', text: textOf(lines, startLine, endLine) };
  });
}

function definedIn(definitions: readonly Defined[], lines: readonly string[]): PassageText[] {
  return definitions
    .filter(({ kind, startLine, endLine }) => kind !== 'namespace' && endLine - startLine + 1 >= leastLines)
    .map((definition) => {
      const { startLine, endLine, kind, name, container } = definition;
      return { startLine, endLine, kind, name, ...(container === undefined ? {} : { container }), text: textOfDefinition(definition, definitions, lines) };
    });
}

function textOfDefinition(definition: Defined, all: readonly Defined[], lines: readonly string[]): string {
  const { docstring, container, name, kind, startLine, endLine } = definition;
  const about = [...(docstring === undefined ? [] : [docstring]), ...(container === undefined ? [] : [`${container}.${name}`])];
  if (!withMembers.has(kind)) return [...about, textOf(lines, startLine, endLine)].join('\n');
  const whole = container === undefined ? name : `${container}.${name}`;
  const members = all.filter((one) => one.container === whole && one.startLine >= startLine && one.endLine <= endLine).map((one) => one.name);
  const head = textOf(lines, startLine, Math.min(endLine, startLine + headLines - 1));
  return [...about, head, members.slice(0, maxMembersNamed).join(', ')].join('\n');
}

/** Without the indentation that all of it has, which only takes room. */
function textOf(lines: readonly string[], startLine: number, endLine: number): string {
  const own = lines.slice(startLine, endLine + 1);
  const indents = own.filter((line) => line.trim() !== '').map((line) => line.length - line.trimStart().length);
  const indent = indents.length === 0 ? 0 : Math.min(...indents);
  return own.map((line) => line.slice(indent, indent + maxLineLength).trimEnd()).join('\n');
}
