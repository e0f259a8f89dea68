// How a request says that it could not be done. The outcomes are those of core/outcome.ts, as a schema.
import * as v from 'valibot';

const explanation = { cause: v.string(), action: v.string() };
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

export const failureSchemas = [
  v.object({ outcome: v.literal('cancelled') }),
  v.object({ outcome: v.literal('engineUnavailable'), ...explanation }),
  v.object({ outcome: v.literal('noModel'), ...explanation }),
  v.object({ outcome: v.literal('contextOverflow'), promptTokens: count, availableTokens: count, ...explanation }),
  v.object({ outcome: v.literal('unsupported'), ...explanation }),
] as const;

export const positionSchema = v.object({ line: count, character: count });
export const rangeSchema = v.object({ start: positionSchema, end: positionSchema });
export type Range = v.InferOutput<typeof rangeSchema>;

export const usageSchema = v.object({ evaluatedTokens: count, reusedTokens: count, generatedTokens: count });
export const timingsSchema = v.object({ queueMs: v.number(), prefillMs: v.number(), decodeMs: v.number() });
