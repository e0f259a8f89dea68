// Whether a name is declared where it stands, as what, and how far the declaration reaches. Judged from the text beside it, by rules that
// rather miss a declaration than invent one. It knows languages' forms; it must not know changes.
import { indentOf, isKeyword, lineAfter, lineAround, lineBefore, type Line } from './names.ts';
import { bracketsAround, kindAt, partnerOf, type Source } from './source.ts';

export interface Range {
  readonly from: number;
  readonly to: number;
}

export type Declaration =
  /** `scope`: where the name means this. */
  | { readonly kind: 'parameter' | 'local' | 'import'; readonly scope: Range }
  /** A field or method: `owner` is the type that it belongs to, `body` what stands between that type's braces. */
  | { readonly kind: 'member'; readonly owner: string; readonly body: Range };

/** @param start of the name, which is in code; `end` is behind it */
export function declarationAt(source: Source, start: number, end: number): Declaration | undefined {
  const { text, family } = source;
  if (family === 'other' || text[start - 1] === '.') return undefined;
  const line = lineAround(text, start);
  const site: Site = { source, start, end, line, prefix: text.slice(line.start, start), suffix: text.slice(end, line.end) };
  if (family === 'python') return pythonDeclaration(site);
  return importDeclaration(site) ?? memberDeclaration(site) ?? namedDeclaration(site) ?? parameterDeclaration(site);
}

interface Site {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
  readonly line: Line;
  readonly prefix: string;
  readonly suffix: string;
}

function wholeText({ text }: Source): Range {
  return { from: 0, to: text.length };
}

/** What the innermost braces hold; everything outside of all. */
function blockAround(source: Source, offset: number): Range {
  const braces = bracketsAround(source, offset, '{');
  return braces ? { from: braces.open + 1, to: braces.close } : wholeText(source);
}

function importDeclaration({ source, prefix, suffix }: Site): Declaration | undefined {
  const isImported =
    (source.family === 'js' && /^\s*import\b/.test(prefix) && !/['"]/.test(prefix) && !/^\s+as\b/.test(suffix) && !/\bfrom\s*$/.test(prefix)) ||
    (source.family === 'rust' && /^\s*(?:pub(?:\([^)]*\))?\s+)?use\b/.test(prefix) && /^\s*[;,}]/.test(suffix));
  return isImported ? { kind: 'import', scope: source.family === 'rust' ? wholeText(source) : wholeText(source) } : undefined;
}

const typeBody = /\b(?:class|interface|struct|enum|trait|impl|record)\s+([\p{L}_$][\p{L}\p{N}_$]*)[^{};]*$/u;
const jsTypeAlias = /\btype\s+([\p{L}_$][\p{L}\p{N}_$]*)[^{};]*=\s*$/u;
const goStruct = /\btype\s+([\p{L}_][\p{L}\p{N}_]*)(?:\[[^\]]*\])?\s+(?:struct|interface)\s*$/u;
const rustImplFor = /\bimpl\b[^{};]*?\bfor\s+([\p{L}_][\p{L}\p{N}_]*)[^{};]*$/u;
const rustImpl = /\bimpl(?:<[^{};]*?>)?\s+([\p{L}_][\p{L}\p{N}_]*)[^{};]*$/u;

/** The type whose body the braces at `open` are. */
export function ownerOf({ text, family }: Source, open: number): string | undefined {
  const head = text.slice(Math.max(0, open - 300), open);
  if (family === 'go') return goStruct.exec(head)?.[1];
  if (family === 'rust') return rustImplFor.exec(head)?.[1] ?? rustImpl.exec(head)?.[1] ?? typeBody.exec(head)?.[1];
  return typeBody.exec(head)?.[1] ?? (family === 'js' ? jsTypeAlias.exec(head)?.[1] : undefined);
}

