// Finds what looks like a real secret in text that a model wrote: key formats of known services, private keys, and long random literals
// that are assigned to something called a key. Placeholders of documentation are none. It knows text alone.

/** Formats that are unmistakable by themselves. Sources: the services' own documentation, and the rules of gitleaks (MIT). */
const formats: readonly RegExp[] = [
  /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----/,
  /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b/,
  /\bgh[pousr]_[A-Za-z0-9]{36,}\b/,
  /\bgithub_pat_[A-Za-z0-9_]{40,}\b/,
  /\bglpat-[\w-]{20,}/,
  /\bxox[abeprs]-[A-Za-z0-9-]{10,}/,
  /\bsk-(?:proj-|ant-|live-|or-)?[A-Za-z0-9_-]{24,}/,
  /\b[rs]k_live_[A-Za-z0-9]{16,}/,
  /\bAIza[\w-]{35}\b/,
  /\bya29\.[\w-]{20,}/,
  /\bhf_[A-Za-z0-9]{30,}\b/,
  /\bnpm_[A-Za-z0-9]{36}\b/,
  /\bpypi-[\w-]{50,}/,
  /\bSG\.[\w-]{16,}\.[\w-]{16,}/,
  /\bdop_v1_[a-f0-9]{64}\b/,
  /\bAccountKey=[A-Za-z0-9+/]{60,}={0,2}/,
  /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/,
];

const credentialsInUrl = /\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@'"`]{1,64}:([^\s@/'"`]{6,})@/gi;
const namedLiteral =
  /(?:pass(?:word|wd|phrase)?|secret|token|api_?-?key|access_?-?key|auth|credential|private_?-?key|bearer)\w*['"\]]*\s*(?:[:=]|=>|:=)+\s*['"`]([^'"`\n]{8,})['"`]/gi;
/** What documentation writes where a reader puts his own: never a secret. */
const placeholder =
  /example|sample|placeholder|dummy|changeme|change[-_]me|your|my[-_]|insert|replace|redacted|todo|fixme|test|fake|mock|xxx|\.\.\.|\*\*\*|<[^>]*>|\$\{|\{\{|%\(|process\.env|os\.environ|getenv|(.)\1{5}|1234567|abcdef/i;

/** Bits a character above which a literal of that length is no word that a person made up. */
const leastEntropyBits = 3.6;
const leastRandomLength = 16;

/** @returns whether something in the text looks like a secret that works */
export function holdsSecret(text: string): boolean {
  for (const format of formats) {
    const found = format.exec(text);
    if (found && !placeholder.test(found[0])) return true;
  }
  for (const [, password = ''] of text.matchAll(credentialsInUrl))
    if (!placeholder.test(password) && /\d/.test(password) && /[a-z]/i.test(password)) return true;
  for (const [, literal = ''] of text.matchAll(namedLiteral)) {
    if (literal.length >= leastRandomLength && !/\s/.test(literal) && !placeholder.test(literal) && looksRandom(literal)) return true;
  }
  return false;
}

/** Words joined by signs have low entropy for their length, or no digits among their letters. */
function looksRandom(literal: string): boolean {
  const kinds = [/[a-z]/, /[A-Z]/, /\d/].filter((kind) => kind.test(literal)).length;
  const isHex = /^[0-9a-f]{24,}$/i.test(literal);
  return isHex ? entropyBits(literal) > 2.8 : kinds >= 2 && /\d/.test(literal) && entropyBits(literal) >= leastEntropyBits;
}

/** Shannon entropy, in bits a character. */
function entropyBits(text: string): number {
  const counts = new Map<string, number>();
  for (const sign of text) counts.set(sign, (counts.get(sign) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}
