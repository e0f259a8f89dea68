// What Python files define and import. It knows the node types of Python's grammar.
import type { Node } from 'web-tree-sitter';
import { type Collector, firstSentence, type Found, simpleTypeName } from './extraction.ts';

export const pythonBindings = `
(assignment left: (identifier) @name type: (type (_) @type))
(assignment left: (identifier) @name right: (call function: (_) @call))
(typed_parameter . (identifier) @name type: (type (_) @type))
(typed_default_parameter name: (identifier) @name type: (type (_) @type))
(with_item value: (as_pattern (call function: (_) @call) alias: (as_pattern_target (identifier) @name)))
`;

export function extractPython(root: Node, out: Collector): void {
  for (const node of root.descendantsOfType(['import_statement', 'import_from_statement'])) if (node) importStatement(node, out);
  block(root, undefined, out);
}

function block(parent: Node, container: string | undefined, out: Collector): void {
  for (const node of parent.namedChildren) {
    switch (node.type) {
      case 'decorated_definition': {
        const definition = node.childForFieldName('definition');
        if (definition) define(definition, node, container, out);
        break;
      }
      case 'function_definition':
      case 'class_definition':
        define(node, node, container, out);
        break;
      case 'expression_statement':
        for (const child of node.namedChildren) assignments(child, container, out);
        break;
      case 'type_alias_statement':
        out.define({
          name: out.of(node.childForFieldName('left')),
          kind: 'type',
          node,
          container,
          isExported: isPublic(out.of(node.childForFieldName('left'))),
          signature: out.head(node),
        });
        break;
      case 'if_statement':
      case 'else_clause':
      case 'elif_clause':
      case 'try_statement':
      case 'except_clause':
      case 'finally_clause':
      case 'with_statement':
      case 'block':
      case 'ERROR':
        block(node, container, out);
        break;
      default:
    }
  }
}

function define(node: Node, from: Node, container: string | undefined, out: Collector): void {
  const name = out.of(node.childForFieldName('name'));
  const body = node.childForFieldName('body');
  const docstring = docstringOf(body, out);
  const isExported = isPublic(name) || (container !== undefined && /^__\w+__$/.test(name ?? ''));
  if (node.type === 'function_definition') {
    const decorators = from.namedChildren.filter((child) => child.type === 'decorator').map((child) => out.of(child) ?? '');
    const marks = decorators.filter((text) => /^@(?:property|staticmethod|classmethod|abstractmethod|cached_property|\w+\.setter|overload)$/.test(text));
    out.define({
      name,
      kind: container === undefined ? 'function' : name === '__init__' ? 'constructor' : 'method',
      node,
      from,
      container,
      isExported,
      docstring,
      signature: [...marks, out.head(node, body)].join(' '),
      typeName: simpleTypeName(out.of(node.childForFieldName('return_type'))),
    });
    if (container !== undefined && body) selfFields(body, parameterTypes(node, out), container, out);
    return;
  }
  out.define({ name, kind: 'class', node, from, container, isExported, docstring, signature: out.head(node, body) });
  for (const base of node.childForFieldName('superclasses')?.namedChildren ?? []) {
    if (base.type !== 'keyword_argument') out.derive(name, simpleTypeName(out.of(base)));
  }
  if (body) block(body, container && name ? `${container}.${name}` : name, out);
}

/** `a = b = 1` is an assignment of an assignment. */
function assignments(first: Node, container: string | undefined, out: Collector): void {
  for (let node: Node | null = first; node?.type === 'assignment'; node = node.childForFieldName('right')) assignment(node, container, out);
}

function assignment(node: Node, container: string | undefined, out: Collector): void {
  const left = node.childForFieldName('left');
  const right = node.childForFieldName('right');
  const chained = right?.type === 'assignment';
  if (left?.type === 'pattern_list' || left?.type === 'tuple_pattern') {
    for (const part of left.namedChildren)
      if (part.type === 'identifier') defineVariable(out.of(part), { node, container, signature: out.of(part) ?? '' }, out);
    return;
  }
  if (left?.type !== 'identifier') return;
  const name = out.of(left);
  const signature = chained ? (name ?? '') : withShortValue(node, right, out);
  defineVariable(name, { node, container, signature, typeName: simpleTypeName(out.of(node.childForFieldName('type'))) ?? calledType(right, out) }, out);
}

