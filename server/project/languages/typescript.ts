// What TypeScript, TSX and JavaScript files define, import and export. It knows the node types of the three grammars, which are nearly one.
import type { Node } from 'web-tree-sitter';
import { type Collector, simpleTypeName, unquote } from './extraction.ts';

export const typescriptBindings = `
(variable_declarator name: (identifier) @name type: (type_annotation (_) @type))
(variable_declarator name: (identifier) @name value: (new_expression constructor: (_) @type))
(required_parameter pattern: (identifier) @name type: (type_annotation (_) @type))
(optional_parameter pattern: (identifier) @name type: (type_annotation (_) @type))
`;

export const javascriptBindings = '(variable_declarator name: (identifier) @name value: (new_expression constructor: (_) @type))';

interface Scope {
  readonly container?: string | undefined;
  readonly isExported: boolean;
  /** The statement around a declaration: `export`, `declare`, or the declaration list of a `const`. */
  readonly from?: Node;
}

export function extractTypescript(root: Node, out: Collector): void {
  statements(root, { isExported: false }, out);
  // `export { a }` and `export default a` name what stands elsewhere in the file.
  const named = new Set(out.exports.filter((item) => item.specifier === undefined).map((item) => item.imported));
  if (named.size === 0) return;
  out.definitions.forEach((definition, at) => {
    if (!definition.container && !definition.isExported && named.has(definition.name)) out.definitions[at] = { ...definition, isExported: true };
  });
}

function statements(parent: Node, scope: Scope, out: Collector): void {
  for (const node of parent.namedChildren) statement(node, scope, out);
}

function statement(node: Node, scope: Scope, out: Collector): void {
  switch (node.type) {
    case 'import_statement':
      return importStatement(node, out);
    case 'export_statement':
      return exportStatement(node, scope, out);
    case 'ambient_declaration':
    case 'ERROR':
    case 'expression_statement':
      if (node.type === 'expression_statement' && (commonJsExport(node.namedChild(0), out) || memberOfFunction(node.namedChild(0), out))) return;
      return statements(node, { ...scope, ...(node.type === 'ambient_declaration' ? { from: scope.from ?? node } : {}) }, out);
    case 'lexical_declaration':
    case 'variable_declaration':
      for (const child of node.namedChildren) if (child.type === 'variable_declarator') variable(child, node, scope, out);
      return;
    case 'function_declaration':
    case 'generator_function_declaration':
    case 'function_signature':
      return functionLike(node, 'function', { ...scope, name: out.of(node.childForFieldName('name')) }, out);
    case 'class_declaration':
    case 'abstract_class_declaration':
    case 'class':
      return classLike(node, scope, out.of(node.childForFieldName('name')), out);
    case 'interface_declaration':
      return interfaceLike(node, scope, out);
    case 'type_alias_declaration': {
      const name = out.of(node.childForFieldName('name'));
      const value = node.childForFieldName('value');
      out.define({ name, kind: 'type', node, ...scope, signature: out.short(node, value) });
      for (const literal of objectTypesIn(value)) members(literal, qualified(scope.container, name), scope.isExported, out);
      return;
    }
    case 'enum_declaration':
      return enumeration(node, scope, out);
    case 'internal_module':
    case 'module': {
      const name = unquote(out.of(node.childForFieldName('name')));
      const body = node.childForFieldName('body');
      out.define({ name, kind: 'namespace', node, ...scope, signature: out.head(node, body) });
      if (body) statements(body, { container: qualified(scope.container, name), isExported: scope.isExported }, out);
      return;
    }
    case 'if_statement':
    case 'try_statement':
    case 'statement_block':
      // Top-level code may import or define conditionally; functions' own bodies are not reached from here.
      return statements(node, scope, out);
    default:
  }
}

const maxObjectTypes = 200;

/** Of a union or an intersection all: what any of them has may be asked for. A long union is a deep tree. */
function objectTypesIn(type: Node | null): Node[] {
  const found: Node[] = [];
  const pending = type ? [type] : [];
  for (let node = pending.pop(); node && found.length < maxObjectTypes; node = pending.pop()) {
    if (node.type === 'object_type') found.push(node);
    else if (node.type === 'union_type' || node.type === 'intersection_type' || node.type === 'parenthesized_type')
      pending.push(...node.namedChildren.toReversed());
  }
  return found;
}

