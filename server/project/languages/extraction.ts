// What all languages share when a syntax tree is turned into facts: slices of the text, signatures on one line, documentation comments.
// It knows text and node ranges. It must not know any language's node types.
import type { Node } from 'web-tree-sitter';
import type { BaseType, Definition, DefinitionKind, ImportBinding, LocalBinding, ReExport } from '../../core/retrieval/facts.ts';

/** Facts as parsing finds them: without paths, since they are kept by content and a content may stand at several places. */
export interface Extraction {
  readonly definitions: Omit<Definition, 'path'>[];
  readonly bindings: LocalBinding[];
  readonly imports: Omit<ImportBinding, 'resolvedPaths'>[];
  readonly exports: Omit<ReExport, 'resolvedPaths'>[];
  readonly baseTypes: BaseType[];
}

export type ExtractFacts = (root: Node, collector: Collector) => void;

const maxSignatureLength = 400;
const maxShortBody = { lines: 12, length: 900 };
const maxDocstringLength = 200;
/** A generated file can hold any number of definitions; no reader needs more of one file. */
const maxPerFile = 5000;

export interface Found {
  readonly name: string | undefined;
  readonly kind: DefinitionKind;
  readonly node: Node;
  readonly container?: string | undefined;
  readonly signature: string;
  readonly typeName?: string | undefined;
  readonly isExported: boolean;
  /** Where the documentation comment is searched above: a decorator or an `export` may stand before the node. */
  readonly from?: Node | undefined;
  /** Where the language keeps documentation inside of the body. */
  readonly docstring?: string | undefined;
}

export class Collector implements Extraction {
  readonly text: string;
  readonly definitions: Omit<Definition, 'path'>[] = [];
  readonly bindings: LocalBinding[] = [];
  readonly imports: Omit<ImportBinding, 'resolvedPaths'>[] = [];
  readonly exports: Omit<ReExport, 'resolvedPaths'>[] = [];
  readonly baseTypes: BaseType[] = [];

  constructor(text: string) {
    this.text = text;
  }

  define({ name, kind, node, container, signature, typeName, isExported, from, docstring }: Found): void {
    if (!name || name.length > 200 || this.definitions.length >= maxPerFile) return;
    const doc = docstring ?? this.#docAbove((from ?? node).startIndex);
    this.definitions.push({
      name,
      kind,
      ...(container ? { container } : {}),
      signature: clip(signature, maxSignatureLength * 3),
      ...(doc ? { docstring: doc } : {}),
      ...(typeName ? { typeName } : {}),
      startLine: (from ?? node).startPosition.row,
      endLine: node.endPosition.row,
      isExported,
    });
  }

  import(binding: Omit<ImportBinding, 'resolvedPaths'>): void {
    if (binding.specifier !== '' && binding.specifier.length < 1000 && this.imports.length < maxPerFile) this.imports.push(binding);
  }

  bind(name: string | undefined, typeName: string | undefined, node: Node): void {
    if (name && typeName && this.bindings.length < maxPerFile) this.bindings.push({ name, typeName, line: node.startPosition.row });
  }

  derive(type: string | undefined, base: string | undefined): void {
    if (type && base && type !== base && this.baseTypes.length < maxPerFile) this.baseTypes.push({ type, base });
  }

  of(node: Node | null | undefined): string | undefined {
    return node ? this.text.slice(node.startIndex, node.endIndex) : undefined;
  }

  /** The text of a node on one line, up to where `body` begins. */
  head(node: Node, body?: Node | null): string {
    const end = body && body.startIndex >= node.startIndex ? body.startIndex : node.endIndex;
    return this.oneLine(node.startIndex, end);
  }

