// What is refused before the library sees a grammar, and that the library takes everything else without harm.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import fc from 'fast-check';
import type { Llama } from 'node-llama-cpp';
import { getLlama, LlamaLogLevel } from 'node-llama-cpp';
import { grammarProblem } from '../../native/grammarCheck.ts';
import { grammarOfJsonSchema } from '../../native/jsonSchemaGrammar.ts';

let llama: Llama;
before(async () => {
  llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, progressLogs: false, logLevel: LlamaLogLevel.disabled });
});

async function libraryTakes(grammar: string): Promise<boolean> {
  try {
    await llama.createGrammar({ grammar });
    return true;
  } catch {
    return false;
  }
}

const chain = (count: number, rule: (from: string) => string) =>
  ['root ::= x0', ...Array.from({ length: count }, (_, at) => `x${at} ::= ${rule(`x${at + 1}`)}`), `x${count} ::= "a"`].join('\n');

const refused: readonly [name: string, grammar: string, problem: RegExp][] = [
  ['nothing', '', /no rule "root"/],
  ['no root', 'a ::= "b"', /no rule "root"/],
  ['a text without an end', 'root ::= "abc', /line 1: the " that closes is missing/],
  ['a class without an end', 'root ::= [a-z', /the \] that closes is missing/],
  ['an empty class', 'root ::= "a" []', /a class of characters is empty/],
  ['an unknown escape', 'root ::= "\\q"', /the escape is unknown/],
  ['half an escape', 'root ::= "\\x4"', /the escape is unknown/],
  ['a group without an end', 'root ::= ("a"\n', /"\)" is expected/],
  ['a rule without a body sign', 'root = "a"', /"::=" is expected after the rule name root/],
  ['something behind a rule', 'root ::= "a" )', /end of the line is expected/],
  ['an unknown rule', 'root ::= "a"\n# one\nb ::= nope', /names the rule nope/],
  ['a repetition of nothing', 'root ::= * "a"', /nothing that could be repeated/],
  ['a repetition of an empty text', 'root ::= ""*', /nothing that could be repeated/],
  ['bounds in the wrong order, which fill the memory', 'root ::= "a"{3,1}', /bounds of a repetition contradict/],
  ['too many repetitions', 'root ::= "a"{3000}', /more than 2000 times/],
  ['repetitions that multiply', `root ::= ${'"abcdefgh"{2000} '.repeat(40)}`, /more than 200000 elements/],
  ['groups that overflow the stack', `root ::= ${'('.repeat(30_000)}"a"${')'.repeat(30_000)}`, /nests groups deeper/],
  ['a rule twice', 'root ::= root +\nroot ::= ', /defines the rule root twice/],
  ['left recursion', 'root ::= root "a" | "b"', /left-recursive: the rule root/],
  ['left recursion over two rules', 'root ::= a\na ::= b "x"\nb ::= a | "y"', /left-recursive/],
  ['left recursion behind a rule that is empty in two steps', 'root ::= a root "x" | "y"\na ::= b\nb ::= "" | "z"', /left-recursive/],
  ['an endless repetition of nothing', 'root ::= (("a"?))*', /repeats without end something that may be empty/],
  ['rules that lead to each other twice', chain(40, (next) => `${next} | ${next}`), /too many ways/],
  ['beginnings without number', chain(40, (next) => `${next} "c" | ${next} "d"`), /too many ways/],
  ['a chain of rules without end', chain(1900, (next) => next), /too many rules before its first character/],
  ['too many rules', chain(3000, (next) => `"x" ${next}`), /more than 2000 rules/],
  ['too much text', `root ::= "${'a'.repeat(70_000)}"`, /longer than/],
  ['a NUL, where the library would stop reading', 'root ::= "a"\0 rubbish', /NUL/],
  ['a token by its name', 'root ::= <think> "a"', /tokens cannot be named/],
];
for (const [name, grammar, problem] of refused) test(`refused: ${name}`, () => assert.match(grammarProblem(grammar) ?? 'taken', problem));

