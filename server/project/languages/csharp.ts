// What C# files define and use. It knows the node types of C#'s grammar. A namespace is a definition that carries its whole name, since
// that is what a `using` names.
import type { Node } from 'web-tree-sitter';
import type { DefinitionKind } from '../../core/retrieval/facts.ts';
import { type Collector, simpleTypeName } from './extraction.ts';

export const csharpBindings = `
(parameter type: (_) @type name: (identifier) @name)
(variable_declaration type: (_) @type (variable_declarator name: (identifier) @name))
(variable_declarator name: (identifier) @name (object_creation_expression type: (_) @type))
(foreach_statement type: (_) @type left: (identifier) @name)
`;

const kinds: Readonly<Record<string, DefinitionKind>> = {
  class_declaration: 'class',
  record_declaration: 'class',
  record_struct_declaration: 'struct',
  struct_declaration: 'struct',
  interface_declaration: 'interface',
  enum_declaration: 'enum',
};

interface Scope {
  /** The whole name of the namespace around it. */
  readonly namespace?: string | undefined;
  readonly container?: string | undefined;
  readonly isInInterface?: boolean;
}

export function extractCsharp(root: Node, out: Collector): void {
  declarations(root, {}, out);
}

function declarations(parent: Node | null, scope: Scope, out: Collector): void {
  for (const node of parent?.namedChildren ?? []) declaration(node, scope, out);
}

function declaration(node: Node, scope: Scope, out: Collector): void {
  const { container, isInInterface = false } = scope;
  const nameNode = node.childForFieldName('name');
  const name = out.of(nameNode);
  const body = node.childForFieldName('body');
  const words = node.namedChildren.filter((child) => child.type === 'modifier').map((child) => out.of(child) ?? '');
  const isExported = isInInterface || !words.includes('private');
  const attributes = node.namedChildren.filter((child) => child.type === 'attribute_list').at(-1);
  const head = (end?: Node | null) => out.oneLine(attributes ? attributes.endIndex : node.startIndex, end ? end.startIndex : node.endIndex);
  const type = node.childForFieldName('type') ?? node.childForFieldName('returns');
  switch (node.type) {
    case 'using_directive': {
      // An alias may be of a type with arguments, which the file it stands in is not called after; one of a tuple or a pointer leads nowhere.
      const target = out.of(node.namedChildren.find((child) => child.id !== nameNode?.id)) ?? '';
      const specifier = /^[\p{L}\p{N}_.:\s@]+/u.exec(target)?.[0].replace(/\s|^global::/g, '') ?? '';
      return out.import({
        local: name ?? '*',
        imported: name ? specifier.slice(specifier.lastIndexOf('.') + 1) : '*',
        specifier,
        line: node.startPosition.row,
      });
    }
    case 'namespace_declaration':
    case 'file_scoped_namespace_declaration': {
      const namespace = [scope.namespace ?? '', name?.replace(/\s/g, '') ?? ''].filter((part) => part !== '').join('.');
      out.define({ name: namespace, kind: 'namespace', node, isExported: true, signature: `namespace ${namespace}` });
      // What belongs to a namespace of the whole file stands behind it, not in it.
      return declarations(body, { namespace }, out);
    }
    case 'class_declaration':
    case 'record_declaration':
    case 'record_struct_declaration':
    case 'struct_declaration':
    case 'interface_declaration':
    case 'enum_declaration': {
      const kind = kinds[node.type] ?? 'class';
      out.define({ name, kind, node, container, isExported, signature: kind === 'enum' ? out.short(node, body) : head(body) });
      for (const list of node.namedChildren) {
        if (list.type === 'base_list' && kind !== 'enum') for (const base of list.namedChildren) out.derive(name, simpleTypeName(out.of(base)));
        if (list.type === 'parameter_list' && node.type.startsWith('record'))
          for (const part of list.namedChildren)
            out.define({
              name: out.of(part.childForFieldName('name')),
              kind: 'field',
              node: part,
              container: name,
              isExported: true,
              signature: out.head(part),
              typeName: simpleTypeName(out.of(part.childForFieldName('type'))),
            });
      }
      const inner = container && name ? `${container}.${name}` : name;
      return declarations(body, { container: inner, isInInterface: kind === 'interface' }, out);
    }
    case 'method_declaration':
    case 'delegate_declaration':
    case 'constructor_declaration': {
      const kind = node.type === 'constructor_declaration' ? 'constructor' : node.type === 'delegate_declaration' ? 'type' : 'method';
      return out.define({ name, kind, node, container, isExported, signature: head(body), typeName: simpleTypeName(out.of(type)) });
    }
    case 'property_declaration': {
      const accessors = out.of(node.childForFieldName('accessors'));
      // `{ get; set; }` is part of what a caller sees; written-out accessors are not.
      const end =
        accessors && accessors.length <= 60 && !/[={(]/.test(accessors.slice(1))
          ? undefined
          : (node.childForFieldName('accessors') ?? node.childForFieldName('value'));
      return out.define({ name, kind: 'field', node, container, isExported, signature: head(end), typeName: simpleTypeName(out.of(type)) });
    }
    case 'enum_member_declaration':
      return out.define({ name, kind: 'enumMember', node, container, isExported: true, signature: out.head(node) });
    case 'field_declaration':
    case 'event_field_declaration': {
      const variables = node.namedChildren.find((child) => child.type === 'variable_declaration');
      const fieldType = variables?.childForFieldName('type');
      for (const declarator of variables?.namedChildren ?? []) {
        if (declarator.type !== 'variable_declarator') continue;
        const isShort = declarator.startPosition.row === declarator.endPosition.row && declarator.endIndex - declarator.startIndex <= 100;
        const fieldName = out.of(declarator.childForFieldName('name'));
        out.define({
          name: fieldName,
          kind: words.includes('const') ? 'constant' : 'field',
          node,
          container,
          isExported,
          signature: [...words, out.of(fieldType) ?? '', isShort ? out.head(declarator) : (fieldName ?? '')].join(' ').trim(),
          typeName: simpleTypeName(out.of(fieldType)),
        });
      }
      return;
    }
    case 'declaration_list':
    case 'preproc_if':
    case 'preproc_else':
    case 'preproc_region':
    case 'ERROR':
      return declarations(node, scope, out);
    default:
  }
}
