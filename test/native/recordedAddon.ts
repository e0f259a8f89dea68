// What the decode loop really gives the library: each batch written down, over real native objects or over ones that stand in for them.
import type { Addon, AddonContext, AddonSampler, SamplerConfig } from '../../native/addon.ts';

export interface Batch {
  readonly parts: readonly { readonly sequence: number; readonly position: number; readonly tokens: readonly number[] }[];
}

export interface RecordedAddon extends Addon {
  readonly batches: readonly Batch[];
  /** Each configuration that a sampler was given. */
  readonly samplings: readonly SamplerConfig[];
  /** Called while a batch is being evaluated, with how many there were before it. */
  onDecode: ((batch: Batch, index: number) => Promise<void> | void) | undefined;
}

export function recorded({ context, makeSampler }: Addon): RecordedAddon {
  const batches: Batch[] = [];
  const samplings: SamplerConfig[] = [];
  let parts: Batch['parts'][number][] = [];
  const recording: Partial<AddonContext> = {
    initBatch: (size) => {
      parts = [];
      context.initBatch(size);
    },
    addToBatch: (sequence, position, tokens, logitOffsets) => {
      parts.push({ sequence, position, tokens: [...tokens] });
      return context.addToBatch(sequence, position, tokens, logitOffsets);
    },
    decodeBatch: async () => {
      const batch = { parts };
      const decoding = context.decodeBatch();
      batches.push(batch);
      await addon.onDecode?.(batch, batches.length - 1);
      await decoding;
    },
  };
  const addon: RecordedAddon = {
    batches,
    samplings,
    onDecode: undefined,
    context: new Proxy(context, {
      get: (target, name: keyof AddonContext) => {
        const method = recording[name] ?? target[name];
        return typeof method === 'function' ? method.bind(target) : method;
      },
    }),
    makeSampler: () => {
      const sampler = makeSampler();
      return recordedSampler(sampler, samplings);
    },
  };
  return addon;
}

/** The library wants its own object when it samples, so what it gives is kept and only its one method is replaced. */
function recordedSampler(sampler: AddonSampler, samplings: SamplerConfig[]): AddonSampler {
  const applyConfig = sampler.applyConfig.bind(sampler);
  Object.defineProperty(sampler, 'applyConfig', {
    value: (config: SamplerConfig) => {
      samplings.push(config);
      applyConfig(config);
    },
  });
  return sampler;
}

/** Objects that compute nothing: each batch takes as long as `decode`, and each answer is the same token again and again. */
export function scriptedAddon(decode: () => Promise<void>, token = 1): Addon {
  const context: AddonContext = {
    setThreads: () => undefined,
    initBatch: () => undefined,
    addToBatch: (_sequence, _position, _tokens, logitOffsets) => logitOffsets,
    decodeBatch: decode,
    sampleToken: (async () => token) as unknown as AddonContext['sampleToken'],
    removeTokenCellsFromSequence: () => true,
    disposeSequence: () => undefined,
    copySequenceStateFromOtherSequence: async () => 0,
    getSequenceKvCacheMinPosition: () => 0,
    saveSequenceStateToFile: async () => 0,
    loadSequenceStateFromFile: async () => new Uint32Array(0),
  };
  return { context, makeSampler: () => ({ applyConfig: () => undefined, dispose: () => undefined }) };
}
