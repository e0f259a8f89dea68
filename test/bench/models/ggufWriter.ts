// The head of a GGUF file: keys with values, then the list of tensors. https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
// It knows bytes; it must not know what a key means.

export const alignment = 32;

const version = 3;
const valueTypes = { uint32: 4, int32: 5, float32: 6, bool: 7, string: 8, array: 9 } as const;

export class GgufHeader {
  readonly #values: Buffer[] = [];
  readonly #tensors: Buffer[] = [];
  #valueCount = 0;
  #tensorCount = 0;
  #dataBytes = 0;

  string(key: string, value: string): void {
    this.#add(key, valueTypes.string, stringBytes(value));
  }

  uint32(key: string, value: number): void {
    this.#add(key, valueTypes.uint32, uint32Bytes(value));
  }

  float32(key: string, value: number): void {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(value);
    this.#add(key, valueTypes.float32, bytes);
  }

  bool(key: string, value: boolean): void {
    this.#add(key, valueTypes.bool, Buffer.from([value ? 1 : 0]));
  }

  strings(key: string, values: readonly string[]): void {
    this.#add(key, valueTypes.array, uint32Bytes(valueTypes.string), uint64Bytes(values.length), Buffer.concat(values.map(stringBytes)));
  }

  int32s(key: string, values: readonly number[]): void {
    this.#add(key, valueTypes.array, uint32Bytes(valueTypes.int32), uint64Bytes(values.length), Buffer.from(Int32Array.from(values).buffer));
  }

  /** Takes keys and their values as another file holds them. */
  copied(entry: Buffer): void {
    this.#valueCount++;
    this.#values.push(entry);
  }

  /** Tensors' data follow the head in this order, each padded to the alignment. */
  tensor(name: string, shape: readonly number[], type: number, bytes: number): void {
    this.#tensorCount++;
    this.#tensors.push(stringBytes(name), uint32Bytes(shape.length), ...shape.map(uint64Bytes), uint32Bytes(type), uint64Bytes(this.#dataBytes));
    this.#dataBytes += Math.ceil(bytes / alignment) * alignment;
  }

  end(): Buffer {
    const counts = [uint64Bytes(this.#tensorCount), uint64Bytes(this.#valueCount)];
    const head = Buffer.concat([Buffer.from('GGUF'), uint32Bytes(version), ...counts, ...this.#values, ...this.#tensors]);
    return Buffer.concat([head, Buffer.alloc((alignment - (head.length % alignment)) % alignment)]);
  }

  #add(key: string, type: number, ...value: Buffer[]): void {
    this.#valueCount++;
    this.#values.push(stringBytes(key), uint32Bytes(type), ...value);
  }
}

function uint32Bytes(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function uint64Bytes(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function stringBytes(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([uint64Bytes(bytes.length), bytes]);
}
