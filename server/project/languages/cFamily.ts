// What C and C++ files define and include. Both are parsed with C++'s grammar, whose node types it knows: what C allows and C++ does not
// (a variable called `class`) is rare and costs one definition.
import type { Node } from 'web-tree-sitter';
import { type Collector, simpleTypeName, unquote } from './extraction.ts';

export const cFamilyBindings = `
(declaration type: (_) @type declarator: (identifier) @name)
(declaration type: (_) @type declarator: (pointer_declarator declarator: (identifier) @name))
(declaration type: (_) @type declarator: (init_declarator declarator: (identifier) @name))
(declaration type: (_) @type declarator: (init_declarator declarator: (pointer_declarator declarator: (identifier) @name)))
(declaration declarator: (init_declarator declarator: (identifier) @name value: (call_expression function: (_) @call)))
(declaration declarator: (init_declarator declarator: (identifier) @name value: (new_expression type: (_) @type)))
(parameter_declaration type: (_) @type declarator: (identifier) @name)
(parameter_declaration type: (_) @type declarator: (pointer_declarator declarator: (identifier) @name))
(parameter_declaration type: (_) @type declarator: (reference_declarator (identifier) @name))
`;

interface Scope {
  readonly container?: string | undefined;
  readonly isExported: boolean;
  readonly isType?: boolean;
  /** A `template<…>` line around the declaration. */
  readonly from?: Node | undefined;
}

export function extractCFamily(root: Node, out: Collector): void {
  declarations(root, { isExported: true }, out);
}

function declarations(parent: Node, scope: Scope, out: Collector): void {
  let access = scope.isExported;
  for (const node of parent.namedChildren) {
    if (node.type === 'access_specifier' && scope.isType) access = out.of(node) !== 'private';
    else declaration(node, { ...scope, isExported: access }, out);
  }
}

function declaration(node: Node, scope: Scope, out: Collector): void {
  switch (node.type) {
    case 'preproc_include': {
      const path = out.of(node.childForFieldName('path')) ?? '';
      // What stands in angle brackets is searched in include folders only, which the specifier keeps apart.
      return out.import({ local: '*', imported: '*', specifier: path.startsWith('<') ? path : unquote(path), line: node.startPosition.row });
    }
    case 'preproc_def':
    case 'preproc_function_def': {
      const name = out.of(node.childForFieldName('name'));
      const value = node.childForFieldName('value');
      if (node.type === 'preproc_def' && !value) return; // An include guard.
      const isShort = !value || (value.startPosition.row === value.endPosition.row && value.endIndex - value.startIndex <= 80);
      return out.define({ name, kind: 'macro', node, isExported: true, signature: out.head(node, isShort ? null : value) });
    }
    case 'namespace_definition': {
      const name = out.of(node.childForFieldName('name'))?.replaceAll('::', '.');
      const body = node.childForFieldName('body');
      // Its name is no container of what is in it: code inside and after a `using` writes none.
      if (name) out.define({ name, kind: 'namespace', node, isExported: true, signature: out.head(node, body) });
      if (body) declarations(body, { isExported: true }, out);
      return;
    }
    case 'template_declaration':
      return declarations(node, { ...scope, isType: false, from: node }, out);
    case 'class_specifier':
    case 'struct_specifier':
    case 'union_specifier':
      return typeSpecifier(node, out.of(node.childForFieldName('name')), scope, out);
    case 'enum_specifier':
      return enumSpecifier(node, out.of(node.childForFieldName('name')), scope, out);
    case 'type_definition': {
      const type = node.childForFieldName('type');
      const declarator = node.childForFieldName('declarator');
      const name = declaredName(declarator, out)?.name;
      if (type && type.childForFieldName('body')) {
        if (type.type === 'enum_specifier') enumSpecifier(type, name, { ...scope, from: node }, out);
        else typeSpecifier(type, name, { ...scope, from: node }, out);
        return;
      }
      return out.define({ name, kind: 'type', node, ...scope, signature: out.head(node), typeName: simpleTypeName(out.of(type)) });
    }
    case 'alias_declaration':
    case 'concept_definition':
      return out.define({ name: out.of(node.childForFieldName('name')), kind: 'type', node, ...scope, signature: out.head(node) });
    case 'function_definition':
    case 'declaration':
    case 'field_declaration':
      return declared(node, scope, out);
    case 'linkage_specification':
    case 'declaration_list':
    case 'preproc_if':
    case 'preproc_ifdef':
    case 'preproc_else':
    case 'preproc_elif':
    case 'ERROR':
      return declarations(node, scope, out);
    default:
  }
}

