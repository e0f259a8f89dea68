// The real parse worker with a grammar that never returns, or that ends the thread, on texts that say so: a stand-in for a bug in a grammar.
import { Parser } from 'web-tree-sitter';

const parse = Reflect.get(Parser.prototype, 'parse') as (this: Parser, ...args: unknown[]) => unknown;
Parser.prototype.parse = function (this: Parser, ...args: unknown[]) {
  const [text] = args;
  if (typeof text === 'string' && text.includes('LOOP FOREVER')) for (;;);
  if (typeof text === 'string' && text.includes('CRASH NOW')) process.exit(1);
  return parse.apply(this, args);
} as Parser['parse'];

await import('../../server/project/parseWorker.ts');
