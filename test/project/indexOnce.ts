// A process that indexes a folder, has a file saved in it, and says what it knows then: for what only a process of its own can be, as another user or another Node.
// usage: node indexOnce.ts ROOT STORAGE NAME...
import { writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Project } from '../../server/project/project.ts';
import { grammars, workerModule } from './temporaryProject.ts';

const [root = '', storageDirectory, ...lookUp] = process.argv.slice(2);
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
const saved = path.join(root, 'saved.ts');
writeFileSync(saved, 'export class Saved {}\n');
project.noteChanged([saved]);
await project.whenIdle();
const [folder] = project.folders;
writeSync(1, JSON.stringify({ status: project.status[0], found: lookUp.filter((name) => (folder?.symbols.definitionsNamed(name).length ?? 0) > 0) }));
await project.dispose();
