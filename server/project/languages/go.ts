// What Go files define and import. It knows the node types of Go's grammar.
import type { Node } from 'web-tree-sitter';
import { type Collector, simpleTypeName, unquote } from './extraction.ts';

export const goBindings = `
(parameter_declaration name: (identifier) @name type: (_) @type)
(var_spec name: (identifier) @name type: (_) @type)
(short_var_declaration left: (expression_list . (identifier) @name) right: (expression_list . (composite_literal type: (_) @type)))
(short_var_declaration left: (expression_list . (identifier) @name) right: (expression_list . (unary_expression operand: (composite_literal type: (_) @type))))
(short_var_declaration left: (expression_list . (identifier) @name) right: (expression_list . (call_expression function: (_) @call)))
`;

export function extractGo(root: Node, out: Collector): void {
  for (const node of root.namedChildren) {
    switch (node.type) {
      case 'import_declaration':
        for (const spec of node.descendantsOfType('import_spec')) if (spec) importSpec(spec, out);
        break;
      case 'function_declaration':
      case 'method_declaration': {
        const name = out.of(node.childForFieldName('name'));
        const receiver = simpleTypeName(out.of(node.childForFieldName('receiver')?.namedChild(0)?.childForFieldName('type')));
        out.define({
          name,
          kind: receiver ? 'method' : 'function',
          node,
          container: receiver,
          isExported: isPublic(name),
          signature: out.head(node, node.childForFieldName('body')),
          typeName: resultType(node, out),
        });
        break;
      }
      case 'type_declaration':
        for (const spec of node.namedChildren) if (spec.type === 'type_spec' || spec.type === 'type_alias') typeSpec(spec, node, out);
        break;
      case 'const_declaration':
      case 'var_declaration':
        for (const spec of node.descendantsOfType(['const_spec', 'var_spec'])) if (spec) valueSpec(spec, node, out);
        break;
      case 'ERROR':
        extractGo(node, out);
        break;
      default:
    }
  }
}

function importSpec(spec: Node, out: Collector): void {
  const specifier = unquote(out.of(spec.childForFieldName('path')));
  const name = out.of(spec.childForFieldName('name'));
  // The package's name is nearly always the last part of its path; a version is no name.
  const parts = specifier.split('/').filter((part) => !/^v\d+$/.test(part));
  const local = name === '.' ? '*' : name === '_' ? '' : (name ?? parts.at(-1) ?? '');
  out.import({ local, imported: '*', specifier, line: spec.startPosition.row });
}

function typeSpec(spec: Node, declaration: Node, out: Collector): void {
  const name = out.of(spec.childForFieldName('name'));
  const type = spec.childForFieldName('type');
  const isStruct = type?.type === 'struct_type';
  const isInterface = type?.type === 'interface_type';
  const from = declaration.namedChildCount === 1 ? declaration : spec;
  out.define({
    name,
    kind: isStruct ? 'struct' : isInterface ? 'interface' : 'type',
    node: spec,
    from,
    isExported: isPublic(name),
    signature: isStruct || isInterface ? `type ${out.short(spec, type.namedChild(0) ?? type)}` : `type ${out.head(spec)}`,
    typeName: isStruct || isInterface ? undefined : simpleTypeName(out.of(type)),
  });
  if (isInterface) {
    for (const member of type.namedChildren) {
      if (member.type === 'type_elem') out.derive(name, simpleTypeName(out.of(member)));
      if (member.type !== 'method_elem' && member.type !== 'method_spec') continue;
      const method = out.of(member.childForFieldName('name'));
      out.define({
        name: method,
        kind: 'method',
        node: member,
        container: name,
        isExported: isPublic(method),
        signature: out.head(member),
        typeName: resultType(member, out),
      });
    }
  }
  if (!isStruct) return;
  for (const field of type.namedChild(0)?.namedChildren ?? []) {
    if (field.type !== 'field_declaration') continue;
    const typeName = simpleTypeName(out.of(field.childForFieldName('type')));
    const names = field.childrenForFieldName('name');
    if (names.length === 0) out.derive(name, typeName);
    for (const fieldName of names)
      out.define({
        name: out.of(fieldName),
        kind: 'field',
        node: field,
        container: name,
        isExported: isPublic(out.of(fieldName)),
        signature: out.head(field),
        typeName,
      });
  }
}

function valueSpec(spec: Node, declaration: Node, out: Collector): void {
  const isConstant = spec.type === 'const_spec';
  const value = spec.childForFieldName('value');
  const isShort = !value || (value.startPosition.row === value.endPosition.row && value.endIndex - value.startIndex <= 80);
  for (const name of spec.childrenForFieldName('name')) {
    if (name?.type !== 'identifier') continue;
    out.define({
      name: out.of(name),
      kind: isConstant ? 'constant' : 'variable',
      node: spec,
      from: declaration.namedChildCount === 1 ? declaration : spec,
      isExported: isPublic(out.of(name)),
      signature: `${isConstant ? 'const' : 'var'} ${isShort ? out.head(spec) : out.head(spec, value)}`,
      typeName: simpleTypeName(out.of(spec.childForFieldName('type'))),
    });
  }
}

/** `(*Box, error)`: the first result is the one whose members are used. */
function resultType(node: Node, out: Collector): string | undefined {
  const result = node.childForFieldName('result');
  return simpleTypeName(out.of(result?.type === 'parameter_list' ? result.namedChild(0)?.childForFieldName('type') : result));
}

function isPublic(name: string | undefined): boolean {
  return name !== undefined && /^\p{Lu}/u.test(name);
}
