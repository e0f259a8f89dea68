// A model file that claims to be larger than any machine's memory and takes hardly any disk: a whole header, and a hole for the weights.
import { open, readFile } from 'node:fs/promises';
import { alignment, GgufHeader } from '../bench/models/ggufWriter.ts';
import { readStarterVocabulary } from '../bench/models/vocabularies.ts';
import { starterModel } from './localEngine.ts';

const q8 = 8;
const f32 = 0;
const width = 8192;
const feedForward = 28_672;

/** Each of the layers holds about 1 GB. */
export async function writeSparseModel(file: string, layers: number): Promise<void> {
  const vocabulary = readStarterVocabulary(await readFile(starterModel));
  const header = new GgufHeader();
  header.string('general.architecture', 'llama');
  header.uint32('llama.block_count', layers);
  header.uint32('llama.context_length', 4096);
  header.uint32('llama.embedding_length', width);
  header.uint32('llama.feed_forward_length', feedForward);
  header.uint32('llama.attention.head_count', 64);
  header.uint32('llama.attention.head_count_kv', 8);
  header.uint32('llama.vocab_size', vocabulary.size);
  header.float32('llama.attention.layer_norm_rms_epsilon', 1e-5);
  vocabulary.write(header);
  let dataBytes = 0;
  const matrix = (name: string, rows: number, columns: number) => {
    const bytes = (rows * columns * 34) / 32;
    header.tensor(name, [rows, columns], q8, bytes);
    dataBytes += Math.ceil(bytes / alignment) * alignment;
  };
  const vector = (name: string) => {
    header.tensor(name, [width], f32, width * 4);
    dataBytes += width * 4;
  };
  matrix('token_embd.weight', width, vocabulary.size);
  vector('output_norm.weight');
  for (let layer = 0; layer < layers; layer++) {
    vector(`blk.${layer}.attn_norm.weight`);
    matrix(`blk.${layer}.attn_q.weight`, width, width);
    matrix(`blk.${layer}.attn_k.weight`, width, width / 8);
    matrix(`blk.${layer}.attn_v.weight`, width, width / 8);
    matrix(`blk.${layer}.attn_output.weight`, width, width);
    vector(`blk.${layer}.ffn_norm.weight`);
    matrix(`blk.${layer}.ffn_gate.weight`, width, feedForward);
    matrix(`blk.${layer}.ffn_up.weight`, width, feedForward);
    matrix(`blk.${layer}.ffn_down.weight`, feedForward, width);
  }
  const output = await open(file, 'wx');
  try {
    const head = header.end();
    await output.writeFile(head);
    await output.truncate(head.length + dataBytes);
  } finally {
    await output.close();
  }
}
