// A process of its own that indexes a folder, so that its processor time and memory are those of the work alone. Started by the bench.
// usage: node indexProcess.mjs open ROOT STORAGE         the index as it is used
//        node indexProcess.mjs saves ROOT STORAGE COUNT SEED
//        node indexProcess.mjs parse ROOT                reading, parsing and extraction alone, in a worker with the same limits
import { appendFileSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isMainThread, Worker } from 'node:worker_threads';
import { decodeText } from '../../../server/project/decodeText.ts';
import { languageIdOf } from '../../../server/project/languageIds.ts';
import { listFiles } from '../../../server/project/listing.ts';
import { hashOf, Parsing } from '../../../server/project/parsing.ts';
import { Project } from '../../../server/project/project.ts';
import { skipByName, skipByText } from '../../../server/project/skipRules.ts';
import { randomFrom, shuffled } from '../random.ts';
import { bundledWorker } from './corpora.ts';

const [what, root = '', storageDirectory, count = '0', seed = '0'] = process.argv.slice(2);
const startedAt = performance.now();
const startedCpu = process.cpuUsage();
const cpuMs = (since = startedCpu) => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
};

async function open(): Promise<Project> {
  const wait = (ms: number, signal?: AbortSignal) => delay(ms, undefined, { signal }).catch(() => undefined);
  const say = (message: string) => void process.stderr.write(`${message}\n`);
  const log = { error: say, warn: say, info: () => {}, debug: () => {} };
  const project = new Project({ storageDirectory, ...bundledWorker, clock: { now: () => performance.now(), wait }, log, limits: { cpuShare: 1 } });
  const complete = new Promise<void>((resolve) => {
    project.onChange(() => project.status.every(({ isComplete }) => isComplete) && resolve());
  });
  await project.open([root]);
  await complete;
  return project;
}

async function measureOpen(): Promise<object> {
  const project = await open();
  const found = {
    wallMs: performance.now() - startedAt,
    cpuMs: cpuMs(),
    sinceStartMs: performance.now(),
    parsed: project.status[0]?.parsed,
    files: project.status[0]?.files,
  };
  await project.whenIdle();
  const tidyMs = cpuMs() - found.cpuMs;
  await project.dispose();
  return { ...found, tidyMs };
}

/** From the word of a save to the new facts being answered from the database. */
async function measureSaves(): Promise<object> {
  const project = await open();
  await project.whenIdle();
  const symbols = project.folders[0]?.symbols;
  if (!symbols) throw new Error('No folder is open.');
  const files = shuffled([...symbols.paths()].filter((file) => /\.(?:ts|py)$/.test(file)).sort(), randomFrom(Number(seed)));
  const saves: { ms: number; cpuMs: number; bytes: number }[] = [];
  for (const [at, file] of files.slice(0, Number(count) + 5).entries()) {
    const absolute = path.join(root, file);
    const name = `savedByBench${at}`;
    appendFileSync(absolute, file.endsWith('.py') ? `\ndef ${name}():\n    return 1\n` : `\nexport function ${name}(): number {\n  return 1;\n}\n`);
    // The pause after which a save is one for itself.
    await delay(250);
    const cpu = process.cpuUsage();
    const began = performance.now();
    await new Promise<void>((resolve) => {
      const stop = project.onChange(() => {
        if (symbols.definitionsNamed(name).length === 0) return;
        stop();
        resolve();
      });
      project.noteChanged([absolute]);
    });
    // The first ones compile the code.
    if (at >= 5) saves.push({ ms: performance.now() - began, cpuMs: cpuMs(cpu), bytes: statSync(absolute).size });
  }
  await project.dispose();
  return { saves };
}

async function parseAll(): Promise<void> {
  const { paths } = await listFiles(root, { signal: new AbortController().signal, maxFiles: 200_000, gitTimeoutMs: 20_000 });
  const parsing = new Parsing(bundledWorker.grammars);
  for (const file of paths) {
    if (skipByName(file)) continue;
    const bytes = readFileSync(path.join(root, file));
    const text = decodeText(bytes);
    if (text !== undefined && !skipByText(text)) await parsing.parse(text, languageIdOf(file), hashOf(bytes));
  }
}

async function measureParse(): Promise<object> {
  const worker = new Worker(import.meta.filename, {
    argv: process.argv.slice(2),
    resourceLimits: { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 16 },
  });
  await new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));
  return { wallMs: performance.now() - startedAt, cpuMs: cpuMs() };
}

if (!isMainThread) await parseAll();
else process.stdout.write(`${JSON.stringify(what === 'open' ? await measureOpen() : what === 'saves' ? await measureSaves() : await measureParse())}\n`);
