// The door for context: `tramontane/context` says what of the project a model would be told, and why.
import * as v from 'valibot';
import { failureSchemas, positionSchema, rangeSchema } from './failure.ts';

const uri = v.pipe(v.string(), v.maxLength(4096));
const budget = v.pipe(v.number(), v.integer(), v.minValue(16), v.maxValue(32_768));

const querySchema = v.object({
  purpose: v.picklist(['chat', 'edit']),
  query: v.pipe(v.string(), v.minLength(1), v.maxLength(32_768)),
  textDocument: v.optional(v.object({ uri })),
  position: v.optional(positionSchema),
  budgetTokens: v.optional(budget, 1024),
});
const placeSchema = v.object({
  purpose: v.picklist(['completion', 'chat', 'edit']),
  textDocument: v.object({ uri }),
  position: positionSchema,
  budgetTokens: v.optional(budget),
});
/** What a question or an instruction in plain words or identifiers is answered with, and where it is asked, if anywhere. */
export type ContextQuery = v.InferOutput<typeof querySchema>;
/** What is needed at this place of an open document; without a budget as much as the model in use is told. */
export type ContextAtPlace = v.InferOutput<typeof placeSchema>;

export const contextParamsSchema = v.union(
  [querySchema, placeSchema],
  'Either a query for "chat" or "edit" is expected, or a textDocument and a position for any purpose; budgetTokens is 16 to 32,768.',
);
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
    /** Why the model in use is told nothing of this all the same, one sentence; absent where it is. */
    notTold: v.optional(v.string()),
  }),
  ...failureSchemas,
]);
export type ContextResult = v.InferOutput<typeof contextResultSchema>;
