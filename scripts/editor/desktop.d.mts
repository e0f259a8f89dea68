// The types of desktop.mjs for the TypeScript of the tests.

/** Downloads desktop VS Code once; returns the path of its executable. */
export function ensureDesktop(): Promise<string>;
