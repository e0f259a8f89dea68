#!/usr/bin/env node
// The server's process: reads the command line, finds the files that lie beside it, and starts the language server on standard IO or
// on the channel that the editor opened. Nothing imports this file.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import { readCommandLine } from './commandLine.ts';
import type { Clock } from './features/clock.ts';
import { LocalInference } from './inference/localInference.ts';
import { startLanguageServer } from './languageServer.ts';
import { chooseActionOf, engineOptionsOf, modelSpecOf } from './engineWishes.ts';
import { Project } from './project/project.ts';
import { FeedbackStore } from './storage/feedback.ts';
import { keptDirectoryFor } from './storage/keptDirectory.ts';

const here = path.dirname(fileURLToPath(import.meta.url));
const isSource = import.meta.url.endsWith('.ts');
const engineModule = isSource ? path.join(here, '../native/main.ts') : path.join(here, 'engine.mjs');
const workerModule = isSource ? path.join(here, 'project/parseWorker.ts') : path.join(here, 'parseWorker.mjs');
const packages = path.join(here, '../node_modules');
const grammars = isSource
  ? { runtime: path.join(packages, 'web-tree-sitter/web-tree-sitter.wasm'), folder: path.join(packages, '@vscode/tree-sitter-wasm/wasm') }
  : { runtime: path.join(here, 'grammars/web-tree-sitter.wasm'), folder: path.join(here, 'grammars') };
const starterPath = path.join(here, '../native/starter-model/starter-fim.gguf');
const { version } = JSON.parse(readFileSync(path.join(here, '../package.json'), 'utf8')) as { version: string };

const clock: Clock = {
  now: () => performance.now(),
  wait: (ms, signal) => delay(ms, undefined, { signal }).catch(() => undefined),
};

const invocation = readCommandLine(process.argv.slice(2), version);
if (invocation.kind === 'serve') {
  startLanguageServer(createConnection(ProposedFeatures.all), {
    commandLine: invocation.commandLine,
    makeInference: ({ model, engine }, log, purpose) =>
      new LocalInference({
        engineModule,
        engine: engineOptionsOf(engine),
        model: modelSpecOf(model, starterPath, purpose),
        chooseAction: chooseActionOf(purpose === 'chat' && model.chatPath.trim() === '' ? 'completion' : purpose),
        // "Choose Model" names the model of suggestions, which is no help where another setting names this one.
        isBySettingAlone: purpose === 'vectors' || (purpose === 'chat' && model.chatPath.trim() !== ''),
        log,
        now: clock.now,
      }),
    makeFeedback: (log) => new FeedbackStore({ directory: keptDirectoryFor('feedback', process.env), nowMs: Date.now, log }),
    makeProject: (storageDirectory, log, { cpuShare }) => new Project({ storageDirectory, workerModule, grammars, clock, log, cpuShare }),
    indexDirectory: keptDirectoryFor('index', process.env),
    starterPath,
    clock,
    version,
  });
} else if (invocation.kind === 'print') {
  process.stdout.write(invocation.text);
} else {
  process.stderr.write(invocation.message);
  process.exitCode = 2;
}
