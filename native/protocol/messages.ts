// The door of the engine: method names, messages and the schemas that validate them.
// It knows what a request to the engine may say. It must not know how the engine works or who asks.
import * as v from 'valibot';

/** Raised when a message changes its meaning; part of the socket's name, so that builds that differ never meet. */
export const engineProtocolVersion = 4;

/** Largest framed message in bytes, either way. A 256k-token prompt is about 1 MB of text. */
export const maxMessageBytes = 16 * 1024 * 1024;

export const engineMethods = {
  generate: 'engine/generate',
  describeModel: 'engine/describeModel',
  countTokens: 'engine/countTokens',
  status: 'engine/status',
  /** Answered at once, whatever else is going on: with the process id. */
  ping: 'engine/ping',
  shutdown: 'engine/shutdown',
} as const;

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const text = v.string();

const gpuChoiceSchema = v.picklist(['auto', 'cuda', 'vulkan', 'metal', 'off']);

/** What the starter of the engine passes on its command line, as JSON. Process-wide: the first client decides. */
export const engineOptionsSchema = v.strictObject({
  gpu: gpuChoiceSchema,
  /** Threads for evaluation; 0 lets the engine choose from the machine's cores. */
  threads: v.pipe(count, v.maxValue(256)),
  /** How long the engine stays after its last client has gone, in ms. */
  keepAliveMs: count,
});
export type EngineOptions = v.InferOutput<typeof engineOptionsSchema>;

export const modelSpecSchema = v.strictObject({
  /** Absolute path of a GGUF file. */
  path: v.pipe(text, v.minLength(1), v.maxLength(4096)),
  /** Tokens of context for each sequence; 0 takes the model's own, capped by memory. */
  contextSize: v.pipe(count, v.maxValue(1_048_576)),
});
export type ModelSpec = v.InferOutput<typeof modelSpecSchema>;

export const promptPartSchema = v.variant('kind', [
  v.strictObject({
    kind: v.literal('text'),
    /** Always tokenized as plain text: special tokens spelled out in it stay text. */
    text,
    /** A special token to put before the last token of this text that contains a line break (before the text when none does). */
    lineMarker: v.optional(text),
  }),
  v.strictObject({
    kind: v.literal('special'),
    /** The exact vocabulary text of one special token. */
    token: text,
  }),
]);
export type PromptPart = v.InferOutput<typeof promptPartSchema>;

const contentPart = v.variant('kind', [v.strictObject({ kind: v.literal('text'), text }), v.strictObject({ kind: v.literal('image') })]);
const toolName = v.pipe(text, v.regex(/^[\w.-]{1,64}$/));
const toolCallSchema = v.strictObject({
  id: text,
  name: toolName,
  /** JSON text, as the model wrote it. */
  arguments: text,
});
const chatMessageSchema = v.variant('role', [
  v.strictObject({ role: v.literal('system'), content: text }),
  /** Images are refused with a clear message: the library cannot see. */
  v.strictObject({ role: v.literal('user'), content: v.union([text, v.array(contentPart)]) }),
  v.strictObject({ role: v.literal('assistant'), content: text, toolCalls: v.optional(v.array(toolCallSchema)) }),
  v.strictObject({ role: v.literal('tool'), content: text, toolCallId: text, name: text }),
]);
const toolSchema = v.strictObject({ name: toolName, description: text, parameters: v.record(text, v.unknown()) });

export const promptSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('parts'), parts: v.array(promptPartSchema) }),
  /** Rendered with the chat template of the model file; contents are always plain text. */
  v.strictObject({
    kind: v.literal('chat'),
    messages: v.array(chatMessageSchema),
    tools: v.optional(v.pipe(v.array(toolSchema), v.maxLength(128))),
    /** The beginning of the answer, which the model continues; plain text. */
    prefill: v.optional(text),
    /** For templates that name the day; today when absent. One date for a whole conversation, or its prefix cannot be reused. */
    date: v.optional(v.pipe(text, v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d$/))),
  }),
]);
export type Prompt = v.InferOutput<typeof promptSchema>;

export const prioritySchema = v.picklist(['inline', 'chat', 'background']);
export type Priority = v.InferOutput<typeof prioritySchema>;

export const generateParamsSchema = v.strictObject({
  model: modelSpecSchema,
  prompt: promptSchema,
  priority: prioritySchema,
  maxTokens: v.pipe(count, v.minValue(1), v.maxValue(131_072)),
  /** Tokens of context that must be left for the answer, else `contextOverflow`; the smaller of maxTokens and 64 when absent. */
  roomTokens: v.optional(v.pipe(count, v.maxValue(131_072))),
  /** 0 is greedy. */
  temperature: v.pipe(v.number(), v.minValue(0), v.maxValue(2)),
  topP: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
  minP: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
  seed: v.optional(count),
  /** Texts that end the answer; none of them is part of it. */
  stop: v.pipe(v.array(v.pipe(text, v.minLength(1))), v.maxLength(16)),
  /** Forbids the end token as the first one: weak models end at once where something was wanted. */
  forbidEndFirst: v.optional(v.boolean()),
  /** Where partial text is sent as `$/progress`; none when absent. */
  progressToken: v.optional(v.string()),
});
export type GenerateParams = v.InferOutput<typeof generateParamsSchema>;

