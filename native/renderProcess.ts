// A child process in which unknown templates are evaluated, so that an endless loop or a list without end takes down nothing but it.
// It knows the child's life and limits; it must not know what a template is for.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import type { Evaluation, TemplateValues } from './chatTemplateJinja.ts';
import type { ProbedTemplate } from './chatTemplateTraits.ts';
import { restartEngine } from './promptProblems.ts';

export type RenderJob =
  | { readonly kind: 'probe'; readonly source: string; readonly special: { readonly bos: string; readonly eos: string } }
  | { readonly kind: 'evaluate'; readonly source: string; readonly values: TemplateValues; readonly date: string };

/** `stopped`: the job was ended because it went over a limit, or could not be begun; `action` as in `RenderedRequest`. */
export type RenderReply<T> = T | { readonly outcome: 'stopped'; readonly cause: string; readonly action?: string } | { readonly outcome: 'cancelled' };

export interface RenderLimits {
  /** For one job, without the start of the process. */
  readonly timeoutMs: number;
  /** V8's old space of the child; its young space and code come on top. */
  readonly heapMegabytes: number;
  /** How long the child is kept for the next job. */
  readonly idleMs: number;
}

const defaultRenderLimits: RenderLimits = { timeoutMs: 2_000, heapMegabytes: 96, idleMs: 60_000 };
const startTimeoutMs = 15_000;
/** The child stops a job by itself at the limit; it is killed when it has not managed to some time after. */
const graceMs = 1_000;

const evaluationSchema = v.variant('outcome', [
  v.object({ outcome: v.literal('ok'), text: v.string() }),
  v.object({ outcome: v.picklist(['refused', 'broken']), cause: v.string() }),
]);
const probedSchema = v.variant('outcome', [
  v.object({
    outcome: v.literal('ok'),
    traits: v.object({
      typedContent: v.boolean(),
      typedSystem: v.boolean(),
      system: v.boolean(),
      repeatsRoles: v.boolean(),
      tools: v.boolean(),
      noTools: v.picklist(['null', 'absent', 'empty']),
      calls: v.optional(
        v.object({
          arguments: v.picklist(['object', 'text']),
          emptyContent: v.picklist(['text', 'null']),
          withText: v.boolean(),
          parallel: v.boolean(),
        }),
      ),
    }),
  }),
  v.object({ outcome: v.literal('failed'), cause: v.string() }),
]);
const messageSchema = v.variant('kind', [
  v.object({ kind: v.literal('ready') }),
  v.object({ kind: v.literal('done'), result: v.unknown() }),
  v.object({ kind: v.literal('overtime') }),
]);

type Ended = { readonly kind: 'done'; readonly result: unknown } | { readonly kind: 'overtime' | 'outOfMemory' | 'crashed' | 'noStart' | 'aborted' };

export class RenderProcess {
  readonly #limits: RenderLimits;
  readonly #module: string;
  #child: ChildProcess | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #idle: NodeJS.Timeout | undefined;

  /** @param module the child's bundle or entry file; it stands beside this one */
  constructor(limits: RenderLimits = defaultRenderLimits, module: string = besideThis()) {
    this.#limits = limits;
    this.#module = module;
  }

