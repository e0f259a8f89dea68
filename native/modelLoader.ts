// Loads a model: looks at its files before the library does, and hands them on. It knows what can be wrong with a file; it must not know
// requests, memory, or how the library loads.
import { promises as fs } from 'node:fs';
import type { ChecksumVerdict } from './checksum.ts';
import { verifyChecksum } from './checksum.ts';
import { inspectGguf, readLimitMs } from './ggufHeader.ts';
import type { LoadResult } from './loadedModel.ts';
import { Loading } from './loading.ts';
import type { ModelLoaderOptions } from './loading.ts';
import type { FileIdentity } from './loadPlanning.ts';
import { adaptersProblem } from './loraAdapters.ts';
import { ModelEstimates } from './modelEstimates.ts';
import { checksumProblem, headerProblem, loadProblem } from './modelProblems.ts';
import type { ModelProblem, ModelSpec } from './protocol/messages.ts';
import { messageOf } from './messageOf.ts';
import { LateError, withinLimit } from './withinLimit.ts';

/** Every reason for a failure that can be told apart is named. */
export async function loadModel(spec: ModelSpec, options: ModelLoaderOptions): Promise<LoadResult> {
  // Loads come one after the other, so each step must end, whatever the file is and wherever it lies.
  const { readLimitMs: limitMs = readLimitMs } = options;
  const header = await inspectGguf(spec.path, { limitMs });
  const problem = headerProblem(spec.path, header);
  if (problem || header.verdict !== 'ok') return failed(problem ?? loadProblem(spec.path, header.verdict));
  const adapterProblem = await adaptersProblem(spec.loras, header.architecture);
  if (adapterProblem) return failed(adapterProblem);
  let checksum: ChecksumVerdict;
  let estimates: ModelEstimates;
  let file: FileIdentity;
  try {
    const { sizeBytes } = header;
    checksum = await verifyChecksum(spec.path, { sizeBytes, limitMs });
    if (checksum.verdict === 'differs') return failed(checksumProblem(spec.path, checksum.listedIn));
    options.log(`Loading ${spec.path} (checksum: ${checksum.verdict}).`);
    const { mtimeMs } = await withinLimit(fs.stat(spec.path), { limitMs, who: 'it' });
    file = { sizeBytes, mtimeMs };
    estimates = await readWithin(spec.path, options);
  } catch (error) {
    if (!(error instanceof LateError)) return failed(loadProblem(spec.path, messageOf(error)));
    return failed(headerProblem(spec.path, { verdict: 'unreadable', detail: error.message }) ?? loadProblem(spec.path, error.message));
  }
  const draftEstimates = spec.draftPath === undefined ? undefined : await readDraft(spec.draftPath, options);
  try {
    if (!estimates.isSupported) return failed(loadProblem(spec.path, `its architecture "${estimates.architecture}" is not known to this engine`));
    const sha256 = checksum.verdict === 'matches' ? checksum.sha256 : undefined;
    return await new Loading({ spec, file, estimates, draftEstimates, sha256 }, options).run();
  } finally {
    await estimates.dispose();
    await draftEstimates?.dispose();
  }
}

/** @throws LateError, or why the library cannot read the header */
async function readWithin(path: string, { library, readLimitMs: limitMs = readLimitMs }: ModelLoaderOptions): Promise<ModelEstimates> {
  const reading = ModelEstimates.read(path, library);
  return withinLimit(reading, { limitMs, who: 'it', onLate: () => void reading.then((late) => late.dispose()).catch(() => undefined) });
}

async function readDraft(path: string, options: ModelLoaderOptions): Promise<ModelEstimates | undefined> {
  const header = await inspectGguf(path, { limitMs: options.readLimitMs ?? readLimitMs });
  return header.verdict === 'ok' ? readWithin(path, options).catch(() => undefined) : undefined;
}

function failed(problem: ModelProblem): LoadResult {
  return { outcome: 'modelProblem', problem };
}