/** `parse.strict = function …`: TypeScript counts it among what the function has. Returns whether it was one. */
function memberOfFunction(node: Node | null, out: Collector): boolean {
  const left = node?.type === 'assignment_expression' ? node.childForFieldName('left') : null;
  const value = node?.childForFieldName('right');
  if (!node || left?.type !== 'member_expression' || !value || !isFunction(value)) return false;
  const container = out.of(left.childForFieldName('object'));
  const owner = out.definitions.find((known) => known.name === container && known.container === undefined);
  if (!owner) return false;
  out.define({
    name: out.of(left.childForFieldName('property')),
    kind: 'method',
    node,
    container,
    isExported: owner.isExported,
    signature: out.head(node, value.childForFieldName('body')),
    typeName: simpleTypeName(out.of(value.childForFieldName('return_type'))),
  });
  return true;
}

function functionLike(
  node: Node,
  kind: 'function' | 'method' | 'constructor',
  { name, ...scope }: Scope & { readonly name: string | undefined },
  out: Collector,
  from: Node = node,
): void {
  const body = node.childForFieldName('body');
  out.define({
    name,
    kind,
    node: from,
    ...scope,
    signature: out.head(from, body),
    typeName: simpleTypeName(out.of(node.childForFieldName('return_type'))),
  });
}

function classLike(node: Node, scope: Scope, name: string | undefined, out: Collector): void {
  const body = node.childForFieldName('body');
  out.define({ name, kind: 'class', node, ...scope, signature: out.head(node, body) });
  for (const heritage of node.namedChildren.filter((child) => child.type === 'class_heritage')) {
    // JavaScript's grammar has the expression itself where TypeScript's has clauses.
    for (const clause of heritage.namedChildren) {
      const parts =
        clause.type === 'extends_clause' ? [clause.childForFieldName('value')] : clause.type === 'implements_clause' ? clause.namedChildren : [clause];
      for (const part of parts) out.derive(name, simpleTypeName(out.of(part)));
    }
  }
  if (body && name) members(body, qualified(scope.container, name), scope.isExported, out);
}

function interfaceLike(node: Node, scope: Scope, out: Collector): void {
  const name = out.of(node.childForFieldName('name'));
  const body = node.childForFieldName('body');
  out.define({ name, kind: 'interface', node, ...scope, signature: out.short(node, body) });
  for (const clause of node.namedChildren) {
    if (clause.type === 'extends_type_clause' || clause.type === 'extends_clause')
      for (const base of clause.namedChildren) out.derive(name, simpleTypeName(out.of(base)));
  }
  if (body && name) members(body, qualified(scope.container, name), scope.isExported, out);
}

function members(body: Node, container: string | undefined, isExported: boolean, out: Collector): void {
  for (const node of body.namedChildren) {
    const name = out.of(node.childForFieldName('name') ?? node.childForFieldName('property'));
    const isHidden = name?.startsWith('#') || node.children.some((child) => child.type === 'accessibility_modifier' && out.of(child) === 'private');
    const scope = { container, isExported: isExported && !isHidden };
    switch (node.type) {
      case 'method_definition':
      case 'method_signature':
      case 'abstract_method_signature':
        functionLike(node, name === 'constructor' ? 'constructor' : 'method', { ...scope, name }, out);
        if (name === 'constructor') parameterProperties(node, scope, out);
        break;
      case 'public_field_definition':
      case 'field_definition':
      case 'property_signature': {
        const value = node.childForFieldName('value');
        if (value && isFunction(value)) {
          out.define({ name, kind: 'method', node, ...scope, signature: out.head(node, value.childForFieldName('body')) });
          break;
        }
        const typeName =
          simpleTypeName(out.of(node.childForFieldName('type'))) ??
          (value?.type === 'new_expression' ? simpleTypeName(out.of(value.childForFieldName('constructor'))) : undefined);
        out.define({ name, kind: 'field', node, ...scope, signature: withShortValue(node, value, out), typeName });
        break;
      }
      case 'ERROR':
        members(node, container, isExported, out);
        break;
      default:
    }
  }
}

function parameterProperties(constructor: Node, scope: Scope, out: Collector): void {
  for (const parameter of constructor.childForFieldName('parameters')?.namedChildren ?? []) {
    const words = parameter.children.filter((child) => child.type === 'accessibility_modifier' || child.type === 'readonly');
    if (words.length === 0) continue;
    out.define({
      name: out.of(parameter.childForFieldName('pattern')),
      kind: 'field',
      node: parameter,
      container: scope.container,
      isExported: scope.isExported && !words.some((word) => out.of(word) === 'private'),
      signature: out.head(parameter, parameter.childForFieldName('value')),
      typeName: simpleTypeName(out.of(parameter.childForFieldName('type'))),
    });
  }
}

