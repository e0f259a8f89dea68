// The door for edits: `tramontane/edit`. The server proposes, the client checks versions, previews and applies.
import * as v from 'valibot';
import { failureSchemas, rangeSchema, usageSchema } from './failure.ts';

export const editParamsSchema = v.object({
  instruction: v.pipe(v.string(), v.minLength(1), v.maxLength(32_768)),
  /** The file that the command was started in; with a range, only these whole lines are shown and may change. */
  target: v.object({ uri: v.string(), range: v.optional(rangeSchema) }),
  /** Further files that are shown to the model and may change. */
  alsoEdit: v.pipe(v.array(v.string()), v.maxLength(32)),
});
export type EditParams = v.InferOutput<typeof editParamsSchema>;

const textEditSchema = v.object({ range: rangeSchema, newText: v.string() });

export const documentEditSchema = v.object({
  uri: v.string(),
  /** The version of the open document that the edits were made for; null for a file read from disk. */
  version: v.nullable(v.number()),
  /** SHA-256 (hex) of the text as the server saw it, for files that are not open. */
  contentHash: v.string(),
  /** Not overlapping, in document order. */
  edits: v.array(textEditSchema),
});
export type DocumentEdit = v.InferOutput<typeof documentEditSchema>;

export const editRefusalSchema = v.object({
  /** The path as the model wrote it. */
  path: v.string(),
  reason: v.picklist(['noMatch', 'severalMatches', 'unknownFile', 'overlap', 'noChange', 'unreadable']),
  /** One sentence for the user, with the nearest lines where there are any. */
  message: v.string(),
});
export type EditRefusal = v.InferOutput<typeof editRefusalSchema>;

export const editResultSchema = v.variant('outcome', [
  v.object({ outcome: v.literal('ok'), documents: v.pipe(v.array(documentEditSchema), v.minLength(1)), answer: v.string(), usage: usageSchema }),
  /** At least one block could not be placed: nothing may be applied. */
  v.object({ outcome: v.literal('refused'), refusals: v.array(editRefusalSchema), answer: v.string() }),
  /** The model answered without any edit block. */
  v.object({ outcome: v.literal('noEdits'), answer: v.string(), cause: v.string(), action: v.string() }),
  ...failureSchemas,
]);
export type EditResult = v.InferOutput<typeof editResultSchema>;