function typeSpecifier(node: Node, name: string | undefined, scope: Scope, out: Collector): void {
  const body = node.childForFieldName('body');
  if (!body || !name) return;
  const from = scope.from ?? node;
  const isClass = node.type === 'class_specifier';
  // A struct of C is its fields; a class of C++ is shown by its members one by one.
  const hasMethods = body.namedChildren.some((child) => child.type === 'function_definition' || child.type === 'access_specifier');
  out.define({
    name,
    kind: isClass ? 'class' : 'struct',
    node: from,
    container: scope.container,
    isExported: scope.isExported,
    signature: hasMethods || isClass ? out.oneLine(from.startIndex, body.startIndex) : out.short(from, body),
  });
  for (const base of node.namedChildren.find((child) => child.type === 'base_class_clause')?.namedChildren ?? [])
    if (base.type !== 'access_specifier') out.derive(name, simpleTypeName(out.of(base)));
  declarations(body, { container: scope.container ? `${scope.container}.${name}` : name, isExported: !isClass, isType: true }, out);
}

function enumSpecifier(node: Node, name: string | undefined, scope: Scope, out: Collector): void {
  const body = node.childForFieldName('body');
  if (!body) return;
  const from = scope.from ?? node;
  out.define({ name, kind: 'enum', node: from, container: scope.container, isExported: scope.isExported, signature: out.short(from, body) });
  for (const member of body.namedChildren)
    if (member.type === 'enumerator')
      out.define({
        name: out.of(member.childForFieldName('name')),
        kind: 'enumMember',
        node: member,
        container: name ?? scope.container,
        isExported: scope.isExported,
        signature: out.head(member),
      });
}

function declared(node: Node, scope: Scope, out: Collector): void {
  const type = node.childForFieldName('type');
  if (type?.childForFieldName('body')) declaration(type, { ...scope, from: undefined }, out);
  const from = scope.from ?? node;
  const body = node.childForFieldName('body') ?? node.namedChildren.find((child) => child.type === 'field_initializer_list') ?? null;
  const initialisers = node.namedChildren.find((child) => child.type === 'field_initializer_list') ?? body;
  const isStatic = node.namedChildren.some((child) => child.type === 'storage_class_specifier' && out.of(child) === 'static');
  const isConstant = node.namedChildren.some((child) => child.type === 'type_qualifier' && /const/.test(out.of(child) ?? ''));
  for (const declarator of node.childrenForFieldName('declarator')) {
    const found = declaredName(declarator, out);
    if (!found) continue;
    const container = found.container ?? scope.container;
    const simpleContainer = container?.slice(container.lastIndexOf('.') + 1);
    if (found.isFunction) {
      out.define({
        name: found.name,
        kind: simpleContainer === found.name ? 'constructor' : container ? 'method' : 'function',
        node: from,
        container,
        isExported: scope.isExported && (scope.isType === true || !isStatic),
        signature: out.oneLine(from.startIndex, initialisers ? initialisers.startIndex : node.endIndex).replace(/\s*:$/, ''),
        typeName: simpleTypeName(out.of(type)),
      });
    } else {
      const value = declarator?.childForFieldName('value');
      const isShort = value && value.startPosition.row === value.endPosition.row && value.endIndex - value.startIndex <= 80;
      out.define({
        name: found.name,
        kind: scope.isType ? 'field' : isConstant ? 'constant' : 'variable',
        node,
        container,
        isExported: scope.isExported && (scope.isType === true || !isStatic),
        signature: type?.childForFieldName('body') ? found.name : out.head(node, isShort ? null : value),
        typeName: simpleTypeName(out.of(type)),
      });
    }
  }
}

/** The name inside `*name`, `name[3]`, `A::name(…)`, `(*name)(…)`. */
function declaredName(declarator: Node | null | undefined, out: Collector): { name: string; container?: string; isFunction: boolean } | undefined {
  let node = declarator ?? null;
  let isFunction = false;
  let isPointer = false;
  for (let depth = 0; node && depth < 20; depth++) {
    switch (node.type) {
      case 'function_declarator':
        isFunction = true;
        isPointer = false;
        break;
      case 'parenthesized_declarator':
        isPointer = true;
        break;
      case 'qualified_identifier': {
        const parts = (out.of(node) ?? '')
          .replace(/<[^<>]*>/g, '')
          .split('::')
          .map((part) => part.trim());
        const name = parts.at(-1);
        const container = parts.at(-2);
        return name ? { name, ...(container ? { container } : {}), isFunction } : undefined;
      }
      case 'identifier':
      case 'field_identifier':
      case 'type_identifier':
      case 'operator_name':
      case 'destructor_name': {
        const name = out.of(node);
        // A pointer to a function is a variable.
        return name ? { name, isFunction: isFunction && !isPointer } : undefined;
      }
      default:
    }
    node =
      node.childForFieldName('declarator') ??
      node.namedChildren.find((child) => /declarator|identifier|operator_name|destructor_name/.test(child.type)) ??
      null;
  }
  return undefined;
}
