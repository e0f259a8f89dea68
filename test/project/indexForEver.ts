// A process that indexes a folder and changes it without end, telling what it knows to be stored: made to be killed.
// usage: node indexForEver.ts ROOT STORAGE [once]
import { writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Project } from '../../server/project/project.ts';
import { grammars, workerModule } from './temporaryProject.ts';

const [root = '', storageDirectory, once] = process.argv.slice(2);
const ignore = () => undefined;
const project = new Project({
  storageDirectory,
  workerModule,
  grammars,
  clock: { now: () => performance.now(), wait: (ms, signal) => delay(ms, undefined, { signal }).catch(ignore) },
  log: { error: ignore, warn: ignore, info: ignore, debug: ignore },
  limits: { cpuShare: 1, debounceMs: 1 },
});
await project.open([root]);
await project.whenIdle();
for (let round = 0; ; round++) {
  // Synchronous, so that nothing that was told is lost with the process.
  writeSync(1, `stored ${round}\n`);
  if (once) break;
  const names = Array.from({ length: 20 }, (_, at) => `changing${at}.ts`);
  for (const name of names) writeFileSync(path.join(root, name), `export class Round${round} {\n${'  a = 1;\n'.repeat(50)}}\n`);
  project.noteChanged(names.map((name) => path.join(root, name)));
  await project.whenIdle();
}
await project.dispose();
writeSync(1, 'done\n');
