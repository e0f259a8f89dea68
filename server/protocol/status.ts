// The door for what the status item shows: `tramontane/status`, sent by the server whenever it changes.
import * as v from 'valibot';
import { failureSchemas } from './failure.ts';

export const statusSchema = v.object({
  state: v.picklist(['starting', 'ready', 'busy', 'paused', 'noModel', 'error']),
  /** The model that answers; absent until it is loaded. */
  model: v.optional(v.object({ name: v.string(), path: v.string(), isStarter: v.boolean(), contextSize: v.number() })),
  /** What the user should know while it works, one sentence each: what was given up to fit the model into memory, another GPU back end than wished. */
  notes: v.optional(v.array(v.string())),
  /** Present with noModel and error: one sentence each. */
  cause: v.optional(v.string()),
  action: v.optional(v.string()),
});
export type Status = v.InferOutput<typeof statusSchema>;

export const setPausedParamsSchema = v.object({ paused: v.boolean() });

/** How much was on disk, in files and bytes. */
export const deleteSavedStateResultSchema = v.variant('outcome', [
  v.object({ outcome: v.literal('ok'), value: v.object({ files: v.number(), bytes: v.number() }) }),
  ...failureSchemas,
]);
export type DeleteSavedStateResult = v.InferOutput<typeof deleteSavedStateResultSchema>;
