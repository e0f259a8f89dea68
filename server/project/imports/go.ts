// Where Go's imports lead: a package is a folder, named by its module's path in `go.mod` and the way from there.
import { folderOf } from '../fileSet.ts';
import { trimmedLines } from './configText.ts';
import type { Surroundings } from './surroundings.ts';

export function resolveGo(specifier: string, around: Surroundings): readonly string[] {
  for (const { module, folder } of modules(around)) {
    if (specifier !== module && !specifier.startsWith(`${module}/`)) continue;
    const target = [folder, specifier.slice(module.length + 1)].filter((part) => part !== '').join('/');
    const found = goFilesIn(target, around);
    if (found.length > 0) return found;
  }
  return [];
}

function goFilesIn(folder: string, around: Surroundings): string[] {
  return [...around.files.in(folder)].filter((path) => path.endsWith('.go') && !path.endsWith('_test.go'));
}

/** The longest module path first, since modules nest. */
function modules(around: Surroundings): readonly { readonly module: string; readonly folder: string }[] {
  return around.remember('go.mod', () =>
    [...around.files.named('go.mod')]
      .flatMap((file) => {
        const module = moduleOf(around.readConfig(file) ?? '');
        return module ? [{ module, folder: folderOf(file) }] : [];
      })
      .sort((a, b) => b.module.length - a.module.length),
  );
}

/** Line by line: a pattern over the whole text, whose blanks match line breaks too, takes seconds for a file of nothing but line breaks. */
function moduleOf(text: string): string | undefined {
  for (const line of trimmedLines(text)) {
    const module = /^module\s+["`]?([^\s"`]+)/.exec(line)?.[1];
    if (module !== undefined) return module;
  }
  return undefined;
}
