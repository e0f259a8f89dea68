// A name that came in with the change, and that an import is missing for which other open files of the project have. It knows how imports
// are written; which files those are is decided elsewhere.
import { declarationAt } from './declarations.ts';
import { eolAt, isMember, isName, type Line, lineAround, namesIn } from './names.ts';
import type { KnownImport, NextEdit, Rule } from './nextEdit.ts';
import { type Family, kindAt, type Source } from './source.ts';

const mostNames = 60;
/** Imports stand at the beginning. */
const headLength = 20_000;

export const suggestImport: Rule = ({ source, change, imports }) => {
  if (imports.length === 0 || change.after.length < 3) return [];
  const { text } = source;
  const end = change.start + change.after.length;
  const names = new Set<string>();
  for (const { 0: word, index } of text.slice(change.start, end).matchAll(/(?<![\p{L}\p{N}_$])[\p{L}_$][\p{L}\p{N}_$]*/gu)) {
    const at = change.start + index;
    if (isName(word) && !isMember(text, at) && kindAt(source, at) === 'code' && names.size < mostNames) names.add(word);
  }
  return [...names].flatMap((name) => {
    const known = imports.filter((one) => one.name === name);
    const [first] = known;
    // Two modules of the same name's export: which one is meant is not known.
    if (!first || known.some(({ module }) => module !== first.module) || isKnownHere(source, name)) return [];
    if (source.family === 'go' && !namesIn(source, name, { from: change.start, to: end }).some((at) => text[at + name.length] === '.')) return [];
    const insertion = insertionFor(source, first);
    return insertion ? [{ ...insertion, end: insertion.start, kind: 'import' as const, why: `${name} is not imported here` } satisfies NextEdit] : [];
  });
};

