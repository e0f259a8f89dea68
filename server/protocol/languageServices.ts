// The door for what the server asks of the editor's own language services: `tramontane/languageServices`, a request from the server to a client that has
// offered to answer it. Only places and names cross it, never text: which files may be read the server decides.
import * as v from 'valibot';
import { positionSchema } from './failure.ts';

export const mostPlaces = 8;
export const mostMembers = 200;
export const longestName = 200;

const uri = v.pipe(v.string(), v.minLength(1), v.maxLength(4096));
const name = v.pipe(v.string(), v.minLength(1), v.maxLength(longestName));
const line = v.pipe(v.number(), v.integer(), v.minValue(0));
const textDocument = v.object({ uri, version: v.pipe(v.number(), v.integer()) });
const placeSchema = v.object({ uri, position: positionSchema });
export type DeclaredPlace = v.InferOutput<typeof placeSchema>;

/** Part of `initializationOptions`: the client answers `tramontane/languageServices`. */
export const languageServicesOfferSchema = v.object({ languageServices: v.literal(true) });

export const languageServicesParamsSchema = v.variant('ask', [
  /** Where the type of the name at this position is declared, and where the name itself is. */
  v.object({ ask: v.literal('types'), textDocument, position: positionSchema }),
  /** What the symbol declared at `place` consists of. `textDocument` is for whose sake it is asked. */
  v.object({ ask: v.literal('members'), textDocument, place: placeSchema }),
]);
export type LanguageServicesParams = v.InferOutput<typeof languageServicesParamsSchema>;

export const memberKinds = [
  'method',
  'constructor',
  'function',
  'field',
  'variable',
  'constant',
  'enumMember',
  'class',
  'interface',
  'struct',
  'enum',
] as const;

const memberSchema = v.object({ name, kind: v.picklist(memberKinds), line, endLine: line });
export type DeclaredMember = v.InferOutput<typeof memberSchema>;

export const languageServicesResultSchema = v.variant('outcome', [
  v.object({
    outcome: v.literal('types'),
    /** Inside the workspace. */
    types: v.pipe(v.array(placeSchema), v.maxLength(mostPlaces)),
    definitions: v.pipe(v.array(placeSchema), v.maxLength(mostPlaces)),
    /** The type is known, and none of its declarations is inside the workspace. */
    isElsewhere: v.boolean(),
  }),
  v.object({ outcome: v.literal('members'), name, members: v.pipe(v.array(memberSchema), v.maxLength(mostMembers)) }),
  /** `busy`: the providers have not yet answered the question before this one. */
  v.object({ outcome: v.literal('nothing'), why: v.picklist(['notOpen', 'otherVersion', 'outside', 'busy', 'unknown']) }),
]);
export type LanguageServicesResult = v.InferOutput<typeof languageServicesResultSchema>;
