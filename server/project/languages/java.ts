// What Java files define and import. It knows the node types of Java's grammar.
import type { Node } from 'web-tree-sitter';
import type { DefinitionKind } from '../../core/retrieval/facts.ts';
import { type Collector, simpleTypeName } from './extraction.ts';

export const javaBindings = `
(local_variable_declaration type: (type_identifier) @type declarator: (variable_declarator name: (identifier) @name))
(local_variable_declaration type: (generic_type) @type declarator: (variable_declarator name: (identifier) @name))
(local_variable_declaration declarator: (variable_declarator name: (identifier) @name value: (object_creation_expression type: (_) @type)))
(formal_parameter type: (_) @type name: (identifier) @name)
(enhanced_for_statement type: (_) @type name: (identifier) @name)
(resource type: (_) @type name: (identifier) @name)
`;

const kinds: Readonly<Record<string, DefinitionKind>> = {
  class_declaration: 'class',
  record_declaration: 'class',
  interface_declaration: 'interface',
  annotation_type_declaration: 'interface',
  enum_declaration: 'enum',
};

export function extractJava(root: Node, out: Collector): void {
  for (const node of root.namedChildren) {
    if (node.type === 'import_declaration') importDeclaration(node, out);
    else if (node.type === 'ERROR') extractJava(node, out);
    else member(node, undefined, false, out);
  }
}

function importDeclaration(node: Node, out: Collector): void {
  const path = out.of(node.namedChildren.find((child) => child.type === 'scoped_identifier' || child.type === 'identifier'))?.replace(/\s/g, '') ?? '';
  const line = node.startPosition.row;
  if (node.namedChildren.some((child) => child.type === 'asterisk')) return out.import({ local: '*', imported: '*', specifier: path, line });
  const name = path.slice(path.lastIndexOf('.') + 1);
  out.import({ local: name, imported: name, specifier: path, line });
}

function member(node: Node, container: string | undefined, isInInterface: boolean, out: Collector): void {
  const name = out.of(node.childForFieldName('name'));
  const body = node.childForFieldName('body');
  const words = out.of(node.namedChildren.find((child) => child.type === 'modifiers')) ?? '';
  const isExported = isInInterface || !/\bprivate\b/.test(words);
  const head = (end?: Node | null) => out.head(node, end).replace(/^(?:@(?!interface\b)\w[\w.]*(?:\([^()]*\))?\s*)+/, '');
  switch (node.type) {
    case 'class_declaration':
    case 'record_declaration':
    case 'interface_declaration':
    case 'annotation_type_declaration':
    case 'enum_declaration': {
      const kind = kinds[node.type] ?? 'class';
      out.define({ name, kind, node, container, isExported, signature: kind === 'enum' ? out.short(node, body) : head(body) });
      for (const clause of node.namedChildren) {
        if (clause.type === 'superclass') out.derive(name, simpleTypeName(out.of(clause.namedChild(0))));
        if (clause.type === 'super_interfaces' || clause.type === 'extends_interfaces')
          for (const base of clause.namedChild(0)?.namedChildren ?? []) out.derive(name, simpleTypeName(out.of(base)));
      }
      const inner = container && name ? `${container}.${name}` : name;
      if (node.type === 'record_declaration')
        for (const part of node.childForFieldName('parameters')?.namedChildren ?? [])
          out.define({
            name: out.of(part.childForFieldName('name')),
            kind: 'field',
            node: part,
            container: inner,
            isExported: true,
            signature: out.head(part),
            typeName: simpleTypeName(out.of(part.childForFieldName('type'))),
          });
      for (const child of body?.namedChildren ?? []) member(child, inner, kind === 'interface', out);
      return;
    }
    case 'method_declaration':
    case 'annotation_type_element_declaration':
      return out.define({
        name,
        kind: 'method',
        node,
        container,
        isExported,
        signature: head(body),
        typeName: simpleTypeName(out.of(node.childForFieldName('type'))),
      });
    case 'constructor_declaration':
    case 'compact_constructor_declaration':
      return out.define({ name, kind: 'constructor', node, container, isExported, signature: head(body) });
    case 'enum_constant':
      return out.define({ name, kind: 'enumMember', node, container, isExported: true, signature: out.head(node, body) });
    case 'field_declaration':
    case 'constant_declaration':
      for (const declarator of node.childrenForFieldName('declarator')) {
        const value = declarator?.childForFieldName('value');
        const isShort = value && value.startPosition.row === value.endPosition.row && value.endIndex - value.startIndex <= 80;
        out.define({
          name: out.of(declarator?.childForFieldName('name')),
          kind: /\bfinal\b/.test(words) && /\bstatic\b/.test(words) ? 'constant' : 'field',
          node,
          container,
          isExported,
          signature: head(isShort ? null : value),
          typeName: simpleTypeName(out.of(node.childForFieldName('type'))),
        });
      }
      return;
    case 'enum_body_declarations':
    case 'ERROR':
      for (const child of node.namedChildren) member(child, container, isInInterface, out);
      break;
    default:
  }
}
