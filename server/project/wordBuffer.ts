// The words of a text as full-text search stores them, from bytes to bytes: the same as `wordsOf` gives, several times as fast, since no string is made for a
// word. Indexing goes through everything that there is; a query is asked with `wordsOf`. It knows no database.
import { commonWords, maxTokenLength, wordsOf } from './searchWords.ts';

const newline = 10;
const underscore = 95;
const space = 32;
/** What no letter and no digit is folded to. */
const [sign, other] = [1, 2] as const;
const beyondAscii = 0x80;
/** Of a byte: small letters and digits as they are, capitals as small letters, 0 between words. Beyond ASCII anything may be a letter. */
const folds = Uint8Array.from({ length: 0x100 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  if (byte >= beyondAscii) return other;
  if (/[_$]/.test(character)) return sign;
  return /[a-z0-9]/.test(character) ? byte : /[A-Z]/.test(character) ? byte + space : 0;
});
/** An identifier's parts, a space behind each, and the whole come to no more than so many bytes for each of its own. */
const mostForOne = 3;

const placing = 0x9e3779b1;
/** The common words, each as one number in its place; no two have the same place. */
const common = new Int32Array(0x400);
for (const word of commonWords) {
  const bytes = Buffer.from(word);
  const number = numberOf(bytes, 0, bytes.length);
  if (bytes.length < 2 || bytes.length > 4 || common[placeOf(number)] !== 0) throw new Error(`${word} cannot be a common word here.`);
  common[placeOf(number)] = number;
}

/** Of two to four bytes. */
function numberOf(bytes: Uint8Array, start: number, length: number): number {
  const two = (bytes[start] as number) | ((bytes[start + 1] as number) << 8);
  if (length === 2) return two;
  return two | ((bytes[start + 2] as number) << 16) | (length === 3 ? 0 : (bytes[start + 3] as number) << 24);
}

function placeOf(number: number): number {
  return Math.imul(number, placing) >>> 22;
}

export class WordBuffer {
  #out = new Uint8Array(64 * 1024);
  #length = 0;

  /** What the last `write` found, UTF-8, valid until the next one. */
  get words(): Uint8Array {
    return this.#out.subarray(0, this.#length);
  }

  /** Takes UTF-8 from `start` on until behind `lines` line breaks, or to the end. Returns where it stopped. */
  write(bytes: Uint8Array, start: number, lines: number): number {
    const { length } = bytes;
    this.#length = 0;
    // A word and the space behind it take no more room than in the text, but for the last one.
    let out = this.#withRoomFor(length - start + 1);
    let at = 0;
    let left = lines;
    let from = start;
    const fold = folds;
    while (from < length) {
      const byte = bytes[from] as number;
      const first = fold[byte] as number;
      if (first === 0) {
        from++;
        if (byte === newline && --left <= 0) break;
        continue;
      }
      const wordAt = at;
      out[at++] = first;
      // What sets a byte apart from what it is folded to; a capital splits nothing at the beginning.
      let special = first === sign ? sign : first === other ? beyondAscii : 0;
      let end = from + 1;
      for (; end < length; end++) {
        const next = bytes[end] as number;
        const folded = fold[next] as number;
        if (folded === 0) break;
        special |= folded ^ next;
        out[at++] = folded;
      }
      if (special === 0) {
        at = end - from > maxTokenLength ? wordAt : behindWord(out, wordAt, at);
      } else {
        this.#length = wordAt;
        if (special >= beyondAscii) this.#addAnyScript(bytes, from, end);
        else if (end - from <= maxTokenLength) this.#addIdentifier(bytes, from, end);
        out = this.#withRoomFor(length - end + 1);
        at = this.#length;
      }
      from = end;
    }
    this.#length = at;
    return from;
  }

  /** Its parts, if it has more than one, and the whole without its signs. */
  #addIdentifier(bytes: Uint8Array, from: number, end: number): void {
    const out = this.#withRoomFor((end - from) * mostForOne + 1);
    let at = this.#length;
    let partAt = at;
    let parts = 0;
    let before: number = underscore;
    for (let index = from; index < end; index++) {
      const byte = bytes[index] as number;
      const folded = folds[byte] as number;
      if (folded !== sign) {
        const isNext = folds[before] === sign || (isCapital(byte) && (!isCapital(before) || (index + 1 < end && isSmall(bytes[index + 1] as number))));
        if (isNext && parts++ > 0) partAt = at = behindWord(out, partAt, at);
        out[at++] = folded;
      }
      before = byte;
    }
    if (parts === 0) return;
    partAt = at = behindWord(out, partAt, at);
    if (parts > 1) {
      for (let index = from; index < end; index++) {
        const folded = folds[bytes[index] as number] as number;
        out[at] = folded;
        if (folded !== sign) at++;
      }
      at = behindWord(out, partAt, at);
    }
    this.#length = at;
  }

  #addAnyScript(bytes: Uint8Array, from: number, end: number): void {
    const words = wordsOf(Buffer.from(bytes.buffer, bytes.byteOffset + from, end - from).toString());
    if (words === '') return;
    const added = Buffer.from(`${words} `);
    this.#withRoomFor(added.length).set(added, this.#length);
    this.#length += added.length;
  }

  #withRoomFor(more: number): Uint8Array {
    const needed = this.#length + more;
    if (needed > this.#out.length) {
      const larger = new Uint8Array(Math.max(this.#out.length * 2, needed));
      larger.set(this.#out.subarray(0, this.#length));
      this.#out = larger;
    }
    return this.#out;
  }
}

function isCapital(byte: number): boolean {
  return byte >= 65 && byte <= 90;
}

function isSmall(byte: number): boolean {
  return byte >= 97 && byte <= 122;
}

/** Ends the word that lies from `start` to `end`, or takes it out again where it is none that is looked for. Returns where the next one begins. */
function behindWord(out: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length <= 4 && (length < 2 || isCommon(numberOf(out, start, length)))) return start;
  out[end] = space;
  return end + 1;
}

function isCommon(number: number): boolean {
  return common[placeOf(number)] === number;
}
