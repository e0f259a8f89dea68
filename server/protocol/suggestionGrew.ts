// The door for `tramontane/suggestionGrew`, a notification to clients that have offered to follow it: what was given as ghost text for this version of
// the document has become longer since. LSP has no way to send the rest of a suggestion, so the client asks for it anew, as if by typing.
import * as v from 'valibot';

/** In initializationOptions. */
export const suggestionUpdatesOfferSchema = v.object({ suggestionUpdates: v.literal(true) });

export const suggestionGrewSchema = v.object({
  uri: v.string(),
  version: v.number(),
  position: v.object({ line: v.number(), character: v.number() }),
  /** Of the suggestion, as in the argument of its command. */
  id: v.string(),
});
export type SuggestionGrew = v.InferOutput<typeof suggestionGrewSchema>;
