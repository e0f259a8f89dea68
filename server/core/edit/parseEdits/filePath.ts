// Finds the name of a file in what a model writes above a block: a bare line, a heading, bold or code type, a fence's info string.
// It knows how paths look in an answer. It must not know which files exist; the paths that were shown only help to recognise one.
import { fenceOf } from './fences.ts';

/** How many lines that say something are looked at, upwards from the block. */
const maxLines = 4;
const maxLength = 400;

/** The path named nearest above the block, as written; undefined when nothing there looks like one. */
export function fileNamedBy(linesAbove: readonly string[], shownPaths: readonly string[]): string | undefined {
  let seen = 0;
  for (let index = linesAbove.length - 1; index >= 0 && seen < maxLines; index--) {
    const line = linesAbove[index]?.trim() ?? '';
    if (line === '' || line.length > maxLength) continue;
    const fence = fenceOf(line);
    // A bare fence says nothing, so it does not use up the lines that are looked at.
    if (fence !== undefined && fence.info === '') continue;
    seen++;
    const found = fence === undefined ? pathInLine(line, shownPaths) : pathInFence(fence.info, shownPaths);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** "ts src/a.ts", "ts:src/a.ts", "src/a.ts", `ts title="src/a.ts"`. A lone word is a language. */
export function pathInFence(info: string, shownPaths: readonly string[]): string | undefined {
  const words = info.split(/[\s{}]+/).flatMap((word) => [word, word.slice(word.indexOf('=') + 1), word.slice(word.indexOf(':') + 1)]);
  const names = words.map(bare).filter((word) => word !== '');
  return names.find((name) => shownPaths.includes(name)) ?? names.find(looksLikePath);
}

function pathInLine(line: string, shownPaths: readonly string[]): string | undefined {
  const label = /^[*_`"' ]{0,4}(?:in |(?:file ?name|file ?path|file|path)(?: |[*_`]{0,3}[:=][*_`]{0,3}))/i;
  const item = line.replace(/^(?:[#>*+-]+\s+|\d{1,3}[.)]\s+)/, '');
  const names = [bare(item), bare(item.replace(label, '')), bare(item.replace(label, '').replace(/\s*\([^()]*\)[*_`:]*$/, ''))];
  const whole = names.find((name) => shownPaths.includes(name)) ?? names.findLast(looksLikePath);
  if (whole !== undefined) return whole;
  // Prose names a file in code or bold type, but also much else.
  const quoted = [...line.matchAll(/`([^`]+)`|\*\*([^*]+)\*\*/g)].map((match) => bare(match[1] ?? match[2] ?? ''));
  const paths = [...new Set(quoted)].filter((name) => shownPaths.includes(name) || (looksLikePath(name) && hasKnownEnding(name, shownPaths)));
  return paths.length === 1 ? paths[0] : paths.find((name) => shownPaths.includes(name));
}

/** Whether a word is a file rather than `user.name`: it ends like a file that was shown, or like files of source code often do. */
function hasKnownEnding(name: string, shownPaths: readonly string[]): boolean {
  const ending = /\.[^./\\]+$/.exec(name)?.[0] ?? '/';
  return shownPaths.some((path) => path.endsWith(ending)) || sourceEnding.test(ending);
}

const sourceEnding =
  /^\.(?:[cm]?[jt]sx?|pyi?|rs|go|c|h|cc|cpp|hpp|cs|java|kt|rb|php|swift|scala|lua|zig|dart|sh|ps1|sql|json|ya?ml|toml|ini|md|html|s?css|less|vue|svelte|xml)$/i;

/** Without quotes, code type, bold type and the colon behind. */
function bare(text: string): string {
  const noise = '`*"\'';
  let start = 0;
  let end = text.length;
  while (start < end && (noise.includes(text[start] ?? '') || text[start] === ' ')) start++;
  while (end > start && (noise.includes(text[end - 1] ?? '') || text[end - 1] === ':' || text[end - 1] === ' ')) end--;
  return text.slice(start, end);
}

/** One word with a folder or an extension. `foo()`, `a.b.c()` and `e.g.` are none; `obj.method` cannot be told apart and is refused later. */
function looksLikePath(text: string): boolean {
  if (text.length > 260 || /[\s<>"'`|?*(){};,=]/.test(text)) return false;
  return /[/\\][^/\\]+$/.test(text) || /^[^.]*(?:\.[^.]+){0,6}\.[A-Za-z][A-Za-z0-9]{0,11}$/.test(text) || /^\.[A-Za-z][\w.-]*$/.test(text);
}
