// Loads a model: looks at its files before the library does, and hands them on. It knows what can be wrong with a file; it must not know
// requests, memory, or how the library loads.
import { promises as fs } from 'node:fs';
import { verifyChecksum } from './checksum.ts';
import { inspectGguf } from './ggufHeader.ts';
import type { Library } from './library.ts';
import type { LoadResult } from './loadedModel.ts';
import { Loading } from './loading.ts';
import type { FileIdentity, ModelLoaderOptions } from './loading.ts';
import { adaptersProblem } from './loraAdapters.ts';
import { ModelEstimates } from './modelEstimates.ts';
import { checksumProblem, headerProblem, loadProblem } from './modelProblems.ts';
import type { ModelProblem, ModelSpec } from './protocol/messages.ts';
import { messageOf } from './messageOf.ts';

/** Every reason for a failure that can be told apart is named. */
export async function loadModel(spec: ModelSpec, options: ModelLoaderOptions): Promise<LoadResult> {
  const header = await inspectGguf(spec.path);
  const problem = headerProblem(spec.path, header);
  if (problem || header.verdict !== 'ok') return failed(problem ?? loadProblem(spec.path, header.verdict));
  const adapterProblem = await adaptersProblem(spec.loras, header.architecture);
  if (adapterProblem) return failed(adapterProblem);
  const checksum = await verifyChecksum(spec.path, header.sizeBytes);
  if (checksum.verdict === 'differs') return failed(checksumProblem(spec.path, checksum.listedIn));
  options.log(`Loading ${spec.path} (checksum: ${checksum.verdict}).`);
  let estimates: ModelEstimates;
  let file: FileIdentity;
  try {
    const { mtimeMs } = await fs.stat(spec.path);
    file = { sizeBytes: header.sizeBytes, mtimeMs };
    estimates = await ModelEstimates.read(spec.path, options.library);
  } catch (error) {
    return failed(loadProblem(spec.path, messageOf(error)));
  }
  const draftEstimates = spec.draftPath === undefined ? undefined : await readDraft(spec.draftPath, options.library);
  try {
    if (!estimates.isSupported) return failed(loadProblem(spec.path, `its architecture "${estimates.architecture}" is not known to this engine`));
    const sha256 = checksum.verdict === 'matches' ? checksum.sha256 : undefined;
    return await new Loading({ spec, file, estimates, draftEstimates, sha256 }, options).run();
  } finally {
    await estimates.dispose();
    await draftEstimates?.dispose();
  }
}

async function readDraft(path: string, library: Library): Promise<ModelEstimates | undefined> {
  const header = await inspectGguf(path);
  return header.verdict === 'ok' ? ModelEstimates.read(path, library).catch(() => undefined) : undefined;
}

function failed(problem: ModelProblem): LoadResult {
  return { outcome: 'modelProblem', problem };
}
