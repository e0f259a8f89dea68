// How a definition is shown: one short line. It knows the shape of signatures; it must not know why a definition is shown.
import type { Definition } from './facts.ts';

/** Longer ones are cut at a comma: what is behind that is rarely needed to write a call. */
const maxCharacters = 140;
const textOf = new WeakMap<Definition, string>();

/** @returns one line without its indentation and line break */
export function signatureText(definition: Definition): string {
  const known = textOf.get(definition);
  if (known !== undefined) return known;
  const text = shortened(definition);
  textOf.set(definition, text);
  return text;
}

/** Of a signature alone. */
export function shortened({ signature }: Pick<Definition, 'signature'>): string {
  const line = signature
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^(?:export |declare |public )+/, '')
    .replace(/^((?:async )?def \w+\()(?:self|cls)(?:, ?|(?=\)))/, '$1');
  if (line.length <= maxCharacters) return line;
  const head = line.slice(0, maxCharacters);
  const comma = head.lastIndexOf(',');
  return `${comma > maxCharacters / 2 ? head.slice(0, comma + 1) : head} …`;
}
