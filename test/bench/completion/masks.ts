// Holes in source files: arguments, expressions, statements and bodies of blocks that are taken out, drawn by a seed. It knows syntax trees and
// files; it must not know who fills the holes.
import { randomFrom, shuffled } from '../random.ts';
import type { SourceFile } from './corpus.ts';
import type { Node, Syntax } from './syntax.ts';

export const maskKinds = ['argument', 'expression', 'statement', 'block'] as const;
export type MaskKind = (typeof maskKinds)[number];

export interface Mask {
  readonly kind: MaskKind;
  readonly file: SourceFile;
  /** UTF-16 offset of the hole. */
  readonly offset: number;
  /** What was taken out. */
  readonly wanted: string;
  /** The file without it. */
  readonly text: string;
  /** The file without it parses. */
  readonly holeParses: boolean;
}

const leastCharacters = 3;
const mostCharacters = 500;

export interface MaskOptions {
  readonly files: readonly SourceFile[];
  readonly syntax: Syntax;
  readonly count: number;
  readonly seed: number;
}

/** As many of each kind, packages in turn, so that a large package does not stand for all. */
export function drawMasks({ files, syntax, count, seed }: MaskOptions): Mask[] {
  const random = randomFrom(seed);
  const packages = [...new Set(files.map((file) => file.package))];
  const byPackage = new Map(packages.map((name) => [name, files.filter((file) => file.package === name)]));
  const masks: Mask[] = [];
  const taken = new Set<string>();
  for (let attempt = 0; masks.length < count && attempt < count * 20; attempt++) {
    const kind = maskKinds[masks.length % maskKinds.length] as MaskKind;
    const own = byPackage.get(packages[attempt % packages.length] as string) as SourceFile[];
    const file = own[Math.floor(random() * own.length)] as SourceFile;
    const spans = syntax.within(file.languageId, file.text, (root) => (root.hasError ? [] : spansOf(root, kind, file.text)));
    const span = shuffled(spans, random).find(({ start }) => !taken.has(`${file.path}:${start}`));
    if (!span) continue;
    taken.add(`${file.path}:${span.start}`);
    const text = file.text.slice(0, span.start) + file.text.slice(span.end);
    masks.push({ kind, file, offset: span.start, wanted: file.text.slice(span.start, span.end), text, holeParses: syntax.parses(file.languageId, text) });
  }
  if (masks.length < count) throw new Error(`Only ${masks.length} of ${count} holes were found.`);
  return masks;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

function spansOf(root: Node, kind: MaskKind, text: string): Span[] {
  const spans: Span[] = [];
  const visit = (node: Node) => {
    const span = spanOf(node, kind, text);
    if (span && isFit(text.slice(span.start, span.end))) spans.push(span);
    for (const child of node.namedChildren) if (child) visit(child);
  };
  visit(root);
  return spans;
}

function isFit(wanted: string): boolean {
  return wanted.trim().length >= leastCharacters && wanted.length <= mostCharacters && wanted.split('\n')[0]?.trim() !== '';
}

const statementTypes = /(?:_statement|_declaration|^lexical_declaration|^if_statement)$/;
const notStatements = new Set(['import_statement', 'import_from_statement', 'export_statement', 'class_declaration', 'interface_declaration']);

function spanOf(node: Node, kind: MaskKind, text: string): Span | undefined {
  const parent = node.parent?.type ?? '';
  const whole = { start: node.startIndex, end: node.endIndex };
  if (node.type.includes('comment')) return undefined;
  switch (kind) {
    case 'argument':
      return parent === 'arguments' || parent === 'argument_list' ? whole : undefined;
    case 'expression': {
      const isValue =
        (parent === 'variable_declarator' && node.parent?.childForFieldName('value')?.id === node.id) ||
        (parent === 'assignment_expression' && node.parent?.childForFieldName('right')?.id === node.id) ||
        (parent === 'assignment' && node.parent?.childForFieldName('right')?.id === node.id) ||
        parent === 'return_statement' ||
        parent === 'parenthesized_expression';
      return isValue ? whole : undefined;
    }
    case 'statement':
      return (parent === 'statement_block' || parent === 'block') && statementTypes.test(node.type) && !notStatements.has(node.type) ? whole : undefined;
    case 'block':
      if (node.type === 'block' && parent !== 'module') return whole;
      return node.type === 'statement_block' && node.namedChildCount > 0 ? insideOf(node, text) : undefined;
  }
}

/** From the first statement to the last one, so that the cursor stands where an editor would have put it: indented, between the braces. */
function insideOf(node: Node, text: string): Span | undefined {
  const first = node.firstNamedChild;
  const last = node.lastNamedChild;
  if (!first || !last || !text.slice(node.startIndex, first.startIndex).includes('\n')) return undefined;
  return { start: first.startIndex, end: last.endIndex };
}
