// A check sum of what a row holds. SQLite looks after its own structure only: where a disk or another program changes a byte of a text, it gives back that text.
import zlib from 'node:zlib';

/** CRC-32. Node has it wherever it has SQLite. */
export function sumOf(values: readonly (string | number | undefined)[]): number {
  let joined = '';
  for (const value of values) joined += value === undefined ? '\0' : `${value}\0`;
  return zlib.crc32(joined);
}
