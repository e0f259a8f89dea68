// Loads the small model that drafts for a large one. It knows files and the library; it must not know how drafting goes.
import type { LlamaContext, LlamaModel } from 'node-llama-cpp';
import { addonOf, ensureSameVocabulary } from '../addon.ts';
import { inspectGguf } from '../ggufHeader.ts';
import type { Configuration } from '../memoryPlan.ts';
import type { ModelEstimates } from '../modelEstimates.ts';
import { draftProblem, headerProblem } from '../modelProblems.ts';
import type { ModelProblem } from '../protocol/messages.ts';
import { DraftModel } from './draftModel.ts';
import { messageOf } from '../messageOf.ts';

/** One drafts for completions, the others for chats. */
const sequences = 3;
const mostBatch = 512;

/** How a draft model would be loaded beside a large one of this configuration. */
export function draftConfiguration(large: Configuration, draft: Pick<ModelEstimates, 'trainContextSize' | 'totalLayers'>): Configuration {
  const contextSize = Math.min(large.contextSize, draft.trainContextSize);
  const { backend } = large;
  return { contextSize, sequences, gpuLayers: large.gpuLayers > 0 ? draft.totalLayers : 0, kvType: 'f16', ...(backend ? { backend } : {}) };
}

export interface DraftOptions {
  readonly threads: number;
  /** Tokens of context of each of the large model's sequences. */
  readonly contextSize: number;
}

export interface LoadedDraft {
  readonly drafter: DraftModel;
  /** In bytes. */
  readonly weights: LlamaModel['memoryUsage'];
  readonly state: LlamaContext['memoryUsage'];
  readonly dispose: () => Promise<void>;
}

export type DraftResult = { readonly outcome: 'ok'; readonly draft: LoadedDraft } | { readonly outcome: 'modelProblem'; readonly problem: ModelProblem };

/** `large`: the context that the drafts are for. */
export async function loadDraft(path: string, large: LlamaContext, { threads, contextSize }: DraftOptions): Promise<DraftResult> {
  const header = await inspectGguf(path);
  const broken = headerProblem(path, header);
  if (broken) return { outcome: 'modelProblem', problem: { ...broken, action: draftProblem(path, '').action } };
  let model: LlamaModel | undefined;
  try {
    // The two compare vocabularies in native code, which needs both from the same back end.
    model = await large.model.llama.loadModel({ modelPath: path, checkTensors: true });
    const own = Math.min(contextSize, model.trainContextSize);
    const context = await model.createContext({ contextSize: own, sequences, batchSize: Math.min(mostBatch, own), threads });
    ensureSameVocabulary(large, context);
    const loaded = model;
    const drafter = new DraftModel({ addon: addonOf(loaded, context), sequences, contextSize: own, threads });
    const dispose = async () => {
      await context.dispose();
      await loaded.dispose();
    };
    return { outcome: 'ok', draft: { drafter, weights: loaded.memoryUsage, state: context.memoryUsage, dispose } };
  } catch (error) {
    await model?.dispose();
    return { outcome: 'modelProblem', problem: draftProblem(path, messageOf(error)) };
  }
}
