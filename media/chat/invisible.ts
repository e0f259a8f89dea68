// Removes characters that a reader cannot see but an editor, a terminal or a compiler obeys: direction overrides
// ("Trojan Source", CVE-2021-42574), tag characters that smuggle text, zero-width blanks and terminal escapes.
// What is copied or inserted must be what was seen. Marks that real scripts and emoji need (ZWJ, ZWNJ, LRM, RLM) stay.

const invisible = /(?![\t\n\r])\p{Cc}|[\u200b\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;

/** The text as it may be shown, and how many characters are gone. */
export function removeInvisible(text: string): { readonly text: string; readonly removed: number } {
  let removed = 0;
  const visible = text.replace(invisible, () => {
    removed += 1;
    return '';
  });
  return { text: visible, removed };
}
