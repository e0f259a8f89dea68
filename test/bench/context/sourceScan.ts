// Where identifiers and import statements stand in TypeScript and Python text. It knows just enough of both languages to leave strings and
// comments out; it must not know types, and shares no code with the parser whose work is measured.

export type Language = 'typescript' | 'python';

export interface Token {
  readonly name: string;
  readonly offset: number;
}

export interface ImportedName {
  readonly local: string;
  readonly imported: string;
  readonly specifier: string;
}

export interface ImportStatement {
  readonly start: number;
  readonly end: number;
  readonly names: readonly ImportedName[];
  /** The statement without that name; nothing when it was the only one. */
  without(local: string): string;
}

const keywords: Readonly<Record<Language, ReadonlySet<string>>> = {
  typescript: new Set(
    'abstract any as asserts async await boolean break case catch class const continue declare default delete do else enum export extends false finally for from function get if implements import in infer instanceof interface is keyof let module namespace never new null number of out override package private protected public readonly require return satisfies set static string super switch symbol this throw true try type typeof undefined unique unknown using var void while with yield object bigint constructor'.split(
      ' ',
    ),
  ),
  python: new Set(
    'False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield match case self cls'.split(
      ' ',
    ),
  ),
};

/** The same text with strings and comments as spaces; line breaks stay, so offsets and lines are the same. */
function maskText(text: string, language: Language): string {
  const pattern =
    language === 'python'
      ? /[rbfuRBFU]{0,2}("""|''')(?:\\[\s\S]|(?!\1)[\s\S])*\1|[rbfuRBFU]{0,2}"(?:\\[\s\S]|[^"\\\n])*"|[rbfuRBFU]{0,2}'(?:\\[\s\S]|[^'\\\n])*'|#[^\n]*/g
      : /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`|(?<=[=(,:[!&|?{};\n]\s*)\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[dgimsuvy]*/g;
  return text.replace(pattern, (match) => match.replace(/[^\n]/g, ' '));
}

/** Identifiers outside of strings, comments and import statements; in Python also without the names of keyword arguments. */
export function identifiersOf(text: string, language: Language): Token[] {
  let masked = maskText(text, language);
  for (const { start, end } of importsOf(text, language)) masked = masked.slice(0, start) + ' '.repeat(end - start) + masked.slice(end);
  const tokens: Token[] = [];
  let depth = 0;
  for (const match of masked.matchAll(/[()[\]{}]|(?<![\w$])[A-Za-z_$][\w$]*/g)) {
    const name = match[0];
    if ('([{'.includes(name)) depth++;
    else if (')]}'.includes(name)) depth--;
    else if (keywords[language].has(name) || name.length < 2) continue;
    else if (language === 'python' && depth > 0 && /^\s*=(?!=)/.test(masked.slice(match.index + name.length, match.index + name.length + 8))) continue;
    else tokens.push({ name, offset: match.index });
  }
  return tokens;
}

export function importsOf(text: string, language: Language): ImportStatement[] {
  return language === 'python' ? pythonImports(text) : typescriptImports(text);
}

function typescriptImports(text: string): ImportStatement[] {
  const statements: ImportStatement[] = [];
  for (const match of text.matchAll(/^(import|export)\s+(type\s+)?([^'";=()]*?)\s*from\s*(['"])([^'"\n]+)\4;?|^import\s*(['"])[^'"\n]+\6;?/gm)) {
    const [whole, verb, , clause = '', , specifier = ''] = match;
    const start = match.index;
    const braces = /\{([^}]*)\}/.exec(clause);
    const named = (braces?.[1] ?? '')
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
    const head = clause.replace(/\{[^}]*\}/, '').replace(/[,\s]+$/, '');
    const names: ImportedName[] = [];
    if (verb === 'import') {
      for (const part of named) {
        const [imported = '', local = imported] = part.replace(/^type\s+/, '').split(/\s+as\s+/);
        names.push({ imported, local, specifier });
      }
      const star = /\*\s*as\s+([\w$]+)/.exec(head);
      if (star) names.push({ imported: '*', local: star[1] as string, specifier });
      const plain = /^([\w$]+)/.exec(head);
      if (plain) names.push({ imported: 'default', local: plain[1] as string, specifier });
    }
    statements.push({
      start,
      end: start + whole.length,
      names,
      without: (local) => {
        if (names.length <= 1) return '';
        const kept = named.filter(
          (part) =>
            part
              .split(/\s+as\s+/)
              .at(-1)
              ?.replace(/^type\s+/, '') !== local,
        );
        const keptHead = new RegExp(`(^|\\s)${local.replaceAll('$', '\\$')}$`).test(head) ? '' : head;
        const clauses = [keptHead, kept.length > 0 ? `{ ${kept.join(', ')} }` : ''].filter((part) => part !== '');
        return `import ${match[2] ?? ''}${clauses.join(', ')} from '${specifier}';`;
      },
    });
  }
  return statements;
}

function pythonImports(text: string): ImportStatement[] {
  const statements: ImportStatement[] = [];
  const masked = maskText(text, 'python');
  for (const match of masked.matchAll(/^([ \t]*)from[ \t]+([.\w]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n\\]*(?:\\\n[^\n\\]*)*)|^([ \t]*)import[ \t]+([^\n]+)/gm)) {
    const [whole] = match;
    const isFrom = match[2] !== undefined;
    const specifier = match[2] ?? '';
    const parts = (match[3] ?? match[5] ?? '')
      .replace(/[()\\;]/g, ' ')
      .split(',')
      .map((part) => part.trim().replace(/\s+/g, ' '))
      .filter((part) => part !== '');
    const names = parts.map((part): ImportedName => {
      const [imported = '', alias] = part.split(' as ');
      if (isFrom) return { imported, local: alias ?? imported, specifier };
      return { imported: '*', local: alias ?? imported.split('.')[0] ?? imported, specifier: imported };
    });
    statements.push({
      start: match.index,
      end: match.index + whole.length,
      names,
      without: (local) => {
        const kept = parts.filter((_, index) => names[index]?.local !== local);
        if (kept.length === 0) return /^[ \t]+/.test(whole) ? `${match[1] ?? match[4] ?? ''}pass` : '';
        return isFrom ? `${match[1]}from ${specifier} import ${kept.join(', ')}` : `${match[4]}import ${kept.join(', ')}`;
      },
    });
  }
  return statements;
}

export function lineStartsOf(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** @returns zero-based line of an offset */
export function lineAt(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] as number) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
