// The door for settings: what a client may send, in two classes.
// Harmless settings come from anywhere. Machine settings name files and hardware: they are taken from the user's own
// `--config` file, and from the client only when the server was started with `--trust-client-options`.
import * as v from 'valibot';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

export const harmlessSettingsSchema = v.object({
  completion: v.optional(
    v.object({
      enabled: v.optional(v.boolean()),
      /** auto: decided from the text around the cursor. */
      multiLine: v.optional(v.picklist(['auto', 'never', 'always'])),
      maxTokens: v.optional(v.pipe(count, v.minValue(1), v.maxValue(2048))),
      /** The longest pause in typing that an automatic request waits for, ms; an idle engine is asked sooner. */
      delayMs: v.optional(v.pipe(count, v.maxValue(5000))),
      /** Language ids without automatic suggestions. */
      excludedLanguages: v.optional(v.array(v.string())),
      /** Where in the code nothing is suggested by itself. */
      excludedScopes: v.optional(v.array(v.picklist(['comment', 'string']))),
    }),
  ),
  /** Whether the next place that a change asks for is offered. */
  nextEdit: v.optional(v.object({ enabled: v.optional(v.boolean()), useModel: v.optional(v.picklist(['auto', 'on', 'off'])) })),
  chat: v.optional(
    v.object({
      temperature: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(2))),
      maxTokens: v.optional(v.pipe(count, v.minValue(1), v.maxValue(32_768))),
    }),
  ),
  edit: v.optional(v.object({ maxTokens: v.optional(v.pipe(count, v.minValue(1), v.maxValue(32_768))) })),
  context: v.optional(
    v.object({
      /** Whether models are told of the project what they are likely to need. */
      enabled: v.optional(v.boolean()),
      /** The part of one core's time that indexing of files nobody looks at may take. */
      cpuShare: v.optional(v.pipe(v.number(), v.minValue(0.01), v.maxValue(1))),
    }),
  ),
});
export type HarmlessSettings = v.InferOutput<typeof harmlessSettingsSchema>;

export const machineSettingsSchema = v.object({
  /** Absolute path of a GGUF file; empty takes the starter model. */
  model: v.optional(
    v.object({
      path: v.optional(v.string()),
      contextSize: v.optional(count),
      /** Absolute path of another GGUF file for chat and edits; empty: the same as for completions. */
      chatPath: v.optional(v.string()),
      /** Absolute path of a small GGUF file that drafts for the model; none when empty. */
      draftPath: v.optional(v.string()),
      /** Absolute path of a GGUF file of an embedding model, by which questions find pieces of the project; none when empty. */
      embeddingPath: v.optional(v.string()),
      /** Adapters over the model's weights, in this order; a scale of 1 is the adapter's own strength. */
      loraAdapters: v.optional(
        v.pipe(
          v.array(v.object({ path: v.pipe(v.string(), v.minLength(1)), scale: v.optional(v.pipe(v.number(), v.minValue(-4), v.maxValue(4)), 1) })),
          v.maxLength(8),
        ),
      ),
      /** Layers on the GPU; -1 or null: as many as fit. */
      gpuLayers: v.optional(
        v.pipe(
          v.nullable(v.pipe(v.number(), v.integer(), v.minValue(-1), v.maxValue(1000))),
          v.transform((layers) => layers ?? -1),
        ),
      ),
      flashAttention: v.optional(v.picklist(['auto', 'on', 'off'])),
      kvCacheType: v.optional(v.picklist(['f16', 'q8_0', 'q4_0'])),
    }),
  ),
  engine: v.optional(
    v.object({
      gpu: v.optional(v.picklist(['auto', 'cuda', 'vulkan', 'metal', 'off'])),
      /** Indexes of the GPUs to use; all when empty. */
      devices: v.optional(v.pipe(v.array(v.pipe(count, v.maxValue(63))), v.maxLength(16))),
      /** 0: chosen from the machine's cores. */
      threads: v.optional(v.pipe(count, v.maxValue(256))),
      /** How long the engine stays after the last editor window has gone. */
      keepAliveSeconds: v.optional(v.pipe(count, v.maxValue(86_400))),
      /** Whether the state of chats may be kept on disk where the workspace is trusted. */
      saveState: v.optional(v.boolean()),
    }),
  ),
});
export type MachineSettings = v.InferOutput<typeof machineSettingsSchema>;

/** Part of `initializationOptions`, and the parameter of `tramontane/workspaceTrust`. */
export const workspaceTrustSchema = v.object({ isWorkspaceTrusted: v.boolean() });
export type WorkspaceTrust = v.InferOutput<typeof workspaceTrustSchema>;

/** `initializationOptions`, and the answer to `workspace/configuration` for the section `tramontane`. */
export type ClientSettings = HarmlessSettings & MachineSettings;
