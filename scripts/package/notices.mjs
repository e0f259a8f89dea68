// Writes THIRD-PARTY-NOTICES: the licence of everything of others that a VSIX holds, whether bundled, copied or shipped as a package.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { StepError, root } from '../setup/steps.mjs';
import { packageFoldersOf, readJson } from './stage.mjs';

/** What esbuild.js copies as files, which no bundle's list of inputs shows. */
const copiedPackages = ['node_modules/@vscode/codicons', 'node_modules/@vscode/tree-sitter-wasm', 'node_modules/web-tree-sitter'];

/** The binaries hold llama.cpp and ggml, whose licence their package does not carry along. */
const llamaCpp = {
  title: 'llama.cpp and ggml (inside the engine)',
  licence: 'MIT',
  text: `MIT License

Copyright (c) 2023-2026 The ggml authors

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"),
to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense,
and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS
IN THE SOFTWARE.`,
};

/**
 * @param {string} stage
 * @param {{shippedFolders: readonly string[], enginePackageFolder: string}} content
 */
export function writeNotices(stage, { shippedFolders, enginePackageFolder }) {
  const reports = readdirSync(path.join(root, 'out')).filter((name) => name.endsWith('.meta.json'));
  if (reports.length === 0) throw new StepError('The build left no list of what is in its bundles (out/*.meta.json). Build again and then package.');
  const bundledFolders = reports.flatMap((name) => packageFoldersOf(readJson(path.join(root, 'out', name))));
  // The folder of another platform's binary lies outside node_modules.
  const folders = [...new Set([...bundledFolders, ...shippedFolders, ...copiedPackages])]
    .map((folder) => path.join(root, folder))
    .filter((folder) => existsSync(folder));
  const notices = [...new Set([...folders, enginePackageFolder])].map(noticeOf);
  const byTitle = new Map([llamaCpp, ...notices].map((notice) => [notice.title, notice]));
  const sections = [...byTitle.values()]
    .sort((a, b) => a.title.localeCompare(b.title, 'en'))
    .map(({ title, licence, text }) => `${'='.repeat(80)}\n${title}\nLicence: ${licence}\n\n${text.trim()}\n`);
  writeFileSync(
    path.join(stage, 'THIRD-PARTY-NOTICES.txt'),
    `Tramontane contains the following works of others, each under its own licence.\n\n${sections.join('\n')}`,
  );
}

/** @param {string} folder */
function noticeOf(folder) {
  const { name, version, license, author, homepage } = readJson(path.join(folder, 'package.json'));
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
  const fallback = `The package holds no licence file. Author: ${typeof author === 'string' ? author : (author?.name ?? 'not named')}. ${homepage ?? ''}`;
  const text = files.length > 0 ? files.map((file) => readFileSync(path.join(folder, file), 'utf8')).join('\n\n') : fallback;
  return { title: `${name} ${version}`, licence: typeof license === 'string' ? license : (license?.type ?? 'see below'), text };
}
