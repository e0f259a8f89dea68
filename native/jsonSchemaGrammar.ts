// From a JSON schema to the grammar of the values that satisfy it, as one line of JSON. It knows both notations; it must not know models.
// A part of a schema that a grammar cannot hold (numbers' bounds, patterns, negation) is refused by name rather than left out: whoever
// asked relies on it. `oneOf` is taken as `anyOf`. Optional properties may be left out; those that the schema does not name are not written.
// Schemas: https://json-schema.org/draft/2020-12/json-schema-core

type Schema = Readonly<Record<string, unknown>>;

const mostParts = 1000;
const deepest = 32;

/** Say nothing about which values are right. */
const annotations = [
  ...['title', 'description', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly', 'format', 'contentMediaType'],
  ...['$schema', '$id', '$comment', '$defs', 'definitions'],
];
const keywords: Readonly<Record<string, readonly string[]>> = {
  any: ['type'],
  object: ['type', 'properties', 'required', 'additionalProperties'],
  array: ['type', 'items', 'prefixItems', 'minItems', 'maxItems'],
  string: ['type', 'minLength', 'maxLength'],
};

const terminals = `ws ::= " "?
string ::= "\\"" character* "\\""
character ::= [^"\\\\\\x00-\\x1F\\x7F] | "\\\\" (["\\\\/bfnrt] | "u" [0-9a-fA-F]{4})
integer ::= "-"? ("0" | [1-9] [0-9]{0,14})
number ::= integer ("." [0-9]{1,15})? ([eE] [-+]? [0-9]{1,2})?
boolean ::= "true" | "false"
null ::= "null"
any ::= string | number | boolean | null | "[" (any ("," ws any)*)? "]" | "{" (pair ("," ws pair)*)? "}"
pair ::= string ":" ws any`;

class SchemaError extends Error {}

export type ConvertedSchema =
  | { readonly outcome: 'ok'; readonly grammar: string }
  /** `cause` is the end of a sentence that begins with "the schema". */
  | { readonly outcome: 'unsupported'; readonly cause: string };

export function grammarOfJsonSchema(schema: Schema): ConvertedSchema {
  try {
    return { outcome: 'ok', grammar: new Converter(schema).convert() };
  } catch (error) {
    if (error instanceof SchemaError) return { outcome: 'unsupported', cause: error.message };
    throw error;
  }
}

class Converter {
  readonly #root: Schema;
  readonly #rules: string[] = [];
  readonly #references = new Map<string, string>();
  #parts = 0;

  constructor(root: Schema) {
    this.#root = root;
  }

  convert(): string {
    const root = this.#value(this.#root, 0);
    return [`root ::= ${root}`, ...this.#rules, terminals].join('\n');
  }

  /** @returns an expression that stands for one element */
  #value(schema: unknown, depth: number): string {
    if (schema === true) return 'any';
    if (!isSchema(schema)) throw new SchemaError(schema === false ? 'allows no value in one place' : 'holds something that is not a schema');
    if (depth > deepest) throw new SchemaError(`nests deeper than ${deepest}`);
    if (++this.#parts > mostParts) throw new SchemaError(`has more than ${mostParts} parts`);
    if ('$ref' in schema) return this.#reference(only(schema, ['$ref'])['$ref'], depth);
    if ('const' in schema) return this.#literals([only(schema, ['const', 'type'])['const']], schema['type']);
    if ('enum' in schema) return this.#literals(listOf(only(schema, ['enum', 'type'])['enum'], 'enum'), schema['type']);
    for (const either of ['anyOf', 'oneOf']) {
      if (either in schema) return this.#either(listOf(only(schema, [either])[either], either).map((one) => this.#value(one, depth + 1)));
    }
    const types = schema['type'] === undefined ? [impliedType(schema)] : listOf([schema['type']].flat(), 'type');
    const allowed = types.flatMap((type) => (typeof type === 'string' && Object.hasOwn(keywords, type) ? keywords[type] : ['type'])) as readonly string[];
    only(schema, [...new Set(allowed)]);
    return this.#either(types.map((type) => this.#ofType(type, schema, depth)));
  }

  #ofType(type: unknown, schema: Schema, depth: number): string {
    switch (type) {
      case 'any':
      case 'integer':
      case 'number':
      case 'boolean':
      case 'null':
        return type;
      case 'string':
        return this.#string(schema);
      case 'array':
        return this.#array(schema, depth);
      case 'object':
        return this.#object(schema, depth);
      default:
        throw new SchemaError(`names the type ${JSON.stringify(type)}, which there is not`);
    }
  }

  #string({ minLength, maxLength }: Schema): string {
    if (minLength === undefined && maxLength === undefined) return 'string';
    const bounds = repetition(minLength, maxLength, 'minLength', 'maxLength');
    if (maxLength === 0) return literal('""');
    return this.#rule(`"\\"" character${bounds} "\\""`);
  }

  #array({ items, prefixItems, minItems, maxItems }: Schema, depth: number): string {
    if (prefixItems !== undefined) {
      if (minItems !== undefined || maxItems !== undefined || (items !== undefined && items !== false)) {
        throw new SchemaError('joins "prefixItems" with other bounds of an array, which is not supported');
      }
      const values = listOf(prefixItems, 'prefixItems').map((one) => this.#value(one, depth + 1));
      return this.#rule(`"[" ${values.join(' "," ws ')} "]"`);
    }
    repetition(minItems, maxItems, 'minItems', 'maxItems');
    if (items === false || maxItems === 0) {
      if (Number(minItems ?? 0) > 0) throw new SchemaError('asks for an array that cannot be');
      return '"[]"';
    }
    const item = items === undefined ? 'any' : this.#value(items, depth + 1);
    const least = Number(minItems ?? 0);
    if (maxItems !== 1) {
      const further = repetition(Math.max(0, least - 1), maxItems === undefined ? undefined : Number(maxItems) - 1, 'minItems', 'maxItems');
      return this.#rule(least > 0 ? `"[" ${item} ("," ws ${item})${further} "]"` : `"[" (${item} ("," ws ${item})${further})? "]"`);
    }
    return this.#rule(least > 0 ? `"[" ${item} "]"` : `"[" ${item}? "]"`);
  }

  #object({ properties = {}, required = [], additionalProperties }: Schema, depth: number): string {
    if (!isSchema(properties)) throw new SchemaError('has "properties" that are none');
    const needed = new Set(listOf(required, 'required', 0));
    const entries = Object.entries(properties);
    for (const name of needed) {
      if (typeof name !== 'string' || !Object.hasOwn(properties, name))
        throw new SchemaError(`requires the property ${JSON.stringify(name)} but does not describe it`);
    }
    if (entries.length === 0) {
      if (additionalProperties === false) return '"{}"';
      const value = additionalProperties === undefined ? 'any' : this.#value(additionalProperties, depth + 1);
      return this.#rule(`"{" (string ":" ws ${value} ("," ws string ":" ws ${value})*)? "}"`);
    }
    // What may follow when nothing is written yet, and when something is and a comma is needed; from the last property to the first.
    let afterNothing = '""';
    let afterSome = '""';
    for (const [name, schema] of entries.reverse()) {
      const pair = `${literal(`${JSON.stringify(name)}:`)} ws ${this.#value(schema, depth + 1)}`;
      const [first, further] = [`${pair} ${afterSome}`, `"," ws ${pair} ${afterSome}`];
      const isNeeded = needed.has(name);
      [afterNothing, afterSome] = [this.#rule(isNeeded ? first : `${first} | ${afterNothing}`), this.#rule(isNeeded ? further : `${further} | ${afterSome}`)];
    }
    return this.#rule(`"{" ${afterNothing} "}"`);
  }

  #reference(reference: unknown, depth: number): string {
    const path = typeof reference === 'string' && reference.startsWith('#') ? reference : undefined;
    if (path === undefined) throw new SchemaError(`refers to ${JSON.stringify(reference)}, which is not part of it`);
    const known = this.#references.get(path);
    if (known) return known;
    const name = `ref-${this.#references.size}`;
    this.#references.set(path, name);
    let target: unknown = this.#root;
    for (const step of path.split('/').slice(1)) {
      const key = decoded(step)?.replaceAll('~1', '/').replaceAll('~0', '~');
      target = key !== undefined && isSchema(target) && Object.hasOwn(target, key) ? target[key] : undefined;
    }
    if (target === undefined) throw new SchemaError(`refers to ${JSON.stringify(path)}, which it does not have`);
    this.#rules.push(`${name} ::= ${this.#value(target, depth + 1)}`);
    return name;
  }

  #literals(values: readonly unknown[], type: unknown): string {
    const types = type === undefined ? undefined : [type].flat();
    const right = values.filter((value) => !types || types.some((one) => isOfType(value, one)));
    if (right.length === 0) throw new SchemaError('lists only values of another type');
    return this.#either(right.map((value) => literal(JSON.stringify(value))));
  }

  #either(alternatives: readonly string[]): string {
    const different = [...new Set(alternatives)];
    return different.length === 1 ? (different[0] as string) : this.#rule(different.join(' | '));
  }

  #rule(expression: string): string {
    const name = `r${this.#rules.length}`;
    this.#rules.push(`${name} ::= ${expression}`);
    return name;
  }
}

