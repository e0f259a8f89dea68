// Writes a model of the Llama architecture with random weights, so that benches can ask for a size, a context and a vocabulary that no small
// model has. The same options give the same bytes. It knows GGUF; it must not know what is measured.
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readStarterVocabulary, readTekkenVocabulary, type Vocabulary } from './vocabularies.ts';
import { alignment, GgufHeader } from './ggufWriter.ts';

const root = path.resolve(import.meta.dirname, '../../..');

export interface ModelOptions {
  /** The starter model's (8,192 tokens) or that of today's Mistral models (131,072). */
  readonly vocabulary: 'starter' | 'tekken';
  readonly layers: number;
  readonly width: number;
  /** The width of a head is `width / heads`. */
  readonly heads: number;
  readonly kvHeads: number;
  readonly feedForward: number;
  readonly contextSize: number;
  readonly weights: 'q8_0' | 'f16';
  readonly seed: number;
  /** Without one the starter's vocabulary cannot chat. */
  readonly chatTemplate?: string;
  /** Other texts for some of the starter's tokens: the special ones of another family, for instance. */
  readonly renamed?: Readonly<Record<string, string>>;
}

/** 107 M parameters. */
export const model100M: ModelOptions = {
  vocabulary: 'starter',
  layers: 16,
  width: 768,
  heads: 12,
  kvHeads: 4,
  feedForward: 2048,
  contextSize: 8192,
  weights: 'q8_0',
  seed: 1,
};

/** The same weights, with a template for chats. */
export const chatModel100M: ModelOptions = {
  ...model100M,
  chatTemplate: "{% for message in messages %}{{ message['role'] + ':\n' + message['content'] + '\n\n' }}{% endfor %}{{ 'assistant:\n' }}",
};

/** 176 M parameters, 101 M of them in the vocabulary. */
export const modelTekken: ModelOptions = { ...model100M, vocabulary: 'tekken', layers: 12 };
/** For tests of the vocabulary alone. */
export const smallTekken: ModelOptions = { ...modelTekken, layers: 1, width: 64, heads: 2, kvHeads: 1, feedForward: 64 };

/** Raised when other bytes come out of the same options, so that no old file is taken for a new one. */
const formatVersions: Readonly<Record<ModelOptions['vocabulary'], number>> = { starter: 1, tekken: 2 };
const starterModel = path.join(root, 'native/starter-model/starter-fim.gguf');

/** @returns the model's file, written if it is not there yet */
export async function ensureModel(options: ModelOptions): Promise<string> {
  const key = createHash('sha256')
    .update(JSON.stringify([formatVersions[options.vocabulary], options]))
    .digest('hex')
    .slice(0, 12);
  const directory = path.join(root, 'out/models');
  const file = path.join(directory, `random-${options.vocabulary}-${key}.gguf`);
  if (existsSync(file)) return file;
  await mkdir(directory, { recursive: true });
  const partial = `${file}.${process.pid}.tmp`;
  try {
    await writeModel(partial, options);
    await rename(partial, file);
  } finally {
    await rm(partial, { force: true });
  }
  return file;
}

/** PyPI's mistral-common brings it, which `npm test` and the benches install. */
function tekkenFile(): string {
  const named = process.env['TRAMONTANE_TEKKEN'];
  const [found] = named ? [named] : globSync('.tools/tekken/{lib/python*,Lib}/site-packages/mistral_common/data/tekken_240911.json', { cwd: root });
  if (found === undefined) throw new Error('The Tekken vocabulary is missing: "npm test -- native" installs it.');
  return path.resolve(root, found);
}

