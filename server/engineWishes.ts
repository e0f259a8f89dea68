// From settings to what the local engine is asked for. It knows both shapes; it must not know who asks.
import os from 'node:os';
import path from 'node:path';
import type { EngineOptions, ModelSpec } from '../native/protocol/messages.ts';
import type { Settings } from './session/settings.ts';

/** What an engine's model is asked for. */
export type ModelPurpose = 'completion' | 'chat' | 'vectors';

const choices: Readonly<Record<ModelPurpose, string>> = {
  completion: 'Correct the setting "tramontane.model.path", or clear it to use the starter model.',
  chat: 'Correct the setting "tramontane.model.chatPath", or clear it to use the model for suggestions.',
  vectors: 'Correct the setting "tramontane.model.embeddingPath", or clear it to do without.',
};

/** What to do where the file named for this cannot be used. */
export function chooseActionOf(purpose: ModelPurpose): string {
  return choices[purpose];
}

export function engineOptionsOf({ gpu, devices, threads, keepAliveSeconds }: Settings['engine']): EngineOptions {
  return { gpu, ...(devices.length > 0 ? { devices: [...devices] } : {}), threads, keepAliveMs: keepAliveSeconds * 1000 };
}

/** What is as it is by default is left out, so that a model is one and the same to the engine however its settings came about. */
export function modelSpecOf(settings: Settings['model'], starterPath: string, purpose: ModelPurpose = 'completion'): ModelSpec {
  const { contextSize, gpuLayers, flashAttention, kvCacheType, loraAdapters, draftPath } = settings;
  return {
    path: settings.path.trim() === '' ? starterPath : wholePath(settings.path),
    contextSize,
    ...(gpuLayers >= 0 ? { gpuLayers } : {}),
    ...(flashAttention === 'auto' ? {} : { flashAttention }),
    ...(draftPath.trim() === '' ? {} : { draftPath: wholePath(draftPath) }),
    ...(loraAdapters.length > 0 ? { loras: loraAdapters.map(({ path: file, scale }) => ({ path: wholePath(file), scale })) } : {}),
    ...(kvCacheType === 'f16' ? {} : { kvType: kvCacheType }),
    ...(purpose === 'vectors' ? { isForVectors: true } : {}),
  };
}

/** `~/` is what people write; the engine wants whole paths. */
function wholePath(setting: string): string {
  return setting.startsWith('~/') ? path.join(os.homedir(), setting.slice(2)) : setting;
}
