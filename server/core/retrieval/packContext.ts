// Chooses which definitions fit a budget and lays them out by file. Score decides who is admitted, never the place: the text is sorted by path and
// line, so that the same definitions are always the same tokens and an engine can keep what it has computed for them. It knows definitions with
// scores and what a text costs; it must not know where scores come from.
import type { Definition } from './facts.ts';
import { signatureText } from './signatureText.ts';

export interface RankedDefinition {
  readonly definition: Definition;
  /** Chance by token, as a logarithm: the order in which a budget takes them. */
  readonly score: number;
  /** That the next line needs it, from 0 to 1. */
  readonly chance: number;
}

export interface PackOptions {
  readonly budgetTokens: number;
  /** Exact or cautious; asked for the same short lines over and over. */
  readonly countTokens: (text: string) => number;
  /** The comment sign of the file that is written: `//` or `#`. */
  readonly commentSign: string;
}

export interface PackedLine {
  readonly path: string;
  readonly definition: Definition | undefined;
  readonly text: string;
}

export interface Pack {
  readonly definitions: readonly Definition[];
  readonly lines: readonly PackedLine[];
  readonly tokens: number;
}

interface Group {
  readonly path: string;
  readonly definitions: Definition[];
  readonly containers: Set<string>;
}

/** @param ranked best first */
export function packDefinitions(ranked: readonly Pick<RankedDefinition, 'definition'>[], options: PackOptions): Pack {
  const groups = new Map<string, Group>();
  let tokens = 0;
  let misses = 0;
  for (const { definition } of ranked) {
    const group = groups.get(definition.path);
    let cost = options.countTokens(`${lineOf(definition)}\n`);
    if (!group) cost += options.countTokens(`${options.commentSign} ${definition.path}\n`);
    if (definition.container !== undefined && !group?.containers.has(definition.container)) cost += options.countTokens(`${definition.container}:\n`);
    if (tokens + cost > options.budgetTokens) {
      // A shorter one further down may still fit; after some misses the rest is hardly worth the look.
      if (++misses > 20) break;
      continue;
    }
    tokens += cost;
    if (!group) groups.set(definition.path, groupOf(definition));
    else {
      group.definitions.push(definition);
      if (definition.container !== undefined) group.containers.add(definition.container);
    }
  }
  const lines = [...groups.values()].sort((a, b) => compare(a.path, b.path)).flatMap((group) => layOut(group, options.commentSign));
  return { definitions: [...groups.values()].flatMap((group) => group.definitions), lines, tokens };
}

const groupOf = (definition: Definition): Group => ({
  path: definition.path,
  definitions: [definition],
  containers: new Set(definition.container === undefined ? [] : [definition.container]),
});

/** Members stand together where the first of them stands, so that their type is named once, as it was paid for. */
function layOut(group: Group, commentSign: string): PackedLine[] {
  const lines: PackedLine[] = [{ path: group.path, definition: undefined, text: `${commentSign} ${group.path}` }];
  const firstLine = new Map<string, number>();
  for (const { container, startLine } of group.definitions) {
    if (container !== undefined) firstLine.set(container, Math.min(startLine, firstLine.get(container) ?? Infinity));
  }
  const place = ({ container, startLine }: Definition) => (container === undefined ? startLine : (firstLine.get(container) ?? startLine));
  const sorted = group.definitions.toSorted(
    (a, b) => place(a) - place(b) || compare(a.container ?? '', b.container ?? '') || a.startLine - b.startLine || compare(a.name, b.name),
  );
  let container: string | undefined;
  for (const definition of sorted) {
    if (definition.container !== undefined && definition.container !== container)
      lines.push({ path: group.path, definition: undefined, text: `${definition.container}:` });
    container = definition.container;
    lines.push({ path: group.path, definition, text: lineOf(definition) });
  }
  return lines;
}

const lineOf = (definition: Definition) => (definition.container === undefined ? '' : ' ') + signatureText(definition);
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
