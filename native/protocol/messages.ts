// The door of the engine: method names, messages and the schemas that validate them.
// It knows what a request to the engine may say. It must not know how the engine works or who asks.
import * as v from 'valibot';

/** Raised when a message changes its meaning; part of the socket's name, so that builds that differ never meet. */
export const engineProtocolVersion = 8;

/** Largest framed message in bytes, either way. A 256k-token prompt is about 1 MB of text. */
export const maxMessageBytes = 16 * 1024 * 1024;

export const engineMethods = {
  generate: 'engine/generate',
  describeModel: 'engine/describeModel',
  countTokens: 'engine/countTokens',
  /** Vectors of texts, from a model that was made for them. */
  embed: 'engine/embed',
  /** Deletes every state that was saved to disk. */
  deleteSavedStates: 'engine/deleteSavedStates',
  status: 'engine/status',
  /** Said first by every client: what it wishes; answered with what is in force. */
  join: 'engine/join',
  // These three are said between builds that differ, so neither they nor the proof of the secret may ever change; fields may be added.
  /** From a newer build: the engine loads and answers nothing new, frees its memory when the last request is done, and ends. */
  drain: 'engine/drain',
  /** Answered at once, whatever else is going on: with the process id. */
  ping: 'engine/ping',
  shutdown: 'engine/shutdown',
} as const;

/** What the engine tells its clients unasked. */
export const engineNotices = {
  /** A newer build takes over: what is under way is finished, nothing else is answered. */
  superseded: 'engine/superseded',
  /** A model's file was replaced, and the new one is loaded: what was known of the model may be wrong. */
  modelReplaced: 'engine/modelReplaced',
} as const;

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const text = v.string();

const gpuChoiceSchema = v.picklist(['auto', 'cuda', 'vulkan', 'metal', 'off']);

/** What the starter of the engine passes on its command line, as JSON. Process-wide: the first client decides. */
export const engineOptionsSchema = v.strictObject({
  gpu: gpuChoiceSchema,
  /** Indexes of the GPUs to use, as the driver counts them; all when absent or empty. */
  devices: v.optional(v.pipe(v.array(v.pipe(count, v.maxValue(63))), v.maxLength(16))),
  /** Threads for evaluation; 0 lets the engine choose from the machine's cores. */
  threads: v.pipe(count, v.maxValue(256)),
  /** How long the engine stays after its last client has gone, in ms. */
  keepAliveMs: count,
});
export type EngineOptions = v.InferOutput<typeof engineOptionsSchema>;

/** Orders builds: the higher protocol version is newer, and of equals the one whose engine file was written later. */
export const buildAgeSchema = v.object({ protocolVersion: count, writtenAtMs: v.number() });
export type BuildAge = v.InferOutput<typeof buildAgeSchema>;
/** False when the asking build is not the newer one: then nothing changes. */
export const drainResultSchema = v.object({ isDraining: v.boolean() });

export const joinParamsSchema = v.strictObject({ engine: engineOptionsSchema });
export const joinResultSchema = v.object({ pid: count, inForce: engineOptionsSchema });
export type JoinResult = v.InferOutput<typeof joinResultSchema>;

/** One sentence each for the user. */
export const supersededSchema = v.object({ cause: text, action: text });
export type Superseded = v.InferOutput<typeof supersededSchema>;
export const modelReplacedSchema = v.object({ path: text });

export const modelSpecSchema = v.strictObject({
  /** Absolute path of a GGUF file. */
  path: v.pipe(text, v.minLength(1), v.maxLength(4096)),
  /** Tokens of context for each sequence; 0 takes the model's own, capped by memory. */
  contextSize: v.pipe(count, v.maxValue(1_048_576)),
  /** Layers on the GPU; chosen by the memory plan when absent. */
  gpuLayers: v.optional(v.pipe(count, v.maxValue(1000))),
  /** `auto` when absent: on where the back end can. */
  flashAttention: v.optional(v.picklist(['auto', 'on', 'off'])),
  /** Type of the KV cache's numbers, `f16` when absent; the others need flash attention and lose a little quality. */
  kvType: v.optional(v.picklist(['f16', 'q8_0', 'q4_0'])),
  /** Adapters laid over the weights, in this order. */
  loras: v.optional(
    v.pipe(
      v.array(v.strictObject({ path: v.pipe(text, v.minLength(1), v.maxLength(4096)), scale: v.pipe(v.number(), v.minValue(-4), v.maxValue(4)) })),
      v.maxLength(8),
    ),
  ),
  /** Absolute path of a small model with the same vocabulary that drafts tokens for this one. */
  draftPath: v.optional(v.pipe(text, v.minLength(1), v.maxLength(4096))),
  /** Asked for vectors in idle moments and for nothing else: it is no reason for any other model to leave, and the first one to leave itself. */
  isForVectors: v.optional(v.literal(true)),
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

const grammarSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('gbnf'), text: v.pipe(text, v.maxLength(65_536)) }),
  /** A JSON schema; the answer is one JSON value that satisfies it, in one line. What a grammar cannot hold is refused by name. */
  v.strictObject({ kind: v.literal('jsonSchema'), schema: v.record(text, v.unknown()) }),
]);
export type GrammarSpec = v.InferOutput<typeof grammarSchema>;

