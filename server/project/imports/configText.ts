// Reads what configuration files say, however they are broken: whoever asks gets `undefined` rather than an error. It knows JSON with
// comments; it must not know what the settings mean.

/** JSON with comments and trailing commas, as TypeScript's configuration has it. */
export function parseJsonWithComments(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  const bare = text.replace(/^\ufeff/, '').replace(/"(?:\\.|[^"\\\n])*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (part) => (part.startsWith('"') ? part : ' '));
  try {
    return JSON.parse(bare.replace(/"(?:\\.|[^"\\\n])*"|,(?=\s*[}\]])/g, (part) => (part === ',' ? ' ' : part))) as unknown;
  } catch {
    return undefined;
  }
}

/** A field of something that may be no object at all. */
export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

export function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}
