// How a name that was typed is imported, from the real facts of a small project.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { projectImports } from '../../../server/core/nextEdit/projectImports.ts';
import { sourceOf } from '../../../server/core/nextEdit/source.ts';
import { suggestNextEdits } from '../../../server/core/nextEdit/suggest.ts';
import { readProjectFacts } from '../../bench/context/projectFacts.ts';

/** `files` without the one that is edited. */
async function offered(files: Readonly<Record<string, string>>, path: string, text: string, typed: string): Promise<string | undefined> {
  const language = path.endsWith('.py') ? 'python' : 'typescript';
  const { source: symbols } = await readProjectFacts({ name: 'small', folder: '', language, files: new Map(Object.entries({ ...files, [path]: text })) });
  const source = sourceOf(text, language);
  const change = { start: text.indexOf(typed), before: '', after: typed };
  const imports = projectImports({ symbols, path, source, texts: [typed] });
  const [edit] = suggestNextEdits({ source, change, changes: [change], imports });
  return edit?.newText.trim();
}

const price = { 'src/shop/price.ts': 'export function priceOf(name: string): number {\n  return name.length;\n}\nexport default function total() {}\n' };
const user = { 'src/main.ts': "import { priceOf } from './shop/price.js';\nimport total from './shop/price.js';\npriceOf('a'); total();\n" };
const typed = 'const cost = priceOf(name);';
const edited = (head: string) => `${head}\nexport function f(name: string) {\n  ${typed}\n}\n`;

const cases: readonly [name: string, files: Readonly<Record<string, string>>, path: string, text: string, typed: string, expected: string | undefined][] = [
  [
    'from another folder, ended as the project ends it',
    { ...price, ...user },
    'src/view/card.ts',
    edited("import { a } from 'a';"),
    typed,
    "import { priceOf } from '../shop/price.js';",
  ],
  ['quoted as the file quotes', { ...price, ...user }, 'src/card.ts', edited('import { a } from "a"'), typed, 'import { priceOf } from "./shop/price.js"'],
  ['not where nobody imports it', price, 'src/view/card.ts', edited("import { a } from 'a';"), typed, undefined],
  [
    'not where two files define it',
    { ...price, ...user, 'src/other.ts': 'export const priceOf = 1;\n' },
    'src/view/card.ts',
    edited("import { a } from 'a';"),
    typed,
    undefined,
  ],
  [
    'not a default export by its name',
    { ...price, ...user },
    'src/view/card.ts',
    "import { a } from 'a';\nconst cost = total(name);\n",
    'const cost = total(name);',
    undefined,
  ],
  [
    'not what is declared here',
    { ...price, ...user },
    'src/view/card.ts',
    "import { a } from 'a';\nfunction priceOf() {}\nconst cost = priceOf(name);\n",
    typed,
    undefined,
  ],
  [
    'in Python by its whole path',
    { 'shop/__init__.py': '', 'shop/price.py': 'def price_of(name):\n    return 1\n', 'main.py': 'from shop.price import price_of\nprice_of(1)\n' },
    'view/card.py',
    'import os\n\ncost = price_of(name)\n',
    'cost = price_of(name)',
    'from shop.price import price_of',
  ],
];
for (const [name, files, path, text, change, expected] of cases) test(name, async () => assert.equal(await offered(files, path, text, change), expected));
