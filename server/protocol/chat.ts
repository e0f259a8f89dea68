// The door for chat turns: `tramontane/chat`. The client keeps the conversation and sends it along; the server keeps none.
import * as v from 'valibot';
import { failureSchemas, rangeSchema, timingsSchema, usageSchema } from './failure.ts';

export const chatAttachmentSchema = v.object({
  uri: v.pipe(v.string(), v.maxLength(4096)),
  /** Absent: the whole file, of which the part around `focusLine` is sent when it does not fit. Present: exactly this range, whole. */
  range: v.optional(rangeSchema),
  /** Zero-based line that matters most, usually the cursor's. */
  focusLine: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
});
export type ChatAttachment = v.InferOutput<typeof chatAttachmentSchema>;

export const chatParamsSchema = v.object({
  /** Oldest first; the last one is the user's question. */
  messages: v.pipe(v.array(v.object({ role: v.picklist(['user', 'assistant']), text: v.string() })), v.minLength(1)),
  attachments: v.pipe(v.array(chatAttachmentSchema), v.maxLength(32)),
  /** LSP's partial-result token: text comes as `$/progress` with `{text}`. */
  partialResultToken: v.optional(v.union([v.string(), v.number()])),
});
export type ChatParams = v.InferOutput<typeof chatParamsSchema>;

export const chatPartialSchema = v.object({ text: v.string() });
export type ChatPartial = v.InferOutput<typeof chatPartialSchema>;

const shownLines = { uri: v.string(), startLine: v.number(), endLine: v.number() };
/** What the model was shown, lines [startLine, endLine), zero-based: of an attachment and its totalLines, or found in the project for the question. */
const shownContextSchema = v.union([v.object({ ...shownLines, totalLines: v.number() }), v.object({ ...shownLines, isFound: v.literal(true) })]);

export const chatResultSchema = v.variant('outcome', [
  v.object({
    outcome: v.literal('ok'),
    text: v.string(),
    /** `loop`: the model began to repeat itself and was stopped; the repetition is cut off. */
    finish: v.picklist(['end', 'stop', 'length', 'loop']),
    usage: usageSchema,
    timings: timingsSchema,
    /** How many of the oldest messages were left out so that the rest fits. */
    droppedMessages: v.number(),
    context: v.array(shownContextSchema),
  }),
  ...failureSchemas,
]);
export type ChatResult = v.InferOutput<typeof chatResultSchema>;
