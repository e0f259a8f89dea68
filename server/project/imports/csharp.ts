// Where C#'s `using` leads: a namespace is wherever files declare it, whatever their folders are called; an alias and `using static` name a type in one.
import type { Surroundings } from './surroundings.ts';

/** `Outer.Inner` of `My.Models`: types are rarely nested deeper. */
const mostNested = 2;

export function resolveCsharp(specifier: string, around: Surroundings): readonly string[] {
  const whole = around.filesOfNamespace(specifier);
  if (whole.length > 0) return whole;
  const parts = specifier.split('.');
  for (let length = parts.length - 1; length >= Math.max(1, parts.length - mostNested); length--) {
    const found = around.filesOfNamespace(parts.slice(0, length).join('.'), parts[length]);
    if (found.length > 0) return found;
  }
  return [];
}