/** Why what needs the vocabulary is skipped, or false. */
export function missingTekken(): string | false {
  try {
    tekkenFile();
    return false;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

interface Tensor {
  readonly name: string;
  /** The length of a row first, as in GGUF. */
  readonly shape: readonly number[];
}

function tensorsOf(options: ModelOptions, vocabularySize: number): Tensor[] {
  const { width, feedForward, heads, kvHeads } = options;
  const kvWidth = (width / heads) * kvHeads;
  const layer = (index: number): Tensor[] => [
    { name: `blk.${index}.attn_norm.weight`, shape: [width] },
    { name: `blk.${index}.attn_q.weight`, shape: [width, width] },
    { name: `blk.${index}.attn_k.weight`, shape: [width, kvWidth] },
    { name: `blk.${index}.attn_v.weight`, shape: [width, kvWidth] },
    { name: `blk.${index}.attn_output.weight`, shape: [width, width] },
    { name: `blk.${index}.ffn_norm.weight`, shape: [width] },
    { name: `blk.${index}.ffn_gate.weight`, shape: [width, feedForward] },
    { name: `blk.${index}.ffn_up.weight`, shape: [width, feedForward] },
    { name: `blk.${index}.ffn_down.weight`, shape: [feedForward, width] },
  ];
  // Without an output matrix the library takes the embedding for it.
  return [
    { name: 'token_embd.weight', shape: [width, vocabularySize] },
    { name: 'output_norm.weight', shape: [width] },
    ...Array.from({ length: options.layers }, (_, index) => layer(index)).flat(),
  ];
}

/** Numbers of GGUF's types: F32, F16, Q8_0. */
const ggmlTypes = { f32: 0, f16: 1, q8_0: 8 } as const;
const quantizedBlock = 32;

async function writeModel(file: string, options: ModelOptions): Promise<void> {
  const vocabulary: Vocabulary =
    options.vocabulary === 'starter' ? readStarterVocabulary(readFileSync(starterModel), options.renamed) : readTekkenVocabulary(tekkenFile());
  const header = new GgufHeader();
  header.string('general.architecture', 'llama');
  header.string('general.name', `Random weights, ${options.vocabulary} vocabulary`);
  header.uint32('general.file_type', options.weights === 'f16' ? 1 : 7);
  header.uint32('llama.block_count', options.layers);
  header.uint32('llama.context_length', options.contextSize);
  header.uint32('llama.embedding_length', options.width);
  header.uint32('llama.feed_forward_length', options.feedForward);
  header.uint32('llama.attention.head_count', options.heads);
  header.uint32('llama.attention.head_count_kv', options.kvHeads);
  header.uint32('llama.vocab_size', vocabulary.size);
  header.uint32('llama.rope.dimension_count', options.width / options.heads);
  header.float32('llama.rope.freq_base', 10_000);
  header.float32('llama.attention.layer_norm_rms_epsilon', 1e-5);
  vocabulary.write(header);
  if (options.chatTemplate !== undefined) header.string('tokenizer.chat_template', options.chatTemplate);

  const tensors = tensorsOf(options, vocabulary.size);
  const typeOf = (tensor: Tensor) => (tensor.shape.length === 1 ? 'f32' : options.weights);
  for (const tensor of tensors) header.tensor(tensor.name, tensor.shape, ggmlTypes[typeOf(tensor)], bytesOf(tensor, typeOf(tensor)));
  const output = await open(file, 'wx');
  try {
    await output.writeFile(header.end());
    const random = new Random(options.seed);
    for (const tensor of tensors) {
      const data = dataOf(tensor, typeOf(tensor), random);
      await output.writeFile(data);
      await output.writeFile(Buffer.alloc((alignment - (data.length % alignment)) % alignment));
    }
  } finally {
    await output.close();
  }
}

const countOf = (tensor: Tensor) => tensor.shape.reduce((product, length) => product * length, 1);

function bytesOf(tensor: Tensor, type: keyof typeof ggmlTypes): number {
  const count = countOf(tensor);
  if (type === 'f32') return count * 4;
  return type === 'f16' ? count * 2 : (count / quantizedBlock) * (2 + quantizedBlock);
}

function dataOf(tensor: Tensor, type: keyof typeof ggmlTypes, random: Random): Buffer {
  if (type === 'f32') return Buffer.from(new Float32Array(countOf(tensor)).fill(1).buffer);
  const data = Buffer.allocUnsafe(bytesOf(tensor, type));
  random.fill(data);
  if (type === 'f16') {
    // Sign and mantissa stay random; the exponent makes it 2^-6 to 2^-5.
    for (let at = 1; at < data.length; at += 2) data[at] = ((data[at] as number) & 0b1000_0011) | (9 << 2);
    return data;
  }
  // A block is a scale (half precision, here 2^-12) and 32 signed bytes: -0.03 to 0.03.
  for (let at = 0; at < data.length; at += 2 + quantizedBlock) data.writeUInt16LE(3 << 10, at);
  return data;
}

/** Xorshift with 32 bits of state: https://en.wikipedia.org/wiki/Xorshift */
class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed, 0x9e3779b1) | 1;
  }

  fill(data: Buffer): void {
    const words = new Uint32Array(Math.ceil(data.length / 4));
    let state = this.#state;
    for (let index = 0; index < words.length; index++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      words[index] = state;
    }
    this.#state = state;
    Buffer.from(words.buffer, 0, data.length).copy(data);
  }
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: { vocabulary: { type: 'string' }, layers: { type: 'string' }, weights: { type: 'string' }, context: { type: 'string' }, seed: { type: 'string' } },
  });
  const preset = values.vocabulary === 'tekken' ? modelTekken : model100M;
  const options: ModelOptions = {
    ...preset,
    weights: values.weights === 'f16' ? 'f16' : preset.weights,
    layers: Number(values.layers ?? preset.layers),
    contextSize: Number(values.context ?? preset.contextSize),
    seed: Number(values.seed ?? preset.seed),
  };
  process.stdout.write(`${await ensureModel(options)}\n`);
}
