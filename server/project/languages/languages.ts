// Which languages are parsed, with which grammar. The version is part of every stored record: raise it whenever any file of this folder
// finds other facts than before, so that files are parsed again.
import { cFamilyBindings, extractCFamily } from './cFamily.ts';
import { csharpBindings, extractCsharp } from './csharp.ts';
import type { ExtractFacts } from './extraction.ts';
import { extractGo, goBindings } from './go.ts';
import { extractJava, javaBindings } from './java.ts';
import { extractPython, pythonBindings } from './python.ts';
import { extractRust, rustBindings } from './rust.ts';
import { extractTypescript, javascriptBindings, typescriptBindings } from './typescript.ts';

export const factsVersion = 3;

export interface Language {
  /** The file is `tree-sitter-NAME.wasm`. */
  readonly grammar: string;
  readonly extract: ExtractFacts;
  /** A query with `@name` and either `@type` or `@call`: something called, whose name tells the type. */
  readonly bindings: string;
}

const cFamily: Language = { grammar: 'cpp', extract: extractCFamily, bindings: cFamilyBindings };
const javascript: Language = { grammar: 'javascript', extract: extractTypescript, bindings: javascriptBindings };

export const languages: Readonly<Record<string, Language>> = {
  c: cFamily,
  cpp: cFamily,
  csharp: { grammar: 'c-sharp', extract: extractCsharp, bindings: csharpBindings },
  go: { grammar: 'go', extract: extractGo, bindings: goBindings },
  java: { grammar: 'java', extract: extractJava, bindings: javaBindings },
  javascript,
  javascriptreact: javascript,
  python: { grammar: 'python', extract: extractPython, bindings: pythonBindings },
  rust: { grammar: 'rust', extract: extractRust, bindings: rustBindings },
  typescript: { grammar: 'typescript', extract: extractTypescript, bindings: typescriptBindings },
  typescriptreact: { grammar: 'tsx', extract: extractTypescript, bindings: typescriptBindings },
};
