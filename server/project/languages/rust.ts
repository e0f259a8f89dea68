// What Rust files define and use. It knows the node types of Rust's grammar.
import type { Node } from 'web-tree-sitter';
import type { DefinitionKind } from '../../core/retrieval/facts.ts';
import { type Collector, simpleTypeName as nameOfType } from './extraction.ts';

export const rustBindings = `
(let_declaration pattern: (identifier) @name type: (_) @type)
(let_declaration pattern: (identifier) @name value: (struct_expression name: (_) @type))
(let_declaration pattern: (identifier) @name value: (call_expression function: (scoped_identifier path: (_) @call)))
(parameter pattern: (identifier) @name type: (_) @type)
`;

const kinds: Readonly<Record<string, DefinitionKind>> = {
  struct_item: 'struct',
  union_item: 'struct',
  enum_item: 'enum',
  trait_item: 'trait',
  type_item: 'type',
  associated_type: 'type',
  const_item: 'constant',
  static_item: 'variable',
  macro_definition: 'macro',
};

interface Scope {
  readonly container?: string | undefined;
  /** Members of a trait and of its implementations are as public as the trait. */
  readonly isPublic?: boolean;
  readonly isType?: boolean;
}

export function extractRust(root: Node, out: Collector): void {
  items(root, {}, out);
}

function items(parent: Node, scope: Scope, out: Collector): void {
  for (const node of parent.namedChildren) item(node, scope, out);
}

function item(node: Node, scope: Scope, out: Collector): void {
  const { container } = scope;
  const name = out.of(node.childForFieldName('name'));
  const body = node.childForFieldName('body');
  const isExported = scope.isPublic === true || hasVisibility(node);
  switch (node.type) {
    case 'function_item':
    case 'function_signature_item':
      return out.define({
        name,
        kind: scope.isType ? 'method' : 'function',
        node,
        container,
        isExported,
        signature: out.head(node, body),
        typeName: returnType(node, container, out),
      });
    case 'struct_item':
    case 'union_item':
    case 'enum_item':
    case 'trait_item':
    case 'type_item':
    case 'associated_type': {
      out.define({
        name,
        kind: kinds[node.type] ?? 'type',
        node,
        container,
        isExported,
        signature: node.type === 'trait_item' ? out.head(node, body) : out.short(node, body),
      });
      for (const bound of node.childForFieldName('bounds')?.namedChildren ?? [])
        if (node.type === 'trait_item') out.derive(name, simpleTypeName(out.of(bound)));
      if (!body || !name) return;
      if (node.type === 'trait_item') return items(body, { container: name, isPublic: isExported, isType: true }, out);
      return fields(body, name, isExported, out);
    }
    case 'impl_item': {
      const type = simpleTypeName(out.of(node.childForFieldName('type')));
      const trait = simpleTypeName(out.of(node.childForFieldName('trait')));
      out.derive(type, trait);
      if (body) items(body, { container: type, isPublic: trait !== undefined, isType: true }, out);
      return;
    }
    case 'mod_item':
      if (!body) return out.import({ local: name ?? '', imported: '*', specifier: `self::${name ?? ''}`, line: node.startPosition.row });
      out.define({ name, kind: 'namespace', node, container, isExported, signature: out.head(node, body) });
      return items(body, { container: container && name ? `${container}.${name}` : name }, out);
    case 'const_item':
    case 'static_item':
    case 'macro_definition': {
      const value = node.childForFieldName('value');
      const isShort = value && value.startPosition.row === value.endPosition.row && value.endIndex - value.startIndex <= 80;
      const isMacro = node.type === 'macro_definition';
      return out.define({
        name,
        kind: kinds[node.type] ?? 'constant',
        node,
        container,
        isExported: isExported || isMacro,
        signature: isMacro ? `macro_rules! ${name ?? ''}` : out.head(node, isShort ? null : value),
        typeName: simpleTypeName(out.of(node.childForFieldName('type'))),
      });
    }
    case 'use_declaration': {
      const argument = node.childForFieldName('argument');
      if (argument) useTree(argument, [], hasVisibility(node), out);
      return;
    }
    case 'foreign_mod_item':
    case 'declaration_list':
    case 'ERROR':
      return items(node, scope, out);
    default:
  }
}

function fields(body: Node, container: string, isExported: boolean, out: Collector): void {
  for (const node of body.namedChildren) {
    const name = out.of(node.childForFieldName('name'));
    if (node.type === 'field_declaration')
      out.define({
        name,
        kind: 'field',
        node,
        container,
        isExported: isExported && hasVisibility(node),
        signature: out.head(node),
        typeName: simpleTypeName(out.of(node.childForFieldName('type'))),
      });
    else if (node.type === 'enum_variant') out.define({ name, kind: 'enumMember', node, container, isExported, signature: out.head(node) });
  }
}

/** `a::{b, c as d, e::*, self}` unfolds into one import for each name; the specifier is the path up to it. */
function useTree(node: Node, prefix: readonly string[], isPublic: boolean, out: Collector): void {
  const line = node.startPosition.row;
  const bring = (path: readonly string[], local: string | undefined, imported: string) => {
    const specifier = path.join('::');
    out.import({ local: local ?? imported, imported, specifier, line });
    if (isPublic) out.exports.push({ exported: local ?? imported, imported, specifier, line });
  };
  switch (node.type) {
    case 'scoped_use_list': {
      const path = [...prefix, ...segments(node.childForFieldName('path'), out)];
      for (const child of node.childForFieldName('list')?.namedChildren ?? []) useTree(child, path, isPublic, out);
      return;
    }
    case 'use_list':
      for (const child of node.namedChildren) useTree(child, prefix, isPublic, out);
      return;
    case 'use_wildcard':
      return bring([...prefix, ...segments(node.namedChild(0), out)], '*', '*');
    case 'use_as_clause': {
      const path = [...prefix, ...segments(node.childForFieldName('path'), out)];
      return bring(path.slice(0, -1), out.of(node.childForFieldName('alias')), path.at(-1) ?? '*');
    }
    case 'self':
      // `use a::b::{self}` is `use a::b`.
      return bring(prefix.slice(0, -1), prefix.at(-1), prefix.at(-1) ?? '*');
    default: {
      const path = [...prefix, ...segments(node, out)];
      if (path.length > 0) bring(path.length > 1 ? path.slice(0, -1) : path, path.at(-1), path.length > 1 ? (path.at(-1) ?? '*') : '*');
    }
  }
}

/** What a smart pointer leads to is what its members are asked of. */
function simpleTypeName(text: string | undefined): string | undefined {
  return nameOfType(text?.replace(/\b(?:Box|Rc|Arc|Cow|Pin)\s*<\s*((?:dyn\s+)?\w[\w:]*)/g, '$1'));
}

function segments(node: Node | null, out: Collector): string[] {
  return (out.of(node) ?? '')
    .split('::')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function hasVisibility(node: Node): boolean {
  return node.namedChildren.some((child) => child.type === 'visibility_modifier');
}

function returnType(node: Node, container: string | undefined, out: Collector): string | undefined {
  const text = out.of(node.childForFieldName('return_type'));
  return text && /\bSelf\b/.test(text) ? container : simpleTypeName(text);
}
