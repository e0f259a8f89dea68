// The held-out packages as files: which of them are source that people write, in two versions. It knows where the scripts put them; it must not
// know what is asked about them.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { seedOf } from '../random.ts';

const heldOut = process.env['TRAMONTANE_BENCH_HELD_OUT'] ?? path.join(import.meta.dirname, '../../../.tools/held-out');

export type LanguageId = 'typescript' | 'javascript' | 'python';

export interface SourceFile {
  readonly package: string;
  /** Relative to the package, with forward slashes. */
  readonly path: string;
  readonly languageId: LanguageId;
  readonly text: string;
  /** Of the same file in the older version; absent where it was not there. */
  readonly olderText?: string;
}

/** Where the source of each package lies; what is built from it is not wanted. */
const sourceFolders: Readonly<Record<string, string>> = {
  immer: 'package/src',
  '@trpc/client': 'package/src',
  koa: 'package/lib',
  'vscode-json-languageservice': 'package/lib/esm',
  cheerio: 'package/src',
  'prosemirror-transform': 'package/src',
  '@tanstack/table-core': 'package/src',
  'd3-hierarchy': 'package/src',
  '@noble/hashes': 'package/src',
  httpx: 'httpx',
  click: 'click',
  'poetry-core': 'poetry/core',
  networkx: 'networkx',
};
const languages: Readonly<Record<string, LanguageId>> = { '.ts': 'typescript', '.js': 'javascript', '.mjs': 'javascript', '.py': 'python' };
const leastCharacters = 800;
const mostCharacters = 120_000;

/** `development` is what thresholds may be fitted to; `reporting` holds other files of the same packages. */
export type Half = 'development' | 'reporting';

export function sourceFiles(half: Half): SourceFile[] {
  return Object.entries(sourceFolders).flatMap(([name, folder]) => filesOf(name, folder).filter((file) => halfOf(file) === half));
}

/** By the file's name, so that no file is ever in both. */
function halfOf(file: SourceFile): Half {
  return seedOf(`${file.package}/${file.path}`) % 2 === 0 ? 'development' : 'reporting';
}

function filesOf(name: string, folder: string): SourceFile[] {
  const newer = path.join(heldOut, 'new', name.replace('/', '__'), folder);
  const older = path.join(heldOut, 'old', name.replace('/', '__'), folder);
  if (!existsSync(newer)) throw new Error(`${newer} is missing: "npm run bench -- completion" fetches it.`);
  return readdirSync(newer, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => !/(^|\/)(_vendor|tests?|schemas)\//.test(file) && !/\.d\.ts$|\.(test|spec)\.\w+$/.test(file))
    .toSorted()
    .flatMap((file): SourceFile[] => {
      const languageId = languages[path.extname(file)];
      if (!languageId) return [];
      const text = textOf(path.join(newer, file));
      if (text === undefined || text.length < leastCharacters || text.length > mostCharacters) return [];
      const olderText = textOf(path.join(older, file));
      return [{ package: name, path: `${folder.replace('package/', '')}/${file}`, languageId, text, ...(olderText === undefined ? {} : { olderText }) }];
    });
}

function textOf(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8').replaceAll('\r\n', '\n') : undefined;
}
