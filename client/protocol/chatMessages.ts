// The door of the chat view: every message between the extension host and the webview, in both directions.
// Both sides parse what they receive with these schemas, because a webview shows text that a model wrote and so must
// be able to ask only for the few things listed here. It holds shapes and bounds; it must not know what is done with them.
import * as v from 'valibot';

/** Lengths in UTF-16 units, counts in items. What is longer is refused at the door. */
export const chatLimits = {
  questionChars: 100_000,
  answerChars: 400_000,
  labelChars: 600,
  hrefChars: 2_048,
  messages: 400,
  chips: 16,
} as const;

const id = v.pipe(v.string(), v.minLength(1), v.maxLength(64), v.regex(/^[\w:-]+$/));
const label = v.pipe(v.string(), v.maxLength(chatLimits.labelChars));
const question = v.pipe(v.string(), v.minLength(1), v.maxLength(chatLimits.questionChars));
const answer = v.pipe(v.string(), v.maxLength(chatLimits.answerChars));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const labels = v.pipe(v.array(label), v.maxLength(chatLimits.chips));

/** One piece of context as the composer shows it. `id` is the host's; the webview only sends it back. */
export const chipSchema = v.strictObject({ id, kind: v.picklist(['file', 'selection']), label, title: label });
export type Chip = v.InferOutput<typeof chipSchema>;
const chips = v.pipe(v.array(chipSchema), v.maxLength(chatLimits.chips));

/** Why a question has no whole answer: one cause and one action, as sentences. */
export const problemSchema = v.strictObject({
  kind: v.picklist(['engineUnavailable', 'noModel', 'contextOverflow', 'unsupported', 'unexpected']),
  cause: label,
  action: label,
});
export type Problem = v.InferOutput<typeof problemSchema>;

/** Measured by the engine. Speeds in tokens per second, times in ms. */
export const figuresSchema = v.strictObject({
  generatedTokens: count,
  evaluatedTokens: count,
  reusedTokens: count,
  tokensPerSecond: v.nullable(v.number()),
  firstTokenMs: v.number(),
});
export type Figures = v.InferOutput<typeof figuresSchema>;

export const userMessageSchema = v.strictObject({
  role: v.literal('user'),
  id,
  text: question,
  /** Labels of the chips that were attached when it was sent. */
  attached: labels,
});
export type UserMessage = v.InferOutput<typeof userMessageSchema>;

export const assistantMessageSchema = v.strictObject({
  role: v.literal('assistant'),
  id,
  text: answer,
  /** `interrupted`: the window was reloaded while it was written. `length`: the token limit was reached. `loop`: the model repeated itself. */
  state: v.picklist(['streaming', 'done', 'stopped', 'length', 'loop', 'interrupted', 'failed']),
  problem: v.optional(problemSchema),
  /** What the model was really shown, one sentence each; absent until the server has said so. */
  shown: v.optional(labels),
  droppedMessages: v.optional(count),
  figures: v.optional(figuresSchema),
});
export type AssistantMessage = v.InferOutput<typeof assistantMessageSchema>;

export const chatMessageSchema = v.variant('role', [userMessageSchema, assistantMessageSchema]);
export type ChatMessage = v.InferOutput<typeof chatMessageSchema>;

export const chatStatusSchema = v.strictObject({
  state: v.picklist(['unknown', 'starting', 'ready', 'busy', 'paused', 'noModel', 'error']),
  model: v.optional(v.strictObject({ name: label, isStarter: v.boolean() })),
  cause: v.optional(label),
  action: v.optional(label),
});
export type ChatStatus = v.InferOutput<typeof chatStatusSchema>;

export const toWebviewSchema = v.variant('type', [
  /** Replaces everything that is shown. */
  v.strictObject({ type: v.literal('conversation'), messages: v.pipe(v.array(chatMessageSchema), v.maxLength(chatLimits.messages)) }),
  /** Replaces the message with this id, or appends it. */
  v.strictObject({ type: v.literal('message'), message: chatMessageSchema }),
  /** Appends to an answer. `offset` is its length before: a gap means a lost message, and the webview asks for everything again. */
  v.strictObject({ type: v.literal('text'), id, offset: count, text: answer }),
  /** What will be sent with the next question, and what could be. */
  v.strictObject({ type: v.literal('context'), attached: chips, available: chips }),
  v.strictObject({ type: v.literal('status'), status: chatStatusSchema }),
  v.strictObject({ type: v.literal('focus') }),
]);
export type ToWebview = v.InferOutput<typeof toWebviewSchema>;

/** The commands that the webview may ask for, by our own names and never by command id. */
export const chatActionSchema = v.picklist(['chooseModel', 'restartEngine']);
export type ChatAction = v.InferOutput<typeof chatActionSchema>;

export const fromWebviewSchema = v.variant('type', [
  /** The script runs and wants the whole state. */
  v.strictObject({ type: v.literal('ready') }),
  v.strictObject({ type: v.literal('ask'), text: question }),
  v.strictObject({ type: v.literal('stop') }),
  v.strictObject({ type: v.literal('newChat') }),
  /** Asks the question of this answer again; everything after it goes. */
  v.strictObject({ type: v.literal('retry'), id, withoutContext: v.boolean() }),
  v.strictObject({ type: v.literal('copy'), text: answer }),
  v.strictObject({ type: v.literal('insert'), text: answer }),
  v.strictObject({ type: v.literal('openLink'), href: v.pipe(v.string(), v.maxLength(chatLimits.hrefChars), v.regex(/^https?:\/\//i)) }),
  v.strictObject({ type: v.literal('removeContext'), id }),
  v.strictObject({ type: v.literal('addContext'), id }),
  v.strictObject({ type: v.literal('run'), action: chatActionSchema }),
]);
export type FromWebview = v.InferOutput<typeof fromWebviewSchema>;