/** @returns undefined where a per cent sign begins no escape */
function decoded(step: string): string | undefined {
  try {
    return decodeURIComponent(step);
  } catch {
    return undefined;
  }
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function impliedType(schema: Schema): string {
  const key = Object.keys(schema).find((name) => !annotations.includes(name));
  const implied = Object.entries(keywords).find(([, names]) => key !== undefined && names.includes(key));
  return implied?.[0] ?? 'any';
}

/** @throws SchemaError when the schema has a keyword beside these that says something about values */
function only(schema: Schema, allowed: readonly string[]): Schema {
  const other = Object.keys(schema).find((key) => !allowed.includes(key) && !annotations.includes(key));
  if (other !== undefined) throw new SchemaError(`has ${JSON.stringify(other)} in a place where that is not supported`);
  return schema;
}

function listOf(value: unknown, name: string, least = 1): readonly unknown[] {
  if (Array.isArray(value) && value.length >= least && value.length <= mostParts) return value as readonly unknown[];
  throw new SchemaError(`has ${JSON.stringify(name)} that is not a list of the right length`);
}

function isOfType(value: unknown, type: unknown): boolean {
  if (type === 'null') return value === null;
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return isSchema(value);
  return typeof value === type;
}

function repetition(min: unknown, max: unknown, minName: string, maxName: string): string {
  for (const [name, value] of [[minName, min] as const, [maxName, max] as const]) {
    if (value !== undefined && (!Number.isInteger(value) || Number(value) < 0 || Number(value) > 2000))
      throw new SchemaError(`has ${JSON.stringify(name)} that is not between 0 and 2000`);
  }
  const least = Number(min ?? 0);
  if (max === undefined) return least === 0 ? '*' : `{${least},}`;
  if (Number(max) < least) throw new SchemaError(`has ${JSON.stringify(minName)} above ${JSON.stringify(maxName)}`);
  return `{${least},${Number(max)}}`;
}

/** JSON text as a literal of the grammar. */
function literal(json: string): string {
  return `"${json.replace(/["\\]/g, String.raw`\$&`)}"`;
}
