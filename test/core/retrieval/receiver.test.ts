// What stands before the dot, from text and facts alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { typesBeforeDot } from '../../../server/core/retrieval/receiver.ts';
import { situationIn } from './smallProject.ts';

const library = {
  'pool.ts':
    'export class Pool {\n  readonly store: Store;\n  take(): Lease { return lease; }\n}\nexport class Store {}\nexport class Lease {}\nexport function openPool(size: number): Pool { return pool; }\n',
  'pool.py': 'class Lease:\n    pass\n\nclass Pool:\n    def take(self) -> Lease:\n        return Lease()\n',
};

function check(before: string, expected: readonly string[], { file = 'main.ts', head = "import { Pool, openPool } from './pool';\n", after = '' } = {}): void {
  test(`before the dot of "${before.split('\n').at(-1)?.trim()}" in ${file} stands ${expected.join(', ') || 'nothing known'}`, async () => {
    const { source, evidence, cursor } = await situationIn({ ...library, [file]: `${head}${before}|\n${after}` });
    const linePrefix = before.slice(before.lastIndexOf('\n') + 1);
    assert.deepEqual(typesBeforeDot(source, evidence.evidence.facts, { line: cursor.line, linePrefix }), expected);
  });
}

check('const pool: Pool = make();\npool.', ['Pool']);
check('const pool = new Pool();\nif (pool.ta', ['Pool']);
check('function use(pool: Pool) {\n  pool.take().', ['Lease']);
check('function use(pool: Pool) {\n  pool?.store.', ['Store']);
check('openPool(4).', ['Pool']);
check('class Mine extends Pool {\n  run() {\n    this.store.x;\n    this.', ['Mine'], { after: '  }\n}\n' });
check('class Mine extends Pool {\n  run() {\n    this.take().x;\n    this.store.', ['Store'], { after: '  }\n}\n' });
check('class Mine extends Pool {\n  run() {\n    super.', ['Pool'], { after: '  }\n}\n' });
check('unknown.', []);
check('pool', []);
check('1.', []);
check('openPool(sizes.get(1)).', []);
check('openPool(sizes.small).', ['Pool']);
check('const pool: Pool = make();\npool.take(sizes.small).', ['Lease']);
check('const pool: Pool = make();\n2pool.', ['Pool']);
// Cut to what may be meant: the chain itself is still there.
check(`const pool: Pool = make();\nf(0x${'0f'.repeat(40_000)}, pool.`, ['Pool']);
const python = { file: 'main.py', head: 'from pool import Pool\n' };
check('pool = Pool()\npool.', ['Pool'], python);
check('def use(pool: Pool):\n    pool.take().', ['Lease'], python);
check('class Mine(Pool):\n    def run(self):\n        self.', ['Mine'], python);
