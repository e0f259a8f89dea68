// Bytes of a file as text. It knows byte order marks and the two encodings that source files have besides UTF-8.

/** Undefined for what is no text. A byte order mark is left out: positions are those of an editor. */
export function decodeText(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  // git and editors look at a head of this size, too.
  if (bytes.subarray(0, 8000).includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return looksLatin(bytes) ? new TextDecoder('windows-1252').decode(bytes) : undefined;
  }
}

/** In Latin text the bytes that UTF-8 refuses are few, and hardly any is a control character. */
function looksLatin(bytes: Uint8Array): boolean {
  const head = bytes.subarray(0, 64_000);
  let odd = 0;
  for (const byte of head) if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d && byte !== 0x0c) odd++;
  return odd * 200 <= head.length;
}
