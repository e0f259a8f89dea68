// Writes LoRA adapters with random weights for the starter model, whole ones and ones with a flaw. It knows GGUF and the names of the
// model's tensors; it must not know what is tested.
import { writeFileSync } from 'node:fs';
import { alignment, GgufHeader } from '../bench/models/ggufWriter.ts';

export interface AdapterOptions {
  readonly type?: string;
  readonly architecture?: string;
  readonly kind?: string;
  /** The type of `adapter.lora.alpha` in the file. */
  readonly alphaType?: 'float32' | 'uint32' | 'string';
  readonly tensor?: string;
  /** Numbers of a row of the weight, and of its rows. */
  readonly shape?: readonly [number, number];
  readonly rankOfB?: number;
  /** A ggml type; the data are those of F32. */
  readonly weightType?: number;
  readonly halves?: readonly ('a' | 'b')[];
}

const rank = 4;
const float32 = 0;

/** For one attention matrix of the starter model, unless the options say otherwise. The same options give the same bytes. */
export function writeAdapter(file: string, options: AdapterOptions = {}): string {
  const [width, height] = options.shape ?? [256, 256];
  const header = new GgufHeader();
  header.string('general.type', options.type ?? 'adapter');
  header.string('general.architecture', options.architecture ?? 'llama');
  header.string('adapter.type', options.kind ?? 'lora');
  if (options.alphaType === 'string') header.string('adapter.lora.alpha', '8');
  else header[options.alphaType ?? 'float32']('adapter.lora.alpha', 8);
  const name = options.tensor ?? 'blk.2.attn_q.weight';
  const shapes = { a: [width, rank], b: [options.rankOfB ?? rank, height] } as const;
  const data: Buffer[] = [];
  for (const half of options.halves ?? ['a', 'b']) {
    const [row, rows] = shapes[half];
    const bytes = Buffer.from(Float32Array.from({ length: row * rows }, (_, at) => Math.sin(at * (half === 'a' ? 12.9898 : 78.233))).buffer);
    header.tensor(`${name}.lora_${half}`, [row, rows], options.weightType ?? float32, bytes.length);
    data.push(bytes, Buffer.alloc((alignment - (bytes.length % alignment)) % alignment));
  }
  writeFileSync(file, Buffer.concat([header.end(), ...data]));
  return file;
}