const taken: readonly [name: string, grammar: string][] = [
  ['one text', 'root ::= "yes" | "no"'],
  ['comments, blank lines and Windows line ends', '# a\r\nroot ::= a # b\r\n\r\na ::= "x"\r\n'],
  ['a group over several lines', 'root ::= (\n  "a" |\n  "b"\n) "c"'],
  ['every repetition', 'root ::= "a"* [b-d]+ ("e" | "f")? g{2} g{1,} g{0,3}\ng ::= .'],
  ['every escape', 'root ::= "\\x41\\u00e9\\U0001F600\\t\\r\\n\\\\\\"\\[\\]\\-" [^\\]\\-a-z]'],
  ['signs inside a class', 'root ::= [-a"(]+ [a-] [^-]'],
  ['recursion that is not on the left', 'root ::= "(" root ")" | "x" root?'],
  ['an optional beginning', 'root ::= a? a? b\na ::= "x"\nb ::= "y"'],
  ['other alphabets', 'root ::= "é\u{1F600}" [а-я]'],
  ['two hundred rules in a row', chain(200, (next) => `"x" ${next}`)],
];
for (const [name, grammar] of taken) {
  test(`taken: ${name}`, async () => {
    assert.equal(grammarProblem(grammar), undefined);
    assert.equal(await libraryTakes(grammar), true);
  });
}

test('two thousand broken grammars: none harms the library, and what is taken here is taken there', { timeout: 60_000 }, async () => {
  const piece = fc.constantFrom(
    ...[
      'root',
      'a',
      'b',
      ' ::= ',
      '\n',
      '"x"',
      '"',
      '[a-z]',
      '[^',
      ']',
      '(',
      ')',
      '|',
      '*',
      '+',
      '?',
      '{2}',
      '{1,3}',
      '{0,}',
      '{',
      '.',
      '\\',
      '\\n',
      '#',
      '<',
      '!',
    ],
  );
  const rule = fc.tuple(fc.constantFrom('root', 'a', 'b'), fc.array(piece, { maxLength: 8 })).map(([name, parts]) => `${name} ::= ${parts.join(' ')}`);
  const grammar = fc.oneof(
    fc.array(piece, { maxLength: 20 }).map((parts) => parts.join('')),
    fc.array(rule, { minLength: 1, maxLength: 4 }).map((rules) => ['a ::= "y"', 'b ::= a?', ...rules].join('\n')),
    fc.string({ unit: 'binary', maxLength: 60 }).map((text) => `root ::= ${text}`),
  );
  let count = 0;
  await fc.assert(
    fc.asyncProperty(grammar, async (text) => {
      if (grammarProblem(text) !== undefined) return;
      count++;
      assert.equal(await libraryTakes(text), true, JSON.stringify(text));
    }),
    { numRuns: 2000 },
  );
  assert.ok(count > 50, `${count} were taken`);
});

