// How much of each prompt an engine has evaluated already, while somebody edits a real package: through the completion feature itself, with the real index, for
// every family of models that fill holes. It knows the feature and the pool of sequences; it must not know how a context is chosen.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import type { Prompt } from '../../../native/protocol/messages.ts';
import { SequencePool } from '../../../native/sequencePool.ts';
import { type FimFamily, fimFamilies } from '../../../server/core/prompt/fimFamilies.ts';
import { CompleteInline } from '../../../server/features/completeInline.ts';
import { FileContexts } from '../../../server/features/fileContexts.ts';
import { ProjectUsage } from '../../../server/features/projectUsage.ts';
import type { ProjectView } from '../../../server/features/projectView.ts';
import { ReceiverTypes } from '../../../server/features/receiverTypes.ts';
import { hashOf } from '../../../server/project/parsing.ts';
import { Project } from '../../../server/project/project.ts';
import { RecentEdits } from '../../../server/session/recentEdits.ts';
import { Session } from '../../../server/session/session.ts';
import { scriptedInference } from '../../scriptedInference.ts';
import { SimulatedClock } from '../completion/simulatedClock.ts';
import { type Figure, figureOf } from '../harness.ts';
import { bundledWorker } from './corpora.ts';
import { type EditingStep, editingTrace } from './editingTrace.ts';
import { readRepository } from './holes.ts';
import type { Language } from './sourceScan.ts';

export interface PrefixReuseOptions {
  readonly packages: readonly { readonly name: string; readonly language: Language }[];
  readonly steps: number;
  readonly seed: number;
  /** The pieces of a text that a vocabulary never joins, each with its number of tokens. */
  readonly piecesOf: (text: string) => readonly { readonly piece: string; readonly tokens: number }[];
  readonly notes: string[];
}

interface Counted {
  tokens: number;
  shared: number;
  requests: number;
}

const contextSize = 8192;
/** The engine's own number, of which completions have two. */
const sequences = 6;
const filesOfTrace = 5;
const bar = 90;
const quiet = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };

export async function measurePrefixReuse(options: PrefixReuseOptions): Promise<Figure[]> {
  const byFamily = new Map(fimFamilies.map(({ name }) => [name, { tokens: 0, shared: 0, requests: 0 }]));
  for (const { name, language } of options.packages) {
    const { folder, files } = readRepository(name, language);
    const large = [...files].filter(([, text]) => text.length > 4000 && text.length < 60_000).sort(([a], [b]) => hashOf(a).localeCompare(hashOf(b)));
    const trace = editingTrace(new Map(large.slice(0, filesOfTrace)), { count: options.steps, seed: options.seed });
    for (const family of fimFamilies) await edit({ folder, language, trace, family, sum: byFamily.get(family.name) as Counted, ...options });
  }
  return fimFamilies.map((family) => {
    const { tokens, shared, requests } = byFamily.get(family.name) as Counted;
    options.notes.push(`Reuse while editing, ${family.name}: ${requests} requests of ${Math.round(tokens / requests)} tokens.`);
    return figureOf({
      figure: `reused prompt tokens while editing, ${family.name} (${family.reuse})`,
      unit: '%',
      ours: [(100 * shared) / tokens],
      ...(family.reuse === 'keepsPrefix' ? {} : { bar: { of: 'value', atLeast: bar } as const }),
    });
  });
}

interface Editing extends PrefixReuseOptions {
  readonly folder: string;
  readonly language: Language;
  readonly trace: readonly EditingStep[];
  readonly family: FimFamily;
  readonly sum: Counted;
}

