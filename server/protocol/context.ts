// The door for context: `tramontane/context` says what of the project a model would be told, and why.
import * as v from 'valibot';
import { failureSchemas, positionSchema, rangeSchema } from './failure.ts';

const uri = v.pipe(v.string(), v.maxLength(4096));
const budget = v.optional(v.pipe(v.number(), v.integer(), v.minValue(16), v.maxValue(32_768)), 1024);

export const contextParamsSchema = v.variant('purpose', [
  /** What a completion at this place of an open document is told. */
  v.object({ purpose: v.literal('completion'), textDocument: v.object({ uri }), position: positionSchema, budgetTokens: budget }),
  /** What a question in plain words or identifiers is answered with; `textDocument` is where it is asked, if anywhere. */
  v.object({
    purpose: v.picklist(['chat', 'edit']),
    query: v.pipe(v.string(), v.minLength(1), v.maxLength(32_768)),
    textDocument: v.optional(v.object({ uri })),
    budgetTokens: budget,
  }),
]);
export type ContextParams = v.InferOutput<typeof contextParamsSchema>;

const milliseconds = v.pipe(v.number(), v.minValue(0));

const contextItemSchema = v.object({
  uri: v.string(),
  /** Relative to its workspace folder. */
  path: v.string(),
  range: rangeSchema,
  /** The kind of a definition, `recent` for what was just edited, `similar` for what is alike, `text` for what text search found, `file` for a path. */
  kind: v.string(),
  name: v.optional(v.string()),
  /** As the model is told it: a signature, or the lines themselves. */
  text: v.string(),
  /** A cautious estimate. */
  tokens: v.number(),
  reason: v.string(),
});
export type ContextItem = v.InferOutput<typeof contextItemSchema>;

export const contextResultSchema = v.variant('outcome', [
  v.object({
    outcome: v.literal('ok'),
    items: v.array(contextItemSchema),
    tokens: v.number(),
    timings: v.object({ searchMs: milliseconds, readMs: milliseconds, totalMs: milliseconds }),
    /** Whether every file of the project had been looked at. */
    isComplete: v.boolean(),
  }),
  ...failureSchemas,
]);
export type ContextResult = v.InferOutput<typeof contextResultSchema>;
