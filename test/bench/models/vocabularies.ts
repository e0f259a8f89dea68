// The vocabularies that made-up models get: the starter model's, copied as it stands or with other names for some of its tokens, and Tekken,
// Mistral's own, from the file that PyPI's mistral-common brings. It knows tokenizers; it must not know weights.
import { readFileSync } from 'node:fs';
import type { GgufHeader } from './ggufWriter.ts';

export interface Vocabulary {
  readonly size: number;
  write(header: GgufHeader): void;
}

/** Bytes of one value of each GGUF type; strings and arrays say their own. */
const widths: Readonly<Record<number, number>> = { 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 };
const tokensKey = 'tokenizer.ggml.tokens';
const stringType = 8;
const arrayType = 9;

/** @param renamed other texts for some of its tokens: the special ones of another family, for instance */
export function readStarterVocabulary(file: Buffer, renamed: Readonly<Record<string, string>> = {}): Vocabulary {
  // A token may be called like what every object has.
  const names = new Map(Object.entries(renamed));
  const entries: { readonly key: string; readonly bytes: Buffer }[] = [];
  let tokens: string[] = [];
  let at = 24;
  const length = () => Number(file.readBigUInt64LE((at += 8) - 8));
  const string = () => {
    const bytes = length();
    return file.toString('utf8', at, (at += bytes));
  };
  const skip = (type: number): void => {
    if (type === stringType) string();
    else if (type === arrayType) {
      const elements = file.readUInt32LE((at += 4) - 4);
      for (let left = length(); left > 0; left--) skip(elements);
    } else at += widths[type] as number;
  };
  for (let left = Number(file.readBigUInt64LE(16)); left > 0; left--) {
    const start = at;
    const key = string();
    const type = file.readUInt32LE((at += 4) - 4);
    const value = at;
    skip(type);
    if (!key.startsWith('tokenizer.ggml.')) continue;
    entries.push({ key, bytes: file.subarray(start, at) });
    if (key !== tokensKey) continue;
    // Behind the type of its elements.
    at = value + 4;
    tokens = Array.from({ length: length() }, string);
  }
  if (tokens.length === 0) throw new Error('The starter model has no tokens.');
  const missing = [...names.keys()].filter((token) => !tokens.includes(token));
  if (missing.length > 0) throw new Error(`The starter model has no tokens ${missing.join(', ')}.`);
  return {
    size: tokens.length,
    write: (header) => {
      for (const { key, bytes } of entries) {
        if (key === tokensKey && names.size > 0) {
          header.strings(
            key,
            tokens.map((token) => names.get(token) ?? token),
          );
        } else header.copied(bytes);
      }
    },
  };
}

interface TekkenFile {
  readonly config: { readonly default_vocab_size: number; readonly default_num_special_tokens: number };
  readonly vocab: readonly { readonly rank: number; readonly token_bytes: string }[];
  readonly special_tokens?: readonly { readonly rank: number; readonly token_str: string }[];
}

/** What mistral-common calls the special tokens of files that do not list them. */
const tekkenSpecials = [
  '<unk>',
  '<s>',
  '</s>',
  '[INST]',
  '[/INST]',
  '[AVAILABLE_TOOLS]',
  '[/AVAILABLE_TOOLS]',
  '[TOOL_RESULTS]',
  '[/TOOL_RESULTS]',
  '[TOOL_CALLS]',
  '[IMG]',
  '<pad>',
  '[IMG_BREAK]',
  '[IMG_END]',
  '[PREFIX]',
  '[MIDDLE]',
  '[SUFFIX]',
  '[SYSTEM_PROMPT]',
  '[/SYSTEM_PROMPT]',
  '[TOOL_CONTENT]',
] as const;
const tokenTypes = { normal: 1, control: 3 } as const;

export function readTekkenVocabulary(path: string): Vocabulary {
  const file = JSON.parse(readFileSync(path, 'utf8')) as TekkenFile;
  const { default_vocab_size: size, default_num_special_tokens: specialCount } = file.config;
  const named = new Map<number, string>([...tekkenSpecials.entries(), ...(file.special_tokens ?? []).map((token) => [token.rank, token.token_str] as const)]);
  const specials = Array.from({ length: specialCount }, (_, id) => named.get(id) ?? `<SPECIAL_${id}>`);
  // Bytes as one character each, so that a token is a string and its parts are slices.
  const bytes = file.vocab.slice(0, size - specialCount).map((token) => Buffer.from(token.token_bytes, 'base64').toString('latin1'));
  return {
    size,
    write: (header) => {
      header.string('tokenizer.ggml.model', 'gpt2');
      header.string('tokenizer.ggml.pre', 'tekken');
      header.strings('tokenizer.ggml.tokens', [...specials, ...bytes.map(visible)]);
      header.int32s('tokenizer.ggml.token_type', [...specials.map(() => tokenTypes.control), ...bytes.map(() => tokenTypes.normal)]);
      header.strings('tokenizer.ggml.merges', mergesOf(bytes));
      header.uint32('tokenizer.ggml.unknown_token_id', 0);
      header.uint32('tokenizer.ggml.bos_token_id', 1);
      header.uint32('tokenizer.ggml.eos_token_id', 2);
      header.uint32('tokenizer.ggml.padding_token_id', 11);
      header.bool('tokenizer.ggml.add_bos_token', true);
      header.bool('tokenizer.ggml.add_eos_token', false);
    },
  };
}

/**
 * Tekken joins the two neighbours whose joint has the lowest rank; llama.cpp knows a list of pairs, the first of which wins. So every pair of
 * tokens that makes a token is listed, in the order of the joints, and those of one joint by their own ranks, as llama.cpp's converter does it
 * (`extract_vocab_merges_from_model` in convert_hf_to_gguf.py).
 * @param tokens in the order of their ranks
 */
function mergesOf(tokens: readonly string[]): string[] {
  const ranks = new Map(tokens.map((token, rank) => [token, rank]));
  const merges: string[] = [];
  for (const token of tokens) {
    const pairs: { readonly left: number; readonly right: number }[] = [];
    for (let cut = 1; cut < token.length; cut++) {
      const [left, right] = [ranks.get(token.slice(0, cut)), ranks.get(token.slice(cut))];
      if (left !== undefined && right !== undefined) pairs.push({ left, right });
    }
    pairs.sort((one, other) => one.left - other.left || one.right - other.right);
    for (const { left, right } of pairs) merges.push(`${visible(tokens[left] as string)} ${visible(tokens[right] as string)}`);
  }
  return merges;
}

/** GPT-2's alphabet: printable bytes stand for themselves, the others for characters from 256 on. */
const alphabet = makeAlphabet();

function makeAlphabet(): readonly string[] {
  const isPrintable = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : next++));
}

function visible(bytes: string): string {
  let text = '';
  for (let index = 0; index < bytes.length; index++) text += alphabet[bytes.charCodeAt(index)] as string;
  return text;
}