/** Ends that depend on lines rather than on one text; what they cut off is not part of the answer. */
const lineStopsSchema = v.strictObject({
  /** Ends before the line break that would begin line `lines` + 1. Blank lines before the first text do not count. */
  maxLines: v.optional(v.pipe(count, v.minValue(1))),
  /** Ends before the first later line that has text and less indentation than this, in columns (a tab goes to the next multiple of `tabSize`). */
  dedentBelow: v.optional(count),
  tabSize: v.optional(v.pipe(count, v.minValue(1), v.maxValue(16))),
});
export type LineStops = v.InferOutput<typeof lineStopsSchema>;

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
  lineStops: v.optional(lineStopsSchema),
  /**
   * Special tokens of the answer come as U+FDD0 and their text, so that a call of a tool can be told from text that spells one. Text never
   * has U+FDD0 then.
   */
  markTokens: v.optional(v.boolean()),
  /** The answer follows this grammar. */
  grammar: v.optional(grammarSchema),
  /** How many of the first tokens come with the probability that the model gave them; each costs about as much as a token. */
  confidenceTokens: v.optional(v.pipe(count, v.maxValue(16))),
  /**
   * Tokens are drafted and then confirmed several at once; the answer is the same. `promptLookup` copies from the prompt and the answer,
   * `draftModel` asks the model's small sibling. Given up by itself where it does not pay.
   */
  speculation: v.optional(v.picklist(['off', 'promptLookup', 'draftModel'])),
  /** Text that the answer is likely to be, as a draft beside the prompt's own text (with `promptLookup`). */
  expected: v.optional(text),
  /** This request prepares what may be asked next: it takes the sequence beside the one that the current completion uses. */
  isAhead: v.optional(v.boolean()),
  /** Keeps the state of the first messages of a chat (up to the last user message) on disk, and restores it from there. Only where the user trusts the workspace. */
  mayPersist: v.optional(v.boolean()),
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
  /** Tokens that were drafted, and those of them that the model confirmed. */
  draftedTokens: v.optional(count),
  acceptedTokens: v.optional(count),
  /** Of the reused tokens, those whose state came from disk. */
  restoredTokens: v.optional(count),
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
  /** That is to name another file: whoever knows by which setting this one was named can say so instead. */
  isChoice: v.optional(v.literal(true)),
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
/** The request cannot be answered as it was asked, or not by this model. */
const promptProblem = v.object({
  outcome: v.literal('promptProblem'),
  /** One sentence each for the user: what is the matter, and what to do. */
  cause: text,
  action: text,
  /** As in `modelProblemSchema`. */
  isChoice: v.optional(v.literal(true)),
});
/** Nothing is wrong with the request, but this engine does not take it. */
const refused = v.object({
  outcome: v.literal('refused'),
  reason: v.picklist(['tooManyRequests', 'superseded']),
  /** One sentence each for the user: what is the matter, and what to do. */
  cause: text,
  action: text,
});
export type Refusal = v.InferOutput<typeof refused>;

export const generateResultSchema = v.variant('outcome', [
  v.object({
    outcome: v.literal('ok'),
    text,
    /** `end`: the model ended; `stop`: a stop text came; `length`: maxTokens or the context was used up. */
    finish: v.picklist(['end', 'stop', 'length']),
    usage: usageSchema,
    timings: timingsSchema,
    /** Probabilities of the first tokens, an end token included: the model's own when greedy, else after temperature and truncation. */
    confidence: v.optional(v.array(v.number())),
  }),
  cancelled,
  contextOverflow,
  promptProblem,
  modelProblem,
  refused,
]);
export type GenerateResult = v.InferOutput<typeof generateResultSchema>;

