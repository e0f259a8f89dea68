// Characters that a reader cannot see but a compiler or a tool does: bidirectional controls, zero-width and tag characters, terminal
// control codes. A suggestion that holds one is not shown. See CVE-2021-42574 (Trojan Source).

// Joiners (U+200C, U+200D) are left alone: scripts and emoji need them.
const invisible = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/u;

export function holdsInvisibleCharacters(text: string): boolean {
  return invisible.test(text);
}
