// From settings to what the local engine is asked for. It knows both shapes; it must not know who asks.
import os from 'node:os';
import path from 'node:path';
import type { EngineOptions, ModelSpec } from '../native/protocol/messages.ts';
import type { Settings } from './session/settings.ts';

export function engineOptionsOf({ gpu, devices, threads, keepAliveSeconds }: Settings['engine']): EngineOptions {
  return { gpu, ...(devices.length > 0 ? { devices: [...devices] } : {}), threads, keepAliveMs: keepAliveSeconds * 1000 };
}

/** What is as it is by default is left out, so that a model is one and the same to the engine however its settings came about. */
export function modelSpecOf({ path: setting, contextSize, gpuLayers, flashAttention, kvCacheType }: Settings['model'], starterPath: string): ModelSpec {
  return {
    path: modelPath(setting, starterPath),
    contextSize,
    ...(gpuLayers >= 0 ? { gpuLayers } : {}),
    ...(flashAttention === 'auto' ? {} : { flashAttention }),
    ...(kvCacheType === 'f16' ? {} : { kvType: kvCacheType }),
  };
}

/** `~/` is what people write; the engine wants whole paths. */
function modelPath(setting: string, starterPath: string): string {
  if (setting.trim() === '') return starterPath;
  return setting.startsWith('~/') ? path.join(os.homedir(), setting.slice(2)) : setting;
}