function enumeration(node: Node, scope: Scope, out: Collector): void {
  const name = out.of(node.childForFieldName('name'));
  const body = node.childForFieldName('body');
  out.define({ name, kind: 'enum', node, ...scope, signature: out.short(node, body) });
  for (const member of body?.namedChildren ?? []) {
    const memberName = member.type === 'enum_assignment' ? member.childForFieldName('name') : member.type === 'property_identifier' ? member : null;
    if (memberName)
      out.define({
        name: out.of(memberName),
        kind: 'enumMember',
        node: member,
        container: qualified(scope.container, name),
        isExported: scope.isExported,
        signature: out.head(member),
      });
  }
}

function variable(node: Node, list: Node, scope: Scope, out: Collector): void {
  const nameNode = node.childForFieldName('name');
  const value = node.childForFieldName('value');
  const required = value?.type === 'call_expression' && out.of(value.childForFieldName('function')) === 'require' ? value : undefined;
  const specifier = required ? unquote(out.of(required.childForFieldName('arguments')?.namedChild(0))) : '';
  if (nameNode?.type === 'object_pattern') {
    for (const part of nameNode.namedChildren) {
      const imported = out.of(part.type === 'pair_pattern' ? part.childForFieldName('key') : part);
      const local = out.of(part.type === 'pair_pattern' ? part.childForFieldName('value') : part);
      if (!imported || !local || !/^[\w$]+$/.test(local)) continue;
      if (specifier) out.import({ local, imported, specifier, line: part.startPosition.row });
      else out.define({ name: local, kind: 'variable', node: part, ...scope, signature: local });
    }
    return;
  }
  const name = out.of(nameNode);
  if (specifier) return out.import({ local: name ?? '', imported: '*', specifier, line: node.startPosition.row });
  const word = out.of(list.child(0)) ?? 'const';
  if (value && isFunction(value)) {
    const prefix = `${word} `;
    out.define({
      name,
      kind: 'function',
      node,
      from: scope.from ?? list,
      container: scope.container,
      isExported: scope.isExported,
      signature: prefix + out.head(node, value.childForFieldName('body')),
      typeName: simpleTypeName(out.of(value.childForFieldName('return_type'))),
    });
    return;
  }
  if (value?.type === 'class') return classLike(value, { ...scope, from: scope.from ?? list }, name, out);
  out.define({
    name,
    kind: word === 'const' ? 'constant' : 'variable',
    node,
    from: scope.from ?? list,
    container: scope.container,
    isExported: scope.isExported,
    signature: `${word} ${withShortValue(node, value, out)}`,
    typeName:
      simpleTypeName(out.of(node.childForFieldName('type'))) ??
      (value?.type === 'new_expression' ? simpleTypeName(out.of(value.childForFieldName('constructor'))) : undefined),
  });
  if (value?.type === 'object' && name) objectMembers(value, { container: qualified(scope.container, name), isExported: scope.isExported }, out);
}

/** An object of functions is how many modules write a namespace. */
function objectMembers(object: Node, scope: Scope, out: Collector): void {
  for (const part of object.namedChildren.slice(0, 200)) {
    const value = part.childForFieldName('value');
    if (part.type === 'method_definition') functionLike(part, 'method', { ...scope, name: out.of(part.childForFieldName('name')) }, out);
    else if (part.type === 'pair' && value && isFunction(value))
      out.define({
        name: unquote(out.of(part.childForFieldName('key'))),
        kind: 'method',
        node: part,
        ...scope,
        signature: out.head(part, value.childForFieldName('body')),
      });
  }
}

function importStatement(node: Node, out: Collector): void {
  const line = node.startPosition.row;
  const specifier = unquote(out.of(node.childForFieldName('source')));
  const clause = node.namedChildren.find((child) => child.type === 'import_clause' || child.type === 'import_require_clause');
  if (!clause) return out.import({ local: '', imported: '*', specifier, line });
  if (clause.type === 'import_require_clause')
    return out.import({ local: out.of(clause.namedChild(0)) ?? '', imported: '*', specifier: unquote(out.of(clause.childForFieldName('source'))), line });
  for (const part of clause.namedChildren) {
    if (part.type === 'identifier') out.import({ local: out.of(part) ?? '', imported: 'default', specifier, line });
    else if (part.type === 'namespace_import') out.import({ local: out.of(part.namedChild(0)) ?? '', imported: '*', specifier, line });
    else
      for (const item of part.namedChildren.filter((child) => child.type === 'import_specifier')) {
        const imported = unquote(out.of(item.childForFieldName('name')));
        out.import({ local: out.of(item.childForFieldName('alias')) ?? imported, imported, specifier, line: item.startPosition.row });
      }
  }
}

