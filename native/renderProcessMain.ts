// The process in which unknown templates are evaluated (renderProcess.ts starts it). It knows how to end a job that takes too long even
// when nobody is left to kill it; it must not know conversations, and it opens no file and no socket.
// usage: renderTemplate --timeout-ms N, with an IPC channel
import { parseArgs } from 'node:util';
import { createContext, Script } from 'node:vm';
import { evaluateTemplate } from './chatTemplateJinja.ts';
import { probeTemplate } from './chatTemplateTraits.ts';
import type { RenderJob } from './renderProcess.ts';

const { values } = parseArgs({ options: { 'timeout-ms': { type: 'string' } } });
const timeoutMs = Math.max(1, Number(values['timeout-ms'] ?? 2000));

function resultOf(job: RenderJob): unknown {
  return job.kind === 'probe' ? probeTemplate(job.source, job.special) : evaluateTemplate(job.source, job.values, job.date);
}

/** V8 watches the time of a script from another thread, so that a loop in the interpreter ends even without a parent. */
function withinTime(run: () => unknown): { readonly kind: 'done'; readonly result: unknown } | { readonly kind: 'overtime' } {
  try {
    return { kind: 'done', result: new Script('run()').runInContext(createContext({ run }), { timeout: timeoutMs }) };
  } catch (error) {
    // Thrown in the script's own context, so it is no instance of this one's Error.
    const { code } = error as { readonly code?: unknown };
    if (code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return { kind: 'overtime' };
    throw error;
  }
}

process.on('message', (job) => process.send?.(withinTime(() => resultOf(job as RenderJob))));
process.on('disconnect', () => process.exit(0));
process.send?.({ kind: 'ready' });