export const usageSchema = v.object({
  /** Prompt tokens that were evaluated for this request. */
  evaluatedTokens: count,
  /** Prompt tokens whose KV state was reused. */
  reusedTokens: count,
  generatedTokens: count,
});
export type Usage = v.InferOutput<typeof usageSchema>;

export const timingsSchema = v.object({ queueMs: v.number(), prefillMs: v.number(), decodeMs: v.number() });
export type Timings = v.InferOutput<typeof timingsSchema>;

export const modelProblemSchema = v.object({
  kind: v.picklist(['missing', 'unreadable', 'notGguf', 'truncated', 'corrupt', 'unsupported', 'outOfMemory', 'failed']),
  path: text,
  /** One sentence for the user: what is wrong with the file. */
  cause: text,
  /** One sentence for the user: what to do about it. */
  action: text,
});
export type ModelProblem = v.InferOutput<typeof modelProblemSchema>;

const cancelled = v.object({ outcome: v.literal('cancelled') });
const modelProblem = v.object({ outcome: v.literal('modelProblem'), problem: modelProblemSchema });
const contextOverflow = v.object({
  outcome: v.literal('contextOverflow'),
  promptTokens: count,
  /** Tokens that the prompt may have: the context less what the answer needs. */
  availableTokens: count,
});
const promptProblem = v.object({ outcome: v.literal('promptProblem'), cause: text });

export const generateResultSchema = v.variant('outcome', [
  v.object({
    outcome: v.literal('ok'),
    text,
    /** `end`: the model ended; `stop`: a stop text came; `length`: maxTokens or the context was used up. */
    finish: v.picklist(['end', 'stop', 'length']),
    usage: usageSchema,
    timings: timingsSchema,
  }),
  cancelled,
  contextOverflow,
  promptProblem,
  modelProblem,
]);
export type GenerateResult = v.InferOutput<typeof generateResultSchema>;

/** Text of `$/progress` notifications. */
export const partialTextSchema = v.object({ text });
export type PartialText = v.InferOutput<typeof partialTextSchema>;

export const modelDescriptionSchema = v.object({
  path: text,
  /** `general.name` of the file, or its file name. */
  name: text,
  architecture: text,
  sizeBytes: count,
  /** Tokens of context for one request. */
  contextSize: count,
  trainContextSize: count,
  /** Texts of the vocabulary's control and user-defined tokens, at most 4,096. */
  specialTokens: v.array(text),
  hasChatTemplate: v.boolean(),
  gpuLayers: count,
});
export type ModelDescription = v.InferOutput<typeof modelDescriptionSchema>;

export const modelParamsSchema = v.strictObject({ model: modelSpecSchema });
export type ModelParams = v.InferOutput<typeof modelParamsSchema>;
export const describeModelResultSchema = v.variant('outcome', [v.object({ outcome: v.literal('ok'), model: modelDescriptionSchema }), cancelled, modelProblem]);
export type DescribeModelResult = v.InferOutput<typeof describeModelResultSchema>;

export const countTokensParamsSchema = v.strictObject({ model: modelSpecSchema, texts: v.pipe(v.array(text), v.maxLength(4096)) });
export type CountTokensParams = v.InferOutput<typeof countTokensParamsSchema>;
export const countTokensResultSchema = v.variant('outcome', [v.object({ outcome: v.literal('ok'), counts: v.array(count) }), cancelled, modelProblem]);
export type CountTokensResult = v.InferOutput<typeof countTokensResultSchema>;

export const pingResultSchema = v.object({ pid: count });

export const engineStatusSchema = v.object({
  pid: count,
  /** The back end in force: `cpu`, `cuda`, `vulkan` or `metal`. */
  backend: text,
  threads: count,
  uptimeMs: v.number(),
  clients: count,
  activeRequests: count,
  memory: v.object({ residentBytes: count, heapBytes: count, modelBytes: count, contextBytes: count, vramUsedBytes: count, vramTotalBytes: count }),
  models: v.array(v.object({ path: text, contextSize: count })),
  totals: v.object({
    requests: count,
    evaluatedTokens: count,
    reusedTokens: count,
    generatedTokens: count,
    prefillMs: v.number(),
    decodeMs: v.number(),
    /** Batches so far and the requests that took part in them, of the models in memory: their quotient is how full batches are. */
    ticks: count,
    streamTicks: count,
  }),
});
export type EngineStatus = v.InferOutput<typeof engineStatusSchema>;