async function edit({ folder, language, trace, family, sum, piecesOf }: Editing): Promise<void> {
  const wait = (ms: number, signal?: AbortSignal) => delay(ms, undefined, { signal }).catch(() => undefined);
  const project = new Project({
    storageDirectory: undefined,
    ...bundledWorker,
    clock: { now: () => performance.now(), wait },
    log: quiet,
    limits: { cpuShare: 1, debounceMs: 1 },
  });
  const ended = new AbortController();
  try {
    await project.open([folder]);
    await project.whenIdle();
    const { symbols } = project.folders[0] as (typeof project.folders)[0];
    const uriOf = (relative: string) => pathToFileURL(path.join(folder, relative)).href;
    const view: ProjectView = {
      folders: () => [projectFolder],
      place: (uri) => ({ folder: projectFolder, path: path.relative(folder, decodeURIComponent(new URL(uri).pathname)) }),
    };
    const projectFolder = { symbols, name: path.basename(folder), uriOf, isComplete: true, searchesFast: true, version: '1' };
    const clock = new SimulatedClock();
    const session = new Session();
    session.workspaceFolders = [pathToFileURL(folder).href];
    const usage = new ProjectUsage({ clock: { now: () => 0, wait: () => new Promise((resolve) => setImmediate(resolve)) }, ended: ended.signal });
    usage.of(projectFolder);
    await usage.settled(projectFolder);
    const counter = new PrefixCounter(piecesOf, sum);
    const inference = scriptedInference({
      // No text that anybody types: each keystroke asks again.
      answers: (request, index) => {
        counter.count(request.prompt, request.isAhead === true);
        return { text: `zq${index}`, finish: 'stop' };
      },
      model: { contextSize, specialTokens: [...family.tokens, ...(family.others?.tokens ?? [])] },
    });
    const documents = { read: () => Promise.resolve({ outcome: 'unreadable' as const, message: '' }) };
    // No editor's language services stand by: what they say fills a block of its own, behind everything that is counted here.
    const receivers = new ReceiverTypes({ ask: () => undefined, view, session, documents, clock, ended: ended.signal });
    const recentEdits = new RecentEdits(session.documents, clock.now);
    const contexts = new FileContexts({ view, usage, session, recentEdits, receivers, clock, ended: ended.signal });
    const feature = new CompleteInline({ session, inference, clock, log: quiet, ended: ended.signal, contexts });
    await inference.describeModel(ended.signal);
    await clock.run(async () => {
      for (const [version, { kind, path: relative, text, offset, gapMs }] of trace.entries()) {
        await clock.wait(gapMs);
        if (kind === 'saved') continue;
        const file = path.join(folder, relative);
        const uri = uriOf(relative);
        const isPause = gapMs >= 150 || kind === 'switched';
        if (kind === 'typed' || kind === 'deleted') session.documents.change(uri, version + 1, [{ text }]);
        else session.documents.open({ uri, languageId: language, version: version + 1, text });
        if (isPause) {
          project.openDocument(file, language, text);
          await clock.untimed(parsed(() => symbols.file(relative)?.contentHash === hashOf(text)));
        }
        const before = text.slice(0, offset).split('\n');
        const position = { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
        // Not awaited: the next key may come before the answer, and then it is given up.
        void feature.complete({ uri, position, isExplicit: false }, ended.signal);
      }
      await clock.wait(1000);
    });
  } finally {
    ended.abort();
    await project.dispose();
  }
}

async function parsed(isParsed: () => boolean): Promise<void> {
  for (let attempt = 0; !isParsed(); attempt++) {
    if (attempt > 2000) throw new Error('The worker parses nothing.');
    await delay(2);
  }
}

/** Tokens in the sequences that the engine would have, chosen by the engine's own pool. Answers are not counted, nor kept. */
class PrefixCounter {
  readonly #pool = new SequencePool(sequences);
  readonly #ids = new Map<string, number>();
  readonly #piecesOf: PrefixReuseOptions['piecesOf'];
  readonly #sum: Counted;

  constructor(piecesOf: PrefixReuseOptions['piecesOf'], sum: Counted) {
    this.#piecesOf = piecesOf;
    this.#sum = sum;
  }

  count(prompt: Prompt, isAhead: boolean): void {
    if (prompt.kind !== 'parts') throw new Error('A family has a prompt of parts.');
    const tokens = prompt.parts.flatMap((part) => (part.kind === 'special' ? [this.#id(`\0${part.token}`)] : this.#tokensOf(part.text)));
    // The state of a sequence that holds more of the prompt is copied, even if it is busy.
    const { common } = this.#pool.longest(tokens);
    const sequence = this.#pool.take('inline', tokens, isAhead);
    if (sequence) {
      sequence.tokens = tokens;
      this.#pool.give(sequence);
    }
    // Work ahead takes a sequence, as it does in the engine; nobody waits for it.
    if (isAhead) return;
    this.#sum.requests++;
    this.#sum.tokens += tokens.length;
    this.#sum.shared += common;
  }

  #tokensOf(text: string): number[] {
    const found: number[] = [];
    for (const { piece, tokens } of this.#piecesOf(text)) for (let at = 0; at < tokens; at++) found.push(this.#id(`${at}:${piece}`));
    return found;
  }

  #id(name: string): number {
    let id = this.#ids.get(name);
    if (id === undefined) this.#ids.set(name, (id = this.#ids.size));
    return id;
  }
}
