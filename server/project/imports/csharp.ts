// Where C#'s `using` leads: a namespace is wherever files declare it, whatever their folders are called; an alias and `using static` name a type in one.
import type { Surroundings } from './surroundings.ts';

/** `Outer.Inner` of `My.Models`: types are rarely nested deeper. */
const mostNested = 2;

/** @param within the namespaces that the `using` stands in, whose beginnings it may leave out */
export function resolveCsharp(specifier: string, within: readonly string[], around: Surroundings): readonly string[] {
  const names = [specifier, ...within.flatMap(itselfAndOuter).map((outer) => `${outer}.${specifier}`)];
  for (const name of names) {
    const whole = around.filesOfNamespace(name);
    if (whole.length > 0) return whole;
  }
  for (const name of names) {
    const parts = name.split('.');
    for (let length = parts.length - 1; length >= Math.max(1, parts.length - mostNested); length--) {
      const found = around.filesOfNamespace(parts.slice(0, length).join('.'), parts[length]);
      if (found.length > 0) return found;
    }
  }
  return [];
}

/** `A.B.C`, `A.B`, `A`: the innermost is looked into first. */
function itselfAndOuter(namespace: string): string[] {
  const parts = namespace.split('.');
  return parts.map((_, at) => parts.slice(0, parts.length - at).join('.'));
}
