// Somebody who works in several files of a package: types statements, corrects letters, goes to other lines and other files, saves. Seeded, and made from the
// package's own lines. It knows texts; it must not know prompts.
import { logNormal, randomFrom } from '../random.ts';

export interface EditingStep {
  readonly kind: 'typed' | 'deleted' | 'moved' | 'switched' | 'saved';
  readonly path: string;
  /** The document after the step. */
  readonly text: string;
  /** UTF-16 offset of the cursor. */
  readonly offset: number;
  /** Since the step before, ms. */
  readonly gapMs: number;
}

/** As in the replay of the completion bench: assumptions, not recordings. */
const keyGap = { median: 150, sigma: 0.45 };
const thoughtMs = 900;
const moveMs = 2500;

/**
 * A stay is one to three statements at one place; two of three stays are followed by one nearby, one of six by another file. A letter in fifty is wrong
 * and deleted again. A file is saved when it is left and after every other stay.
 */
export function editingTrace(files: ReadonlyMap<string, string>, { count, seed }: { readonly count: number; readonly seed: number }): EditingStep[] {
  const random = randomFrom(seed);
  const texts = new Map(files);
  const paths = [...files.keys()];
  const pick = <Item>(list: readonly Item[]) => list[Math.floor(random() * list.length)] as Item;
  const steps: EditingStep[] = [];
  let path = pick(paths);
  let offset = 0;
  const textOf = () => texts.get(path) as string;
  const push = (kind: EditingStep['kind'], gapMs: number) => steps.push({ kind, path, text: textOf(), offset, gapMs });
  const gap = () => logNormal(random, keyGap);
  const insert = (piece: string, gapMs: number) => {
    texts.set(path, textOf().slice(0, offset) + piece + textOf().slice(offset));
    offset += piece.length;
    push('typed', gapMs);
  };
  const remove = () => {
    texts.set(path, textOf().slice(0, offset - 1) + textOf().slice(offset));
    offset--;
    push('deleted', gap());
  };
  offset = lineEndNear(textOf(), random());
  push('switched', moveMs);
  for (let stay = 0; steps.length < count; stay++) {
    const statements = 1 + Math.floor(random() * 3);
    for (let at = 0; at < statements; at++) {
      const line = variation(pick(statementsOf(textOf())), identifiersOf(textOf()), random);
      const indent = /^[ \t]*/.exec(textOf().slice(textOf().lastIndexOf('\n', offset - 1) + 1))?.[0] ?? '';
      insert(`\n${indent}`, random() < 1 / 3 ? thoughtMs : gap());
      for (const character of line) {
        if (random() < 1 / 50) {
          insert('q', gap());
          remove();
        }
        insert(character, gap());
      }
    }
    const leaves = random() < 1 / 6;
    if (leaves || stay % 2 === 1) push('saved', gap());
    if (leaves) {
      path = pick(paths.filter((other) => other !== path));
      offset = lineEndNear(textOf(), random());
      push('switched', moveMs);
    } else if (random() < 2 / 3) {
      const end = textOf().indexOf('\n', Math.min(textOf().length - 1, offset + Math.floor(random() * 800)));
      offset = end < 0 ? textOf().length : end;
      push('moved', thoughtMs);
    } else {
      offset = lineEndNear(textOf(), random());
      push('moved', moveMs);
    }
  }
  return steps.slice(0, count);
}

function statementsOf(text: string): string[] {
  const found = text.split('\n').flatMap((line) => (/^\s+\S.{8,70}$/.test(line) && !/^\s*(?:\*|\/|#|""")/.test(line) ? [line.trim()] : []));
  return found.length > 0 ? found : ['return undefined'];
}

/** Every other identifier is another one of the file: a line that stands there already would be copied, without a model. */
function variation(line: string, identifiers: readonly string[], random: () => number): string {
  return line.replace(/[A-Za-z_]\w{3,}/g, (name) => (random() < 1 / 2 ? (identifiers[Math.floor(random() * identifiers.length)] ?? name) : name));
}

function identifiersOf(text: string): string[] {
  return [...new Set(text.match(/[A-Za-z_]\w{3,}/g))];
}

/** The end of a line that is not empty. */
function lineEndNear(text: string, share: number): number {
  const end = /[^\n]\n/.exec(text.slice(Math.floor(text.length * share)));
  return end ? Math.floor(text.length * share) + end.index + 1 : text.length;
}