const memberModifiers =
  /^\s*(?:(?:public|private|protected|internal|readonly|static|abstract|override|declare|accessor|async|get|set|final|pub(?:\([^)]*\))?|@[\w.]+(?:\([^)]*\))?)\s+)*[*#]?$/;

function memberDeclaration({ source, start, prefix, suffix }: Site): Declaration | undefined {
  if (!memberModifiers.test(prefix)) return undefined;
  const around = bracketsAround(source, start);
  if (!around || source.text[around.open] !== '{') return undefined;
  const isField =
    source.family === 'js' ? /^\s*[?!]?\s*(?:[:=;(<]|$)/.test(suffix) : source.family === 'go' ? /^\s+[\p{L}_*[(]/u.test(suffix) : /^\s*:(?!:)/.test(suffix);
  if (!isField) return undefined;
  const owner = ownerOf(source, around.open);
  if (owner === undefined || (source.family === 'rust' && /\bimpl\b[^{};]*$/.test(source.text.slice(Math.max(0, around.open - 300), around.open))))
    return undefined;
  return { kind: 'member', owner, body: { from: around.open + 1, to: around.close } };
}

const jsNamed = /\b(?:(?:const|let|var)\s+(?:\[[^\]=]*)?|(?:function\s*\*?|class|interface|type|enum|namespace)\s+)$/;
const jsAlsoNamed = /\b(?:const|let|var)\s+[^=;(){}]*,\s*$/;
const rustNamed = /\b(?:let|fn|struct|enum|trait|type|mod|const|static|for|union)\s+(?:mut\s+|ref\s+)*$/;
const goNamed = /\b(?:var|const|type|func)\s+(?:[\p{L}\p{N}_]+\s*,\s*)*$/u;
const bracesNamed =
  /\b(?:int|long|float|double|bool|boolean|char|size_t|auto|var|val|let|const|fun|func|void|class|struct|interface|enum|object|[sS]tring)\b[\w<>[\],.?\s*&:]*\s[*&]*$/;

function namedDeclaration(site: Site): Declaration | undefined {
  const { source, start, prefix, suffix, line } = site;
  const { family, text } = source;
  if (family === 'js') {
    if (!jsNamed.test(prefix) && !jsAlsoNamed.test(prefix)) {
      // { key: name } taken apart.
      if (!/[\w$'"]\s*:\s*$/.test(prefix) || !/^\s*[,}=]/.test(suffix)) return undefined;
      const braces = bracketsAround(source, start);
      if (!braces || text[braces.open] !== '{' || !/\b(?:const|let|var)\s*$/.test(text.slice(Math.max(0, braces.open - 12), braces.open))) return undefined;
      return { kind: 'local', scope: localScope(source, braces.open) };
    }
    if (/^\s*=>/.test(suffix)) return undefined;
    return { kind: 'local', scope: localScope(source, start) };
  }
  if (family === 'rust') {
    if (!rustNamed.test(prefix)) return undefined;
    const isLocal = /\b(?:let|for)\s+(?:mut\s+|ref\s+)*$/.test(prefix);
    const scope = /\bfor\s+$/.test(prefix) ? loopScope(source, start, line) : blockAround(source, start);
    // What was bound before by this name is another thing.
    return { kind: 'local', scope: isLocal ? { from: statementEnd(text, start), to: scope.to } : scope };
  }
  if (family === 'go') {
    if (goNamed.test(prefix)) {
      if (/\bfunc\s+$/.test(prefix) && !/^\s*[([]/.test(suffix)) return undefined;
      const scope = blockAround(source, start);
      return { kind: 'local', scope: /\b(?:var|const)\b/.test(prefix) && /^\s/.test(prefix) ? { from: statementEnd(text, start), to: scope.to } : scope };
    }
    if (!/^\s*(?:,\s*[\p{L}\p{N}_]+\s*)*:=/u.test(suffix) || !/(?:^|[{;]|\b(?:if|for|switch|case)\b)\s*(?:[\p{L}\p{N}_]+\s*,\s*)*$/u.test(prefix))
      return undefined;
    const isHead = /\b(?:if|for|switch)\b[^{]*$/.test(prefix);
    return { kind: 'local', scope: { from: statementEnd(text, start), to: (isHead ? loopScope(source, start, line) : blockAround(source, start)).to } };
  }
  if (!bracesNamed.test(prefix) || /\breturn\b|\bnew\b/.test(prefix) || !/^\s*[=;,)({:<]/.test(suffix)) return undefined;
  if (bracketsAround(source, start, '(')?.open !== undefined && prefix.lastIndexOf('(') > prefix.lastIndexOf(')')) return undefined;
  return { kind: 'local', scope: blockAround(source, start) };
}

/** What a name is bound to still means whatever had that name before: let total = total + 1. */
function statementEnd(text: string, at: number): number {
  const end = /[;\n{]/.exec(text.slice(at, at + 500));
  return at + (end?.index ?? 0);
}

/** Of a name declared in the head of a loop, the loop; else the block. */
function localScope(source: Source, start: number): Range {
  const around = bracketsAround(source, start);
  if (around && source.text[around.open] === '(') return bodyBehind(source, around) ?? { from: around.open, to: around.close };
  return blockAround(source, start);
}

/** From a head without parentheses to the end of its block. */
function loopScope(source: Source, start: number, line: Line): Range {
  const open = source.text.indexOf('{', start);
  const close = open >= 0 && open < line.end ? partnerOf(source, open) : undefined;
  return { from: start, to: close ?? line.end };
}

function parameterDeclaration({ source, start, prefix, suffix }: Site): Declaration | undefined {
  const { text, family } = source;
  if (family === 'js' && /^\s*=>/.test(suffix) && !prefix.endsWith('.')) return { kind: 'parameter', scope: { from: start, to: expressionEnd(source, start) } };
  const around = bracketsAround(source, start);
  if (!around || text[around.open] !== '(') return undefined;
  const head = text.slice(Math.max(0, around.open - 120), around.open);
  const lead = text.slice(around.open + 1, start);
  const own = /[^,]*$/.exec(lead)?.[0] ?? '';
  const follows = text.slice(start, around.close).replace(/^[\p{L}\p{N}_$]+/u, '');
  const body = bodyBehind(source, around);
  if (!body) return undefined;
  const scope = { from: around.open, to: body.to };
  if (family === 'js') {
    const isHead = /\bfunction\b[^(){};]*$/.test(head) || /=>\s*$/.test(text.slice(around.close + 1, body.from)) || isMethodHead(head);
    if (!isHead || !/^\s*(?:(?:public|private|protected|readonly|override|\.\.\.)\s*)*$/.test(own) || !/^\s*(?:[?:,=]|$)/.test(follows)) return undefined;
    return { kind: 'parameter', scope };
  }
  if (family === 'rust') {
    if (!/\bfn\s+\w+\s*(?:<[^()]*>)?\s*$/.test(head) || !/^\s*(?:mut\s+)?$/.test(own) || !/^\s*:(?!:)/.test(follows)) return undefined;
    return { kind: 'parameter', scope };
  }
  if (family === 'go') {
    // A receiver, or parameters with a type behind them, alone or for several names.
    if (!/\bfunc\b[^{}]*$/.test(head) || !/^\s*$/.test(own) || !/^(?:\s*,\s*[\p{L}\p{N}_]+)*\s+[\p{L}_*[.(]/u.test(follows)) return undefined;
    return { kind: 'parameter', scope };
  }
  return /^\s*(?:[\w<>[\].?]+[\s*&]+)+$/.test(own) && /^\s*(?:[,=]|$)/.test(follows) && isMethodHead(head) ? { kind: 'parameter', scope } : undefined;
}

/** `name(` or `get name(` rather than `if (`. */
function isMethodHead(head: string): boolean {
  const name = /([\p{L}_$][\p{L}\p{N}_$]*)\s*(?:<[^()]*>)?\s*$/u.exec(head)?.[1];
  return name === 'constructor' || (name !== undefined && !isKeyword(name) && name !== 'catch');
}

/** The block, or the expression of an arrow, that parentheses are the head of. */
export function bodyBehind(source: Source, { close }: { readonly close: number }): Range | undefined {
  const { text, family } = source;
  const behind = text.slice(close + 1, close + 400);
  const arrow = family === 'js' ? /^\s*(?::[^=;{]*)?=>\s*/.exec(behind) : null;
  if (arrow) {
    const from = close + 1 + arrow[0].length;
    if (text[from] !== '{') return { from, to: expressionEnd(source, from) };
    return { from, to: partnerOf(source, from) ?? text.length };
  }
  // A return type may hold braces of its own; then it is not understood.
  const brace = /^[^{};=]*\{/.exec(behind);
  if (!brace || (family !== 'go' && /^\s*[,)]/.test(behind))) return undefined;
  const from = close + brace[0].length;
  return { from, to: partnerOf(source, from) ?? text.length };
}

const mostExpression = 4000;

/** Where the expression that goes on at `from` ends: at the closer around it, at a comma or semicolon of its own, or at a line that ends it. */
function expressionEnd(source: Source, from: number): number {
  const { text } = source;
  const limit = Math.min(bracketsAround(source, from)?.close ?? text.length, from + mostExpression);
  for (let at = from; at < limit; at++) {
    const sign = text.charAt(at);
    if (kindAt(source, at) !== 'code') continue;
    if ('([{'.includes(sign)) at = partnerOf(source, at) ?? limit;
    else if (sign === ',' || sign === ';') return at;
    else if (sign === '\n' && /^\s*(?:[}\])]|(?:const|let|var|function|class|return|if|for|export|import)\b|$)/.test(text.slice(at + 1, at + 80))) return at;
  }
  return limit;
}

// Python.

function pythonDeclaration(site: Site): Declaration | undefined {
  const { source, start, prefix, suffix, line } = site;
  const { text } = source;
  const isImported = /^\s*(?:from\s+[\w.]+\s+)?import\b/.test(prefix) && !/^\s+as\b/.test(suffix) && !/^\s*\./.test(suffix);
  if (isImported) return { kind: 'import', scope: functionAround(source, line) };
  const around = bracketsAround(source, start);
  if (around && text[around.open] === '(' && /\bdef\s+\w+\s*$/.test(text.slice(Math.max(0, around.open - 120), around.open))) {
    const own = /[^,]*$/.exec(text.slice(around.open + 1, start))?.[0] ?? '';
    const follows = text.slice(start, around.close).replace(/^[\p{L}\p{N}_]+/u, '');
    if (!/^\s*\*{0,2}$/.test(own) || !/^\s*(?:[:,=]|$)/.test(follows)) return undefined;
    return { kind: 'parameter', scope: { from: around.open, to: indentedBlockEnd(text, lineAround(text, around.open), around.close) } };
  }
  if (/^\s*(?:async\s+)?(?:def|class)\s+$/.test(prefix)) {
    const owner = classOf(source, line);
    return owner ?? { kind: 'local', scope: functionAround(source, line) };
  }
  const isBound =
    /\bfor\s+(?:\w+\s*,\s*)*$/.test(prefix) ||
    /\bas\s+$/.test(prefix) ||
    (/^\s*(?:\w+\s*,\s*)*$/.test(prefix) && /^\s*(?:,\s*\w+\s*)*(?::[^=()]+)?=(?!=)/.test(suffix)) ||
    (/^\s*$/.test(prefix) && /^\s*:\s*[\w"']/.test(suffix) && classOf(source, line) !== undefined);
  if (!isBound) return undefined;
  if (around && text[around.open] !== '(' && !/\bfor\s/.test(prefix)) return undefined;
  if (around && !/\bfor\s+(?:\w+\s*,\s*)*$/.test(prefix)) return undefined;
  // Of a comprehension, the brackets.
  if (around) return { kind: 'local', scope: { from: around.open, to: around.close } };
  return classOf(source, line) ?? { kind: 'local', scope: functionAround(source, line) };
}

/** The function that the line is in, from its head's parentheses; the whole text outside of all. */
function functionAround(source: Source, line: Line): Range {
  const head = headAbove(source.text, line, /^\s*(?:async\s+)?def\b/);
  return head ? { from: head.start + head.text.indexOf('('), to: indentedBlockEnd(source.text, head, head.end) } : wholeText(source);
}

/** The class whose body the line stands in directly. */
function classOf({ text }: Source, line: Line): Declaration | undefined {
  const indent = indentOf(line.text).length;
  if (indent === 0) return undefined;
  const head = headAbove(text, line, /^\s*(?:async\s+)?(?:def|class|if|for|while|with|try|else|elif|except)\b/);
  const name = head && /^\s*class\s+(\w+)/.exec(head.text)?.[1];
  return name && head ? { kind: 'member', owner: name, body: { from: head.end, to: indentedBlockEnd(text, head, head.end) } } : undefined;
}

/** The nearest line above that is indented less and looks like this. */
function headAbove(text: string, line: Line, pattern: RegExp): Line | undefined {
  let least = line.text.trim() === '' ? Number.POSITIVE_INFINITY : indentOf(line.text).length;
  for (let above = lineBefore(text, line); above && least > 0; above = lineBefore(text, above)) {
    if (above.text.trim() === '') continue;
    const indent = indentOf(above.text).length;
    if (indent >= least) continue;
    if (pattern.test(above.text)) return above;
    // The closing line of a head over several lines.
    if (!/^\s*[)\]}]/.test(above.text)) least = indent;
  }
  return undefined;
}

/** Where the block ends whose head is this line, looked for from `from` on. */
export function indentedBlockEnd(text: string, head: Line, from: number): number {
  const indent = indentOf(head.text).length;
  let end = lineAround(text, from);
  for (let line = lineAfter(text, end); line; line = lineAfter(text, line)) {
    if (line.text.trim() !== '' && indentOf(line.text).length <= indent && !/^\s*[)\]}#]/.test(line.text)) break;
    end = line;
  }
  return end.end;
}
