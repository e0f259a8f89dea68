// The door for what the status item shows: `tramontane/status`, sent by the server whenever it changes.
import * as v from 'valibot';
import type { QuietReason } from '../core/completion/quietReasons.ts';
import { failureSchemas } from './failure.ts';

const quietReasons = [
  'paused',
  'switchedOff',
  'notOpen',
  'excludedLanguage',
  'excludedScope',
  'insideWord',
  'middleOfLine',
  'modelEnded',
  'chat',
  'invisibleCharacters',
  'secret',
  'repeatsWhatFollows',
  'restatesWhatStands',
  'unsure',
  'turnedDown',
  'trivial',
  'unavailable',
  'waiting',
] as const satisfies readonly QuietReason[];

/** Why a file is left out of the index. */
const skipReasons = ['secret', 'binary', 'tooLarge', 'minified', 'generated', 'unreadable', 'tooSlow', 'unindexedKind'] as const;
const count = v.pipe(v.number(), v.integer(), v.minValue(1));

export const statusSchema = v.object({
  state: v.picklist(['starting', 'ready', 'busy', 'paused', 'noModel', 'error']),
  /** The model that answers; absent until it is loaded. */
  model: v.optional(v.object({ name: v.string(), path: v.string(), isStarter: v.boolean(), contextSize: v.number() })),
  /** What the user should know while it works, one sentence each: what was given up to fit the model into memory, another GPU back end than wished. */
  notes: v.optional(v.array(v.string())),
  /** The project's index; absent without one. */
  index: v.optional(
    v.object({
      files: v.number(),
      isComplete: v.boolean(),
      store: v.picklist(['sqlite', 'memory']),
      /** How many files are left out, by the reason; absent where none is, and until all have been looked at. */
      skipped: v.optional(v.record(v.picklist(skipReasons), count)),
      problem: v.optional(v.string()),
      /** Files that questions find by meaning; absent without an embedding model. */
      embeddings: v.optional(v.object({ files: v.number(), problem: v.optional(v.string()) })),
    }),
  ),
  /** Why the last request showed no suggestion; absent when it showed one. */
  quiet: v.optional(v.picklist(quietReasons)),
  /** No suggestions by themselves, whatever the state is. */
  isPaused: v.optional(v.literal(true)),
  /** With isPaused: it ends by itself after so many ms, counted from when this state is sent. */
  pauseEndsInMs: v.optional(v.number()),
  /** Present with noModel and error: one sentence each. */
  cause: v.optional(v.string()),
  action: v.optional(v.string()),
});
export type Status = v.InferOutput<typeof statusSchema>;

const longestSnoozeMs = 24 * 60 * 60 * 1000;
export const setPausedParamsSchema = v.object({
  paused: v.boolean(),
  /** Only for so long, ms. */
  forMs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(longestSnoozeMs))),
});

/** How much was on disk, in files and bytes. */
export const deleteSavedStateResultSchema = v.variant('outcome', [
  v.object({ outcome: v.literal('ok'), value: v.object({ files: v.number(), bytes: v.number() }) }),
  ...failureSchemas,
]);
export type DeleteSavedStateResult = v.InferOutput<typeof deleteSavedStateResultSchema>;
