// Drops a suggestion that only says again what stands directly above the cursor: weak models like to. It knows text alone.

const leastTelling = 4;

/** @param above lines above the cursor's, nearest last */
export function dropRestated(text: string, linePrefix: string, above: readonly string[]): string {
  const written = (linePrefix + text)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (written.length === 0) return '';
  const stands = above.map((line) => line.trim()).filter((line) => line !== '');
  const before = stands.slice(-written.length);
  if (before.length < written.length || before.some((line, index) => line !== written[index])) return text;
  const isTelling = written.some((line) => (line.match(/\p{L}/gu)?.length ?? 0) >= leastTelling);
  // Where it stands twice already, a third time may be meant: table rows, padding, lists of like calls.
  const twice = stands.slice(-2 * written.length, -written.length);
  const isRun = twice.length === written.length && twice.every((line, index) => line === written[index]);
  return isTelling && !isRun ? '' : text;
}