/** Text of `$/progress` notifications. `confidence`: of the first tokens so far, where it was asked for. */
export const partialTextSchema = v.object({ text, confidence: v.optional(v.array(v.number())) });
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
  /** What was given up to make the model fit, one sentence each; absent when nothing was. */
  concessions: v.optional(v.array(text)),
});
export type ModelDescription = v.InferOutput<typeof modelDescriptionSchema>;

export const modelParamsSchema = v.strictObject({ model: modelSpecSchema });
export type ModelParams = v.InferOutput<typeof modelParamsSchema>;
export const describeModelResultSchema = v.variant('outcome', [
  v.object({ outcome: v.literal('ok'), model: modelDescriptionSchema }),
  cancelled,
  modelProblem,
  refused,
]);
export type DescribeModelResult = v.InferOutput<typeof describeModelResultSchema>;

export const countTokensParamsSchema = v.strictObject({ model: modelSpecSchema, texts: v.pipe(v.array(text), v.maxLength(4096)) });
export type CountTokensParams = v.InferOutput<typeof countTokensParamsSchema>;
export const countTokensResultSchema = v.variant('outcome', [v.object({ outcome: v.literal('ok'), counts: v.array(count) }), cancelled, modelProblem, refused]);
export type CountTokensResult = v.InferOutput<typeof countTokensResultSchema>;

export const embedParamsSchema = v.strictObject({
  model: modelSpecSchema,
  texts: v.pipe(v.array(text), v.minLength(1), v.maxLength(256)),
});
export type EmbedParams = v.InferOutput<typeof embedParamsSchema>;
export const embedResultSchema = v.variant('outcome', [
  /** One vector of unit length for each text, of its first 512 tokens at most. */
  v.object({ outcome: v.literal('ok'), vectors: v.array(v.array(v.number())) }),
  cancelled,
  promptProblem,
  modelProblem,
  refused,
]);
export type EmbedResult = v.InferOutput<typeof embedResultSchema>;

const quantiles = v.object({ p50: v.number(), p95: v.number(), p99: v.number() });
const priorityFigures = v.object({
  /** Answered so far. */
  requests: count,
  /** Of these and of requests that were given up: their tokens were evaluated all the same, and the next request may reuse them. */
  evaluatedTokens: count,
  reusedTokens: count,
  generatedTokens: count,
  draftedTokens: count,
  acceptedTokens: count,
  /** Of the last 512 answers: ms until there was a sequence, until the first token, until the end; tokens a second after the first one. */
  queueMs: quantiles,
  firstTokenMs: quantiles,
  totalMs: quantiles,
  tokensPerSecond: quantiles,
});
/** What is kept on disk, and the result of deleting it. */
export const savedStatesSchema = v.object({ files: count, bytes: count });
export type SavedStatesSize = v.InferOutput<typeof savedStatesSchema>;

export const engineStatusSchema = v.object({
  pid: count,
  /** The back end in force: `cpu`, `cuda`, `vulkan` or `metal`. The figures of VRAM are those of its devices. */
  backend: text,
  threads: count,
  uptimeMs: v.number(),
  clients: count,
  activeRequests: count,
  memory: v.object({ residentBytes: count, heapBytes: count, modelBytes: count, contextBytes: count, vramUsedBytes: count, vramTotalBytes: count }),
  models: v.array(
    v.object({
      path: text,
      contextSize: count,
      sequences: count,
      /** What it was loaded with: the back end in force, or the one that took it in its stead. */
      backend: text,
      gpuLayers: count,
      totalLayers: count,
      flashAttention: v.boolean(),
      kvType: text,
      /** What was given up to make the model fit, one sentence each; empty when nothing was. */
      concessions: v.array(text),
    }),
  ),
  /** Names of the GPUs in use. */
  devices: v.array(text),
  /** Source text's KV state on disk. */
  savedStates: savedStatesSchema,
  figures: v.object({ inline: priorityFigures, chat: priorityFigures, background: priorityFigures }),
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
    /** All tokens that went into batches, those of guesses and of requests that were given up included. */
    batchTokens: count,
  }),
});
export type EngineStatus = v.InferOutput<typeof engineStatusSchema>;
