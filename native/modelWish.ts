// What a model should be loaded with, from what the user set and what the model can do. It knows settings and shapes of models; it must not know how much
// memory there is.
import { comfortableSequences, defaultContextSize, usefulContextSize } from './memoryPlan.ts';
import type { Configuration, MemoryPlan, Wish } from './memoryPlan.ts';
import type { FlashAttention, ModelEstimates } from './modelEstimates.ts';
import type { ModelSpec } from './protocol/messages.ts';

export interface ModelWish {
  /** What was asked for, before what the model cannot do was taken off. */
  readonly asked: Configuration;
  readonly wish: Wish;
  readonly flashAttention: FlashAttention;
}

type Shape = Pick<ModelEstimates, 'trainContextSize' | 'canFlashAttend' | 'totalLayers' | 'kvBytes'>;

export function wishOf(spec: ModelSpec, shape: Shape, { gpu }: { readonly gpu: string | false }): ModelWish {
  const { contextSize, gpuLayers, flashAttention = 'auto', kvType = 'f16' } = spec;
  const wanted = contextSize > 0 ? contextSize : Math.min(shape.trainContextSize, defaultContextSize);
  // The value half of a smaller KV cache is computed by flash attention alone.
  const canShrinkKv = flashAttention !== 'off' && shape.canFlashAttend;
  const asked: Configuration = {
    contextSize: wanted,
    sequences: comfortableSequences(shape.kvBytes(wanted, canShrinkKv ? kvType : 'f16')),
    gpuLayers: gpu === false ? 0 : Math.min(gpuLayers ?? shape.totalLayers, shape.totalLayers),
    kvType,
  };
  const configuration = canShrinkKv ? asked : { ...asked, kvType: 'f16' as const };
  return {
    asked,
    wish: { configuration, isContextSet: contextSize > 0, areLayersSet: gpuLayers !== undefined },
    flashAttention: flashAttention === 'off' || !shape.canFlashAttend ? false : flashAttention === 'on' || kvType !== 'f16' ? true : 'auto',
  };
}

/** Whether a model is worth having like that: with a context that holds a file, and not thrown back on the processor altogether. */
export function isUseful(plan: MemoryPlan, wished: Configuration): boolean {
  if (plan.outcome !== 'fits') return false;
  const { contextSize, gpuLayers } = plan.configuration;
  return contextSize >= Math.min(usefulContextSize, wished.contextSize) && (gpuLayers > 0 || wished.gpuLayers === 0);
}
