// One round of killing a process that writes the index: afterwards the database is whole and holds what the process said was stored.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { definitionsSpan } from '../../server/project/indexSchema.ts';
import { TemporaryProject } from './temporaryProject.ts';

/** The moment of the kill differs with `round`. */
export async function killWhileWriting(round: number): Promise<void> {
  await using files = new TemporaryProject(Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`kept${at}.ts`, `export class Kept${at} {}\n`])));
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'indexForEver.ts'), files.root, files.storage], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let output = '';
  const ended = new Promise((resolve) => child.once('close', resolve));
  await new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      // In the middle of the next round, at another point each time.
      if (output.includes(`stored ${1 + (round % 3)}\n`)) setTimeout(resolve, (round * 7) % 40);
    });
    child.once('close', () => resolve());
  });
  child.kill('SIGKILL');
  await ended;
  const acknowledged = Number(output.trim().split('\n').at(-1)?.split(' ')[1]);
  const folder = path.join(files.storage, 'index');
  const name = readdirSync(folder).find((entry) => entry.endsWith('.sqlite'));
  assert.ok(name, 'there is a database');
  const database = new DatabaseSync(path.join(folder, name));
  try {
    assert.deepEqual({ ...database.prepare('PRAGMA quick_check').get() }, { quick_check: 'ok' });
    const rows = database.prepare(`SELECT d.name FROM definitions d JOIN files f ON f.content_id = d.id / ${definitionsSpan}`).all();
    const names = new Set(rows.map((row) => String(row['name'])));
    for (let at = 0; at < 10; at++) assert.ok(names.has(`Kept${at}`), `Kept${at} is lost`);
    // Of the changing files there is what was acknowledged last, or what came after it.
    const rounds = [...names].flatMap((item) => (item.startsWith('Round') ? [Number(item.slice(5))] : []));
    for (const found of rounds) assert.ok(found + 1 >= acknowledged, `round ${found} is older than ${acknowledged - 1}`);
    assert.ok(acknowledged === 0 || rounds.length > 0);
  } finally {
    database.close();
  }
  const project = await files.index();
  assert.ok(files.warnings.length === 0, files.warnings.join());
  assert.equal(project.status[0]?.skippedByReason.unreadable, undefined);
  // What was stored is not parsed again: only the text of the round that was under way and one file that was cut by the kill.
  assert.ok((project.status[0]?.parsed ?? 99) <= 2, `${project.status[0]?.parsed} parsed`);
}