function isKnownHere(source: Source, name: string): boolean {
  if (importsOf(source).some((one) => one.name === name)) return true;
  return namesIn(source, name, { from: 0, to: source.text.length }).some((at) => {
    const line = lineAround(source.text, at);
    return /^\s*(?:import|from|use|export\s*\{)/.test(line.text) || declarationAt(source, at, at + name.length) !== undefined;
  });
}

function insertionFor(source: Source, known: KnownImport): { readonly start: number; readonly newText: string } | undefined {
  const lines = importLines(source);
  const last = lines.at(-1);
  const { text, family } = source;
  const module = known.module.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  if (family === 'js') {
    const joined = lines.find((line) => new RegExp(`^import\\s+(?:[\\w$]+\\s*,\\s*)?\\{[^}]*\\}\\s*from\\s*['"]${module}['"]`).test(line.text));
    if (joined) return joinedInto(joined, { name: known.name, closer: '}' });
  }
  if (family === 'python') {
    const joined = lines.find((line) => new RegExp(`^from\\s+${module}\\s+import\\s+[\\w, ]+$`).test(line.text));
    if (joined && known.statement.startsWith('from ')) return { start: joined.start + joined.text.trimEnd().length, newText: `, ${known.name}` };
  }
  if (family === 'go') return last && /^\s+["\w]/.test(last.text) ? { start: last.end, newText: `${eolAt(text, last)}\t${known.statement}` } : undefined;
  if (last) return { start: last.end, newText: eolAt(text, last) + known.statement };
  // Above the first line of code there may be a licence, a shebang or a directive; beneath an import there is nothing to decide.
  return undefined;
}

function joinedInto(
  line: Line,
  { name, closer }: { readonly name: string; readonly closer: string },
): { readonly start: number; readonly newText: string } | undefined {
  const close = line.text.indexOf(closer);
  const inner = line.text.slice(0, close).trimEnd();
  const isComma = inner.endsWith(',');
  return { start: line.start + inner.length, newText: inner.endsWith('{') ? ` ${name}` : `${isComma ? '' : ','} ${name}` };
}

/** The lines that are whole import statements, or entries of Go's import block. */
function importLines({ text, family }: Source): readonly Line[] {
  const head = text.slice(0, headLength);
  const patterns: Readonly<Partial<Record<Family, RegExp>>> = {
    js: /^import\b[^\n]*['"];?[ \t]*\r?$/gm,
    python: /^(?:import\s+[\w., ]+|from\s+[\w.]+\s+import\s+[\w, ]+)\r?$/gm,
    rust: /^use\s+[^;\n]+;\r?$/gm,
  };
  if (family === 'go') {
    const block = /^import \(\r?\n((?:[ \t]+[^\n]*\n|\r?\n)*?)\)/m.exec(head);
    if (!block?.[1]) return [];
    const from = block.index + block[0].indexOf('\n') + 1;
    return [...block[1].matchAll(/^[ \t]+[^\n]+$/gm)].map((match) => lineAround(text, from + match.index));
  }
  const pattern = patterns[family];
  return pattern ? [...head.matchAll(pattern)].map((match) => lineAround(text, match.index)) : [];
}

/** What a file imports, one entry for each name, from statements that stand in one line. */
export function importsOf(source: Source): readonly KnownImport[] {
  return importLines(source).flatMap((line): readonly KnownImport[] => {
    const text = line.text.trim();
    switch (source.family) {
      case 'js':
        return jsImports(text);
      case 'python':
        return pythonImports(text);
      case 'rust':
        return rustImports(text);
      case 'go': {
        const path = /^"([^"]+)"$/.exec(text)?.[1];
        return path === undefined ? [] : [{ name: path.slice(path.lastIndexOf('/') + 1), module: path, statement: text }];
      }
      default:
        return [];
    }
  });
}

function jsImports(line: string): readonly KnownImport[] {
  const match = /^import\s+(type\s+)?([^'"]+?)\s+from\s+(['"])([^'"]+)\3(;?)/.exec(line);
  if (!match) return [];
  const [, type = '', clause = '', quote = "'", module = '', end = ''] = match;
  const all: KnownImport[] = [];
  const tail = ` from ${quote}${module}${quote}${end}`;
  const lead = /^([\p{L}_$][\p{L}\p{N}_$]*)\s*(?:,|$)/u.exec(clause)?.[1];
  if (lead !== undefined) all.push({ name: lead, module: `default ${module}`, statement: `import ${type}${lead}${tail}` });
  const star = /^\*\s+as\s+([\p{L}_$][\p{L}\p{N}_$]*)$/u.exec(clause)?.[1];
  if (star !== undefined) all.push({ name: star, module: `* ${module}`, statement: `import ${type}* as ${star}${tail}` });
  for (const part of /\{([^}]*)\}/.exec(clause)?.[1]?.split(',') ?? []) {
    const name = part.trim();
    // Renamed on the way: whether the other file wants that name as well is not known.
    if (isName(name)) all.push({ name, module, statement: `import ${type}{ ${name} }${tail}` });
  }
  return all;
}

function pythonImports(line: string): readonly KnownImport[] {
  const from = /^from\s+([\w.]+)\s+import\s+([\w, ]+)$/.exec(line);
  if (from) {
    const [, module = '', list = ''] = from;
    return list.split(',').flatMap((part) => (isName(part.trim()) ? [{ name: part.trim(), module, statement: `from ${module} import ${part.trim()}` }] : []));
  }
  const alias = /^import\s+([\w.]+)(?:\s+as\s+(\w+))?$/.exec(line);
  const name = alias?.[2] ?? alias?.[1];
  return name !== undefined && isName(name) ? [{ name, module: line, statement: line }] : [];
}

function rustImports(line: string): readonly KnownImport[] {
  const path = /^use\s+((?:\w+::)+)(\w+|\{[^{}]*\});$/.exec(line);
  if (!path) return [];
  const [, module = '', last = ''] = path;
  const names = last.startsWith('{') ? last.slice(1, -1).split(',') : [last];
  return names.flatMap((part) => (isName(part.trim()) ? [{ name: part.trim(), module, statement: `use ${module}${part.trim()};` }] : []));
}