function exportStatement(node: Node, scope: Scope, out: Collector): void {
  const line = node.startPosition.row;
  const source = node.childForFieldName('source');
  const specifier = source ? unquote(out.of(source)) : undefined;
  const declaration = node.childForFieldName('declaration');
  const isDefault = node.children.some((child) => child.type === 'default');
  if (declaration) {
    statement(declaration, { ...scope, isExported: true, from: node }, out);
    const name = out.of(declaration.childForFieldName('name'));
    if (isDefault && name) out.exports.push({ exported: 'default', imported: name, line });
    return;
  }
  const value = node.childForFieldName('value');
  if (value) {
    if (value.type === 'identifier') out.exports.push({ exported: 'default', imported: out.of(value) ?? '', line });
    else if (isFunction(value)) functionLike(value, 'function', { name: 'default', isExported: true, container: scope.container }, out, node);
    else if (value.type === 'class') classLike(value, { ...scope, isExported: true, from: node }, 'default', out);
    return;
  }
  const clause = node.namedChildren.find((child) => child.type === 'export_clause' || child.type === 'namespace_export');
  if (!clause) {
    if (specifier !== undefined) out.exports.push({ exported: '*', imported: '*', specifier, line });
    else {
      const assigned = node.namedChildren.find((child) => child.type === 'identifier');
      if (assigned) out.exports.push({ exported: 'default', imported: out.of(assigned) ?? '', line });
      else statements(node, scope, out); // Half-typed: what stands after `export` may be whole.
    }
    return;
  }
  if (clause.type === 'namespace_export') {
    out.exports.push({ exported: unquote(out.of(clause.namedChild(0))), imported: '*', specifier, line });
    return;
  }
  for (const item of clause.namedChildren.filter((child) => child.type === 'export_specifier')) {
    const imported = unquote(out.of(item.childForFieldName('name')));
    out.exports.push({ exported: unquote(out.of(item.childForFieldName('alias'))) || imported, imported, ...(specifier ? { specifier } : {}), line });
  }
}

/** `exports.a = …`, `module.exports = a`, `module.exports = { a, b }`. Returns whether it was one. */
function commonJsExport(node: Node | null, out: Collector): boolean {
  if (node?.type !== 'assignment_expression') return false;
  const left = out.of(node.childForFieldName('left')) ?? '';
  const right = node.childForFieldName('right');
  const line = node.startPosition.row;
  const name = /^(?:module\.)?exports\.([\w$]+)$/.exec(left)?.[1];
  if (name && right) {
    if (right.type === 'identifier') out.exports.push({ exported: name, imported: out.of(right) ?? '', line });
    else if (isFunction(right)) functionLike(right, 'function', { name, isExported: true }, out, node);
    else out.define({ name, kind: 'constant', node, isExported: true, signature: withShortValue(node, right, out) });
    return true;
  }
  if (left !== 'module.exports' || !right) return false;
  if (right.type === 'identifier') out.exports.push({ exported: 'default', imported: out.of(right) ?? '', line });
  else if (right.type === 'call_expression' && out.of(right.childForFieldName('function')) === 'require')
    out.exports.push({ exported: '*', imported: '*', specifier: unquote(out.of(right.childForFieldName('arguments')?.namedChild(0))), line });
  else if (right.type === 'object') {
    objectMembers(right, { isExported: true }, out);
    for (const part of right.namedChildren) {
      if (part.type === 'shorthand_property_identifier') out.exports.push({ exported: out.of(part) ?? '', imported: out.of(part) ?? '', line });
      else if (part.type === 'pair' && part.childForFieldName('value')?.type === 'identifier')
        out.exports.push({ exported: unquote(out.of(part.childForFieldName('key'))), imported: out.of(part.childForFieldName('value')) ?? '', line });
    }
  }
  return true;
}

function isFunction(node: Node): boolean {
  return node.type === 'arrow_function' || node.type === 'function_expression' || node.type === 'generator_function';
}

function withShortValue(node: Node, value: Node | null, out: Collector): string {
  const isShort = value && value.startPosition.row === value.endPosition.row && value.endIndex - value.startIndex <= 80;
  return isShort || !value ? out.head(node) : out.head(node, value);
}

function qualified(container: string | undefined, name: string | undefined): string | undefined {
  return container && name ? `${container}.${name}` : name;
}
