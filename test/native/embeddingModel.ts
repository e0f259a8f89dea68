// Writes a tiny model of the Bert architecture with random weights: the kind that is made for vectors, which has no KV state, looks at a
// whole text at once and averages it. It knows GGUF and the names of such a model's tensors; it must not know what is tested.
import { writeFileSync } from 'node:fs';
import { alignment, GgufHeader } from '../bench/models/ggufWriter.ts';

const width = 32;
const feedForward = 64;
const contextSize = 64;
const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
/** A word begins with the sign of a blank, as in files that llama.cpp's own tools write. */
const words = ['return', 'class', 'def', 'add', 'stack', ...Array.from('abcdefghijklmnopqrstuvwxyz0123456789()+-=:,.')].map((word) => `\u2581${word}`);
const tokens = [...special, ...words, ...Array.from('abcdefghijklmnopqrstuvwxyz0123456789')];

/** ggml's numbers of pooling and token types. */
const mean = 1;
const normal = 1;
const control = 3;
const float32 = 0;

export function writeEmbeddingModel(file: string): string {
  const header = new GgufHeader();
  header.string('general.architecture', 'bert');
  header.string('general.type', 'model');
  header.string('general.name', 'Random Bert');
  header.uint32('bert.block_count', 2);
  header.uint32('bert.context_length', contextSize);
  header.uint32('bert.embedding_length', width);
  header.uint32('bert.feed_forward_length', feedForward);
  header.uint32('bert.attention.head_count', 2);
  header.float32('bert.attention.layer_norm_epsilon', 1e-12);
  header.bool('bert.attention.causal', false);
  header.uint32('bert.pooling_type', mean);
  header.string('tokenizer.ggml.model', 'bert');
  header.uint32('tokenizer.ggml.token_type_count', 2);
  header.strings('tokenizer.ggml.tokens', tokens);
  header.int32s(
    'tokenizer.ggml.token_type',
    tokens.map((token) => (special.includes(token) ? control : normal)),
  );
  for (const [id, name] of ['padding', 'unknown', 'bos', 'seperator', 'mask'].entries()) header.uint32(`tokenizer.ggml.${name}_token_id`, id);
  header.uint32('tokenizer.ggml.cls_token_id', 2);

  const tensors: [name: string, shape: number[]][] = [
    ['token_embd.weight', [width, tokens.length]],
    ['token_types.weight', [width, 2]],
    ['position_embd.weight', [width, contextSize]],
    ['token_embd_norm.weight', [width]],
    ['token_embd_norm.bias', [width]],
  ];
  for (const block of ['blk.0', 'blk.1']) {
    for (const matrix of ['attn_q', 'attn_k', 'attn_v', 'attn_output'])
      tensors.push([`${block}.${matrix}.weight`, [width, width]], [`${block}.${matrix}.bias`, [width]]);
    for (const norm of ['attn_output_norm', 'layer_output_norm']) tensors.push([`${block}.${norm}.weight`, [width]], [`${block}.${norm}.bias`, [width]]);
    tensors.push([`${block}.ffn_up.weight`, [width, feedForward]], [`${block}.ffn_down.weight`, [feedForward, width]]);
    tensors.push([`${block}.ffn_up.bias`, [feedForward]], [`${block}.ffn_down.bias`, [width]]);
  }
  const data: Buffer[] = [];
  for (const [index, [name, shape]] of tensors.entries()) {
    const length = shape.reduce((product, side) => product * side, 1);
    const value = (at: number) => (name.endsWith('norm.weight') ? 1 : name.endsWith('bias') ? 0 : Math.sin(at * 12.9898 + index) / 4);
    const bytes = Buffer.from(Float32Array.from({ length }, (_, at) => value(at)).buffer);
    header.tensor(name, shape, float32, bytes.length);
    data.push(bytes, Buffer.alloc((alignment - (bytes.length % alignment)) % alignment));
  }
  writeFileSync(file, Buffer.concat([header.end(), ...data]));
  return file;
}