const schemas: readonly [name: string, schema: Record<string, unknown>, right: readonly string[], wrong: readonly string[]][] = [
  ['a type', { type: 'integer' }, ['0', '-12'], ['1.5', '"1"', '1e3', '01']],
  ['two types', { type: ['string', 'null'] }, ['"a"', 'null'], ['1']],
  ['an enumeration', { enum: ['a"b', 1, null, { k: [] }] }, ['"a\\"b"', '1', 'null', '{"k":[]}'], ['"a"', '2']],
  ['an enumeration of a type', { type: 'string', enum: ['a', 1] }, ['"a"'], ['1']],
  ['a constant', { const: 'é\n' }, ['"é\\n"'], ['"é"']],
  ['lengths of a text', { type: 'string', minLength: 1, maxLength: 2 }, ['"a"', '"ab"', '"\\n"'], ['""', '"abc"']],
  ['an empty text', { type: 'string', maxLength: 0 }, ['""'], ['"a"']],
  [
    'needed and optional properties',
    { type: 'object', properties: { a: { type: 'integer' }, b: { type: 'null' } }, required: ['b'] },
    ['{"a": 1, "b": null}', '{"b":null}'],
    ['{"a":1}', '{}'],
  ],
  [
    'properties that are all optional',
    { properties: { a: true, b: { type: 'null' } } },
    ['{}', '{"a":[1]}', '{"b":null}', '{"a":{}, "b":null}'],
    ['{"c":1}', '{,}'],
  ],
  ['a map', { type: 'object', additionalProperties: { type: 'boolean' } }, ['{}', '{"x":true, "y":false}'], ['{"x":1}']],
  ['an object without properties', { type: 'object', additionalProperties: false }, ['{}'], ['{"x":1}']],
  ['lengths of a list', { type: 'array', items: { type: 'integer' }, minItems: 1, maxItems: 3 }, ['[1]', '[1, 2,3]'], ['[]', '[1,2,3,4]', '["a"]']],
  ['at most one item', { items: { type: 'null' }, maxItems: 1 }, ['[]', '[null]'], ['[null,null]']],
  ['an empty list', { type: 'array', maxItems: 0 }, ['[]'], ['[1]']],
  ['a tuple', { prefixItems: [{ type: 'integer' }, { type: 'string' }] }, ['[1,"a"]'], ['["a",1]', '[1]']],
  ['a choice', { anyOf: [{ type: 'integer' }, { type: 'array', items: { type: 'null' } }] }, ['1', '[null]'], ['[1]']],
  ['a reference to itself', { type: 'object', properties: { next: { $ref: '#' } } }, ['{}', '{"next":{"next":{}}}'], ['{"next":1}']],
  ['a reference to a definition', { items: { $ref: '#/$defs/a~1b' }, $defs: { 'a/b': { enum: [7] } } }, ['[7, 7]'], ['[8]']],
  ['anything', {}, ['1', '{"a":[null, true]}', '"x"', '-1.5e3'], ['{a:1}', '01']],
];
for (const [name, schema, right, wrong] of schemas) {
  test(`schema: ${name}`, async () => {
    const converted = grammarOfJsonSchema(schema);
    assert.equal(converted.outcome, 'ok', JSON.stringify(converted));
    const grammar = converted.outcome === 'ok' ? converted.grammar : '';
    assert.equal(grammarProblem(grammar), undefined, grammar);
    const compiled = (await llama.createGrammar({ grammar })) as unknown as { _testText: (text: string) => boolean };
    for (const text of right) assert.ok(compiled._testText(text), `${text} should be right for\n${grammar}`);
    for (const text of wrong) assert.ok(!compiled._testText(text), `${text} should be wrong for\n${grammar}`);
  });
}

const unsupported: readonly [name: string, schema: Record<string, unknown>, problem: RegExp][] = [
  ['bounds of a number', { type: 'integer', minimum: 3 }, /"minimum"/],
  ['a pattern', { type: 'string', pattern: '^a' }, /"pattern"/],
  ['a negation', { not: {} }, /"not"/],
  ['a reference with company', { $ref: '#/$defs/a', required: ['b'], $defs: { a: {} } }, /"required"/],
  ['a reference to nothing', { $ref: '#/$defs/a' }, /does not have/],
  ['a reference with a per cent sign that begins no escape', { $ref: '#/%' }, /does not have/],
  ['a reference to elsewhere', { $ref: 'http://localhost/a' }, /not part of it/],
  ['an unknown type', { type: 'date' }, /the type "date"/],
  ['no type at all', { type: [] }, /"type"/],
  ['a type that is no name', { type: [{}] }, /the type \{\}/],
  ['an enumeration of nothing', { enum: [] }, /"enum"/],
  ['an enumeration of another type', { type: 'null', enum: [1] }, /another type/],
  ['lengths in the wrong order', { type: 'string', minLength: 3, maxLength: 2 }, /"minLength" above "maxLength"/],
  ['a length that is no number', { type: 'string', minLength: 'x' }, /"minLength"/],
  ['a required property that is not described', { properties: { a: {} }, required: ['__proto__'] }, /"__proto__"/],
  ['schemas in schemas without end', JSON.parse(`${'{"items":'.repeat(100)}{}${'}'.repeat(100)}`) as Record<string, unknown>, /nests deeper/],
  ['something that is no schema', { items: 3 }, /not a schema/],
];
for (const [name, schema, problem] of unsupported) {
  test(`schema refused: ${name}`, () => {
    const converted = grammarOfJsonSchema(schema);
    assert.equal(converted.outcome, 'unsupported');
    assert.match(converted.outcome === 'unsupported' ? converted.cause : '', problem);
  });
}

test('a reference that leads only to itself is left recursion', () => {
  const converted = grammarOfJsonSchema({ $ref: '#' });
  assert.match(grammarProblem(converted.outcome === 'ok' ? converted.grammar : '') ?? '', /left-recursive/);
});