  /** The running child, for tests and the status. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async probe(source: string, special: { readonly bos: string; readonly eos: string }, signal: AbortSignal): Promise<RenderReply<ProbedTemplate>> {
    return this.#run({ kind: 'probe', source, special }, signal, (result) => v.parse(probedSchema, result));
  }

  async evaluate(source: string, values: TemplateValues, options: { readonly date: string; readonly signal: AbortSignal }): Promise<RenderReply<Evaluation>> {
    return this.#run({ kind: 'evaluate', source, values, date: options.date }, options.signal, (result) => v.parse(evaluationSchema, result));
  }

  dispose(): void {
    clearTimeout(this.#idle);
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }

  /** One job at a time: a template that hangs delays the next one by its limit at most. */
  async #run<T>(job: RenderJob, signal: AbortSignal, read: (result: unknown) => T): Promise<RenderReply<T>> {
    const turn = this.#queue.then(async () => (signal.aborted ? ({ kind: 'aborted' } as const) : this.#once(job, signal)));
    this.#queue = turn.catch(() => undefined);
    const ended = await turn;
    const { timeoutMs, heapMegabytes } = this.#limits;
    switch (ended.kind) {
      case 'done':
        return read(ended.result);
      case 'aborted':
        return { outcome: 'cancelled' };
      case 'overtime':
        return {
          outcome: 'stopped',
          cause: `The chat template of the model did not finish within ${timeoutMs / 1000} s and was stopped.`,
        };
      case 'outOfMemory':
        return {
          outcome: 'stopped',
          cause: `The chat template of the model needed more than ${heapMegabytes} MB of memory and was stopped.`,
        };
      case 'crashed':
        return { outcome: 'stopped', cause: 'The chat template of the model ended the process that renders it.' };
      case 'noStart':
        return { outcome: 'stopped', cause: 'The process that renders chat templates cannot be started.', action: restartEngine };
    }
  }

  async #once(job: RenderJob, signal: AbortSignal): Promise<Ended> {
    clearTimeout(this.#idle);
    const child = this.#child ?? (await this.#start());
    if (!child) return { kind: 'noStart' };
    this.#child = child;
    child.ref();
    child.channel?.ref();
    const ended = await new Promise<Ended>((resolve) => {
      const settle = (outcome: Ended) => {
        clearTimeout(timer);
        child.off('message', onMessage).off('exit', onExit).off('error', onError);
        signal.removeEventListener('abort', onAbort);
        resolve(outcome);
      };
      const timer = setTimeout(() => settle({ kind: 'overtime' }), this.#limits.timeoutMs + graceMs);
      // V8 aborts when the heap is full: a signal, or the shell's and Windows' codes for it.
      const onExit = (code: number | null, signalName: string | null) =>
        settle({ kind: signalName === 'SIGABRT' || code === 134 || code === 0x80000003 ? 'outOfMemory' : 'crashed' });
      const onError = () => settle({ kind: 'crashed' });
      const onAbort = () => settle({ kind: 'aborted' });
      const onMessage = (message: unknown) => {
        const parsed = v.safeParse(messageSchema, message);
        if (!parsed.success || parsed.output.kind === 'ready') return;
        settle(parsed.output);
      };
      child.on('message', onMessage).once('exit', onExit).once('error', onError);
      signal.addEventListener('abort', onAbort, { once: true });
      child.send(job, (error) => {
        if (error) settle({ kind: 'crashed' });
      });
    });
    // Only a child that has answered is known to be free for the next job.
    if (ended.kind === 'done') this.#keep(child);
    else this.dispose();
    return ended;
  }

  #keep(child: ChildProcess): void {
    child.unref();
    child.channel?.unref();
    this.#idle = setTimeout(() => this.dispose(), this.#limits.idleMs);
    this.#idle.unref();
  }

  async #start(): Promise<ChildProcess | undefined> {
    const child = fork(this.#module, ['--timeout-ms', String(this.#limits.timeoutMs)], {
      execArgv: [`--max-old-space-size=${this.#limits.heapMegabytes}`],
      env: childEnvironment(),
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    child.once('exit', () => {
      if (this.#child === child) this.#child = undefined;
    });
    const started = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), startTimeoutMs);
      const settle = (ready: boolean) => {
        clearTimeout(timer);
        resolve(ready);
      };
      child.once('message', () => settle(true));
      child.once('exit', () => settle(false));
      child.on('error', () => settle(false));
    });
    if (started) return child;
    child.kill('SIGKILL');
    return undefined;
  }
}

function besideThis(): string {
  return fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './renderProcessMain.ts' : './renderTemplate.mjs', import.meta.url));
}

/** What Node needs to start at all; under VS Code the executable is Electron, which is told to be Node. */
function childEnvironment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ELECTRON_RUN_AS_NODE: '1' };
  for (const name of ['PATH', 'SystemRoot', 'windir', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH', 'TMPDIR', 'TEMP', 'TMP']) {
    if (process.env[name] !== undefined) env[name] = process.env[name];
  }
  return env;
}
