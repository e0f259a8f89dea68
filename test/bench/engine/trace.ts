// Keystrokes as a person makes them: a file of source text and 300 edits of it at a cursor that moves now and then. Seeded, so that every run is
// the same. It knows text; it must not know prompts or engines.
import { randomFrom } from '../random.ts';

export interface Keystroke {
  /** The document after the keystroke. */
  readonly text: string;
  /** UTF-16 offset of the cursor. */
  readonly offset: number;
  readonly kind: 'typed' | 'deleted' | 'moved';
}

const subjects = ['Order', 'Invoice', 'Customer', 'Shipment', 'Payment', 'Address', 'Discount', 'Product', 'Basket', 'Refund'];
const verbs = ['load', 'store', 'check', 'merge', 'format', 'rename', 'count', 'split', 'price', 'close'];
const statements = [
  'const total = items.reduce((sum, item) => sum + item.price, 0);',
  'if (total > limit) return undefined;',
  'const names = items.map((item) => item.name).join(", ");',
  'for (const item of items) seen.add(item.id);',
  'items.sort((a, b) => a.price - b.price);',
  'const oldest = items.find((item) => item.age > 30);',
  'log.info(`${items.length} items, ${limit} at most`);',
  'throw new Error("There is nothing to do.");',
];

/** About 500 lines. */
function sourceFile(random: () => number): string {
  const pick = <Item>(list: readonly Item[]) => list[Math.floor(random() * list.length)] as Item;
  const functions = Array.from({ length: 60 }, (_, index) => {
    const [verb, subject] = [pick(verbs), pick(subjects)];
    const body = Array.from({ length: 3 + Math.floor(random() * 4) }, () => `  ${pick(statements)}`);
    return [
      `/** ${verb[0]?.toUpperCase()}${verb.slice(1)}s what belongs to one ${subject.toLowerCase()}. */`,
      `export function ${verb}${subject}${index}(items: ${subject}[], limit: number, seen: Set<string>) {`,
      ...body,
      `  return items.slice(0, limit + ${Math.floor(random() * 90)});`,
      '}',
      '',
    ].join('\n');
  });
  return `import { log } from "./log.ts";\nimport type { ${subjects.join(', ')} } from "./types.ts";\n\n${functions.join('\n')}`;
}

/**
 * A stay of the cursor is one new statement, or two, or only its beginning; in every other one a few letters are wrong and are deleted again.
 */
export function keystrokes(count: number, seed: number): Keystroke[] {
  const random = randomFrom(seed);
  let text = sourceFile(random);
  const made: Keystroke[] = [];
  while (made.length < count) {
    let offset = lineEndNear(text, Math.floor(text.length * (0.1 + 0.8 * random())));
    made.push({ text, offset, kind: 'moved' });
    const type = (piece: string) => {
      for (const character of piece) {
        text = text.slice(0, offset) + character + text.slice(offset);
        offset++;
        made.push({ text, offset, kind: 'typed' });
      }
    };
    const lines = 1 + Math.floor(random() * 2);
    for (let line = 0; line < lines; line++) {
      const whole = statements[Math.floor(random() * statements.length)] as string;
      const statement = random() < 0.5 ? whole : whole.slice(0, 8 + Math.floor(random() * 16));
      const cut = random() < 0.5 ? Math.min(statement.length, 3 + Math.floor(random() * 10)) : 0;
      // The editor puts in the line break and the indent at once.
      text = `${text.slice(0, offset)}\n  ${text.slice(offset)}`;
      offset += 3;
      made.push({ text, offset, kind: 'typed' });
      if (cut > 0) {
        type(`${statement.slice(0, cut)}xyz`);
        for (let wrong = 0; wrong < 3; wrong++) {
          text = text.slice(0, offset - 1) + text.slice(offset);
          offset--;
          made.push({ text, offset, kind: 'deleted' });
        }
      }
      type(statement.slice(cut));
    }
  }
  return made.slice(0, count);
}

/** The end of a line inside a function: where a statement may follow. */
function lineEndNear(text: string, offset: number): number {
  const at = text.indexOf(';\n', offset);
  return at < 0 ? text.length : at + 1;
}
