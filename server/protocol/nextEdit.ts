// The door for the next edit: `tramontane/nextEdit` asks which place a recent change asks for; the client shows it, and applies it only to
// the version it was made for. `tramontane/nextEditDismissed` says that the user does not want it.
import * as v from 'valibot';
import { rangeSchema } from './failure.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

export const nextEditParamsSchema = v.object({
  textDocument: v.object({ uri: v.string(), version: v.pipe(v.number(), v.integer()) }),
  /** Of the cursor. */
  position: v.object({ line: count, character: count }),
});
export type NextEditParams = v.InferOutput<typeof nextEditParamsSchema>;

export const nextEditResultSchema = v.variant('outcome', [
  v.object({
    outcome: v.literal('ok'),
    id: v.string(),
    /** The version of the document that the edit is for, and no other. */
    version: v.number(),
    range: rangeSchema,
    /** What stands in the range. */
    oldText: v.string(),
    newText: v.string(),
    kind: v.picklist(['rename', 'member', 'argument', 'likeLine', 'key', 'literal', 'import', 'model']),
    /** For people: what was changed that asks for this. */
    why: v.string(),
  }),
  v.object({
    outcome: v.literal('nothing'),
    why: v.picklist(['switchedOff', 'paused', 'excludedLanguage', 'notOpen', 'otherVersion', 'nothingChanged', 'typing', 'turnedDown', 'nothingFollows']),
  }),
]);
export type NextEditResult = v.InferOutput<typeof nextEditResultSchema>;

export const nextEditDismissedSchema = v.object({ id: v.string() });