function defineVariable(name: string | undefined, found: Pick<Found, 'node' | 'container' | 'signature' | 'typeName'>, out: Collector): void {
  const kind = found.container !== undefined ? 'field' : /^[A-Z][A-Z0-9_]*$/.test(name ?? '') ? 'constant' : 'variable';
  out.define({ name, kind, isExported: isPublic(name), ...found });
}

/** `self.x = …` in any method makes a field; the first assignment counts. */
function selfFields(body: Node, parameters: ReadonlyMap<string, string>, container: string, out: Collector): void {
  for (const node of body.descendantsOfType('assignment')) {
    const left = node?.childForFieldName('left');
    if (!node || !left) continue;
    const isList = left.type === 'pattern_list' || left.type === 'tuple_pattern';
    for (const target of isList ? left.namedChildren : [left]) {
      if (target.type !== 'attribute' || out.of(target.childForFieldName('object')) !== 'self') continue;
      const name = out.of(target.childForFieldName('attribute'));
      if (out.definitions.some((known) => known.container === container && known.name === name)) continue;
      const right = node.childForFieldName('right');
      const typeName = simpleTypeName(out.of(node.childForFieldName('type'))) ?? calledType(right, out) ?? parameters.get(out.of(right) ?? '');
      out.define({
        name,
        kind: 'field',
        node,
        container,
        isExported: isPublic(name),
        signature: isList ? (out.of(target) ?? '') : withShortValue(node, right, out),
        ...(isList ? {} : { typeName }),
      });
    }
  }
}

/** `self.box = box` has the type that the parameter has. */
function parameterTypes(node: Node, out: Collector): ReadonlyMap<string, string> {
  const types = new Map<string, string>();
  for (const parameter of node.childForFieldName('parameters')?.namedChildren ?? []) {
    const name = out.of(parameter.childForFieldName('name') ?? parameter.namedChild(0));
    const type = simpleTypeName(out.of(parameter.childForFieldName('type')));
    if (name && type) types.set(name, type);
  }
  return types;
}

function importStatement(node: Node, out: Collector): void {
  const line = node.startPosition.row;
  const moduleNode = node.childForFieldName('module_name');
  const specifier = (out.of(moduleNode) ?? '').replace(/\s/g, '');
  if (moduleNode && node.namedChildren.some((child) => child.type === 'wildcard_import')) return out.import({ local: '*', imported: '*', specifier, line });
  for (const item of node.childrenForFieldName('name')) {
    if (!item) continue;
    const name = out.of(item.type === 'aliased_import' ? item.childForFieldName('name') : item) ?? '';
    const alias = item.type === 'aliased_import' ? out.of(item.childForFieldName('alias')) : undefined;
    if (moduleNode) out.import({ local: alias ?? name, imported: name, specifier, line: item.startPosition.row });
    else out.import({ local: alias ?? name, imported: '*', specifier: name, line: item.startPosition.row });
  }
}

function docstringOf(body: Node | null, out: Collector): string | undefined {
  const first = body?.namedChild(0);
  const text = first?.type === 'expression_statement' && first.namedChild(0)?.type === 'string' ? out.of(first) : undefined;
  return text ? firstSentence(text.replace(/^[rRuUbB]*(?:"""|'''|"|')|(?:"""|'''|"|')$/g, '')) : undefined;
}

/** `Box(…)`: by custom only classes begin with a capital. */
function calledType(node: Node | null, out: Collector): string | undefined {
  const name = node?.type === 'call' ? simpleTypeName(out.of(node.childForFieldName('function'))) : undefined;
  return name && /^[A-Z]/.test(name) ? name : undefined;
}

function isPublic(name: string | undefined): boolean {
  return name !== undefined && !name.startsWith('_');
}

function withShortValue(node: Node, value: Node | null, out: Collector): string {
  const isShort = value && value.startPosition.row === value.endPosition.row && value.endIndex - value.startIndex <= 80;
  return isShort || !value ? out.head(node) : out.head(node, value);
}