  oneLine(start: number, end: number): string {
    const slice = this.text.slice(start, Math.min(end, start + maxSignatureLength * 8));
    return clip(
      stripComments(slice)
        .replace(/\s+/g, ' ')
        .replace(/([([]) /g, '$1')
        .replace(/,? ([)\]])/g, '$1')
        .trim()
        .replace(/\s*(?:\{|=>|=|;|:)$/, ''),
      maxSignatureLength,
    );
  }

  /** The whole node where it is short, as types, interfaces and enums are shown; otherwise its head. */
  short(node: Node, body?: Node | null): string {
    const lines = node.endPosition.row - node.startPosition.row + 1;
    if (lines > maxShortBody.lines || node.endIndex - node.startIndex > maxShortBody.length) return this.head(node, body);
    return dedent(this.text.slice(node.startIndex, node.endIndex)).replace(/;$/, '');
  }

  /** Text above a definition: contiguous comment lines, past decorators and attributes. */
  #docAbove(index: number): string | undefined {
    let end = this.text.lastIndexOf('\n', index - 1);
    // What does not begin its line shares it with what the comment is about.
    if (this.text.slice(end + 1, index).trim() !== '') return undefined;
    const lines: string[] = [];
    for (let count = 0; end > 0 && count < 60; count++) {
      const start = this.text.lastIndexOf('\n', end - 1) + 1;
      const line = this.text.slice(start, Math.min(end, start + 500)).trim();
      end = start - 1;
      if (lines.length === 0 && /^(?:@|#\[|\[\w)/.test(line)) continue;
      if (!isCommentLine(line, lines.length > 0)) break;
      lines.unshift(line);
      if (line.startsWith('/*')) break;
    }
    return lines.length > 0 ? firstSentence(lines.join('\n')) : undefined;
  }
}

function isCommentLine(line: string, isBelowComment: boolean): boolean {
  if (/^(?:\/\/|\/\*)/.test(line) || line.endsWith('*/')) return true;
  // Of `#` lines only Python's are meant: C has its directives there, JavaScript its private fields.
  if (/^#(?:[#:]|\s(?!\s*(?:include|define|undef|ifn?def|el(?:se|if)|endif|pragma|line)\b)|$)/.test(line)) return true;
  return isBelowComment && line.startsWith('*');
}

/** The first sentence of a comment, without its marks; undefined for licence heads and rulers. */
export function firstSentence(comment: string): string | undefined {
  const lines = comment.split('\n').map((line) =>
    line
      .trim()
      .replace(/^(?:\/\*[*!]?|\*\/|\/\/[/!]?|\*(?!\*)|#+)\s?/, '')
      .replace(/\*\/$/, '')
      .trimEnd()
      .replace(/^(?:[rRuUbBfF]{0,2})(?:"""|''')|(?:"""|''')$/g, '')
      .replace(/<\/?(?:summary|para|p|remarks)\/?>/g, '')
      .trim(),
  );
  const first = lines.findIndex((line) => /[\p{L}\p{N}]/u.test(line));
  if (first < 0) return undefined;
  const rest = lines.slice(first);
  const blank = rest.findIndex((line, at) => at > 0 && (line === '' || line.startsWith('@')));
  const paragraph = rest.slice(0, blank < 0 ? rest.length : blank).join(' ');
  if (/^(?:@|copyright\b|licen[cs]ed?\b|eslint|biome-|oxlint|ts-|prettier|noqa|type:|pylint|nolint|go:|-\*-)/i.test(paragraph)) return undefined;
  const sentence = /^.*?[.!?](?=\s|$)/.exec(paragraph)?.[0] ?? paragraph;
  return clip(sentence.replace(/\s+/g, ' ').trim(), maxDocstringLength) || undefined;
}

/** `Map<string, Box[]>`, `&mut pkg::Box`, `*pkg.Box`, `Optional[Box]`: the name that says what members there are. */
export function simpleTypeName(type: string | undefined): string | undefined {
  if (!type) return undefined;
  let rest = type.replace(/^\s*(?:->|:)\s*/, '').trim();
  for (let depth = 0; depth < 4; depth++) {
    rest = rest
      .replace(/^(?:&(?:'\w+\s*)?|\*|mut\s+|const\s+|readonly\s+|dyn\s+|impl\s+|final\s+|static\s+|unsigned\s+|struct\s+|\?|async\s+|["'])+/, '')
      .trim();
    // Its end is looked at apart from its beginning: a pattern over all of it tries every blank of a hostile type as the end of what is inside.
    const opened = wrapper.exec(rest)?.[0];
    const inside = opened !== undefined && /[>\]]$/.test(rest) ? rest.slice(opened.length, -1).trim() : '';
    if (inside === '') break;
    rest = inside;
  }
  const name = /^(?:[\p{L}_$][\p{L}\p{N}_$]*(?:\.|::))*([\p{L}_$][\p{L}\p{N}_$]*)/u.exec(rest)?.[1];
  return name && !primitive.has(name) ? name : undefined;
}

/** Whose members are rarely what is meant. */
const wrapper =
  /^(?:[\w.]+(?:\.|::))?(?:Promise|Awaited|Readonly|Partial|Optional|Option|Result|Task|ValueTask|ClassVar|Final|unique_ptr|shared_ptr|Nullable)\s*[<[]/;

const primitive = new Set(
  'string number boolean bool void any unknown never null undefined object symbol bigint str int float bytes None dict list set tuple char short long double byte i8 i16 i32 i64 u8 u16 u32 u64 usize isize f32 f64 error rune uint int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 auto var let decimal sbyte ushort uint ulong function map chan func interface struct fn Self self this typeof keyof new'.split(
    ' ',
  ),
);

export function unquote(text: string | undefined): string {
  return (text ?? '').replace(/^[<"'`]|[>"'`]$/g, '');
}

function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

function stripComments(text: string): string {
  return text.includes('/*') || text.includes('//') ? stripBlockComments(text).replace(/(^|[\s,({])\/\/[^\n]*/g, '$1') : text;
}

/** One without an end is no comment, and then nor is any behind it. */
function stripBlockComments(text: string): string {
  let kept = '';
  let start = 0;
  for (let at = text.indexOf('/*'); at >= 0; at = text.indexOf('/*', start)) {
    const end = text.indexOf('*/', at + 2);
    if (end < 0) break;
    kept += `${text.slice(start, at)} `;
    start = end + 2;
  }
  return kept + text.slice(start);
}

function dedent(text: string): string {
  const lines = text.replace(/\r/g, '').split('\n');
  const indents = lines
    .slice(1)
    .filter((line) => line.trim() !== '')
    .map((line) => line.length - line.trimStart().length);
  const shift = indents.length > 0 ? Math.min(...indents) : 0;
  return lines.map((line, at) => (at === 0 ? line : line.slice(shift)).trimEnd()).join('\n');
}
