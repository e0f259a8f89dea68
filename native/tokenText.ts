// The text of tokens as the model wrote it. llama.cpp's detokenizer takes blanks before `?!.,` and around apostrophes out of the text of some byte-pair
// vocabularies (GPT-2's and StarCoder's splitting rules), as if it were English prose: `from .utils` becomes `from.utils`. There the bytes of each token are
// read from the vocabulary instead, as llama.cpp's own server does. It knows vocabularies; it must not know streams or stops.
import type { LlamaModel, Token } from 'node-llama-cpp';
import { spellingOf } from './addon.ts';

/** Gives the text of tokens behind others; half a character at its end comes as U+FFFD. */
export type TextOfTokens = (tokens: readonly Token[], before: readonly Token[]) => string;

/** All that the clean-up would change. */
const probe = "a ? b ! c . d , e ' f it 's";

export function textOfTokens(model: LlamaModel): TextOfTokens {
  const tokens = model.tokenize(probe, false);
  if (model.detokenize(tokens, false) === probe || model.vocabularyType !== 'bpe') return (wanted, before) => model.detokenize([...wanted], false, [...before]);
  const bytesOf = bytesInVocabulary(model);
  return (wanted) => Buffer.concat(wanted.map(bytesOf)).toString('utf8');
}

function bytesInVocabulary(model: LlamaModel): (token: Token) => Uint8Array {
  const known = new Map<Token, Uint8Array>();
  return (token) => {
    let bytes = known.get(token);
    if (!bytes) {
      const { control, unknown, userDefined } = model.getTokenAttributes(token);
      const text = spellingOf(model, token);
      // What steers the model is no text; what the vocabulary was given whole is spelled as it is.
      bytes = control || unknown ? new Uint8Array() : userDefined ? Buffer.from(text, 'utf8') : bytesOfSpelling(text);
      known.set(token, bytes);
    }
    return bytes;
  };
}

/**
 * Byte-pair vocabularies spell each byte as one printable character: those that are printable in Latin-1 stand for themselves, all others in order for
 * U+0100 and up (GPT-2's `bytes_to_unicode`, https://github.com/openai/gpt-2/blob/master/src/encoder.py).
 */
const byteOfCharacter: ReadonlyMap<string, number> = (() => {
  const isPrintable = (byte: number) => (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
  const map = new Map<string, number>();
  let next = 0x100;
  for (let byte = 0; byte < 256; byte++) map.set(String.fromCodePoint(isPrintable(byte) ? byte : next++), byte);
  return map;
})();

function bytesOfSpelling(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of text) {
    const byte = byteOfCharacter.get(character);
    if (byte === undefined) bytes.push(...Buffer.from(character, 'utf8'));
    else bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}
