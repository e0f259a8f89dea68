// A bounded look at a GGUF file before the native library sees it. It knows the file format; it must not know what a model is for.
// The library's own reader hangs or aborts on crafted headers, so counts, lengths and the read size are limited here, and the
// length that the tensors need is compared with the file's.
// Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
import { HeaderError, HeaderReader, maxStringBytes } from './headerReader.ts';
import type { OpenedFile } from './regularFile.ts';
import { openRegularFile } from './regularFile.ts';
import { LateError, withinLimit } from './withinLimit.ts';

/** From spinning disks and over networks a header comes within seconds. */
export const readLimitMs = 20_000;

export type HeaderVerdict =
  | { readonly verdict: 'ok'; readonly architecture: string; readonly sizeBytes: number; readonly adapter?: AdapterHeader }
  | { readonly verdict: 'missing' }
  | { readonly verdict: 'unreadable'; readonly detail: string }
  | { readonly verdict: 'notGguf'; readonly detail: string }
  | { readonly verdict: 'truncated'; readonly sizeBytes: number; readonly neededBytes: number }
  | { readonly verdict: 'corrupt'; readonly detail: string };

/** Of a file whose `general.type` is `adapter`. */
export interface AdapterHeader {
  /** `adapter.type`; empty when it is not a text. */
  readonly kind: string;
  /** The library ends the process when the scaling factor is not a 32-bit float. */
  readonly isAlphaFloat: boolean;
  readonly tensors: readonly TensorHeader[];
}

interface TensorHeader {
  readonly name: string;
  /** The length of a row first. */
  readonly shape: readonly number[];
  /** The number of a ggml type. */
  readonly type: number;
}

const maxEntries = 65_536;
const maxArrayLength = 4 * 1024 * 1024;
const maxDimensions = 4;

/** Bytes of a value by its type in the metadata: u8 i8 u16 i16 u32 i32 f32 bool, then string and array (variable), then u64 i64 f64. */
const valueBytes: Readonly<Record<number, number>> = { 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 };
const uint32Type = 4;
const float32Type = 6;
const stringType = 8;
const arrayType = 9;

/** [elements in a block, bytes of a block] by ggml type; a type that is not listed is checked by its offset alone. */
const tensorBlocks: Readonly<Record<number, readonly [number, number]>> = {
  0: [1, 4],
  1: [1, 2],
  2: [32, 18],
  3: [32, 20],
  6: [32, 22],
  7: [32, 24],
  8: [32, 34],
  9: [32, 36],
  10: [256, 84],
  11: [256, 110],
  12: [256, 144],
  13: [256, 176],
  14: [256, 210],
  15: [256, 292],
  16: [256, 66],
  17: [256, 74],
  18: [256, 98],
  19: [256, 50],
  20: [32, 18],
  21: [256, 110],
  22: [256, 82],
  23: [256, 136],
  24: [1, 1],
  25: [1, 2],
  26: [1, 4],
  27: [1, 8],
  28: [1, 8],
  29: [256, 56],
  30: [1, 2],
  34: [256, 54],
  35: [256, 66],
  39: [32, 17],
};

async function skipValue(reader: HeaderReader, type: number): Promise<void> {
  const fixed = valueBytes[type];
  if (fixed !== undefined) return reader.skip(fixed);
  if (type === stringType) {
    await reader.skip(await reader.u64(maxStringBytes, 'the length of a value'));
    return;
  }
  if (type !== arrayType) throw new HeaderError('corrupt', `its metadata has a value of the unknown type ${type}`);
  const element = await reader.u32();
  const length = await reader.u64(maxArrayLength, 'the length of an array');
  const elementBytes = valueBytes[element];
  if (elementBytes !== undefined) return reader.skip(length * elementBytes);
  // Arrays of arrays are allowed by the format but used by no model: refused, since they could nest without end.
  if (element !== stringType) throw new HeaderError('corrupt', `its metadata has an array of the type ${element}`);
  for (let i = 0; i < length; i++) await reader.skip(await reader.u64(maxStringBytes, 'the length of a string'));
}

const wantedTexts: ReadonlySet<string> = new Set(['general.architecture', 'general.type', 'adapter.type']);

async function readHeader(reader: HeaderReader, sizeBytes: number): Promise<HeaderVerdict> {
  if (sizeBytes < 24 || (await reader.bytes(4)).toString('latin1') !== 'GGUF') throw new HeaderError('notGguf', 'it does not begin with the letters GGUF');
  const version = await reader.u32();
  if (version !== 2 && version !== 3) throw new HeaderError('notGguf', `it is of GGUF version ${version}; versions 2 and 3 are known`);
  const tensorCount = await reader.u64(maxEntries, 'the number of tensors');
  const metadataCount = await reader.u64(maxEntries, 'the number of metadata entries');
  const texts = new Map<string, string>();
  let isAlphaFloat = true;
  let alignment = 32;
  for (let i = 0; i < metadataCount; i++) {
    const key = await reader.string('a metadata key');
    const type = await reader.u32();
    if (key === 'adapter.lora.alpha') isAlphaFloat = type === float32Type;
    if (wantedTexts.has(key) && type === stringType) texts.set(key, await reader.string(key));
    else if (key === 'general.alignment' && type === uint32Type) alignment = await reader.u32();
    else if (key.endsWith('.block_count') && type === uint32Type) refuseLayers(await reader.u32());
    else await skipValue(reader, type);
  }
  if (alignment === 0 || alignment > 1024 * 1024) throw new HeaderError('corrupt', `its alignment is ${alignment}`);
  const isAdapter = texts.get('general.type') === 'adapter';
  const tensors: TensorHeader[] = [];
  let dataBytes = 0;
  for (let i = 0; i < tensorCount; i++) {
    const { end, ...tensor } = await tensorOf(reader);
    dataBytes = Math.max(dataBytes, end);
    if (isAdapter) tensors.push(tensor);
  }
  const dataStart = Math.ceil(reader.offset / alignment) * alignment;
  const neededBytes = dataStart + dataBytes;
  if (neededBytes > sizeBytes) return { verdict: 'truncated', sizeBytes, neededBytes };
  const adapter = isAdapter ? { adapter: { kind: texts.get('adapter.type') ?? '', isAlphaFloat, tensors } } : {};
  return { verdict: 'ok', architecture: texts.get('general.architecture') ?? '', sizeBytes, ...adapter };
}

/** The library has room for so many and ends the process at more. */
const mostLayers = 512;

function refuseLayers(count: number): void {
  if (count > mostLayers) throw new HeaderError('corrupt', `it claims to have ${count} layers`);
}

/** `end`: where the tensor's data ends, in bytes from the start of the data section. */
async function tensorOf(reader: HeaderReader): Promise<TensorHeader & { readonly end: number }> {
  const name = await reader.string('a tensor name');
  const dimensions = await reader.u32();
  if (dimensions > maxDimensions) throw new HeaderError('corrupt', `a tensor has ${dimensions} dimensions`);
  const shape: number[] = [];
  for (let d = 0; d < dimensions; d++) shape.push(await reader.u64(Number.MAX_SAFE_INTEGER, 'a tensor dimension'));
  const elements = shape.reduce((product, length) => product * length, 1);
  const type = await reader.u32();
  const block = tensorBlocks[type];
  const offset = await reader.u64(Number.MAX_SAFE_INTEGER, 'a tensor offset');
  if (!Number.isSafeInteger(elements)) throw new HeaderError('corrupt', 'a tensor is larger than any file');
  return { name, shape, type, end: block ? offset + Math.ceil(elements / block[0]) * block[1] : offset };
}

export interface InspectOptions {
  /** ms; a disk that is gone, or a file system of somebody's own making, may never answer, and all later loads would wait for this one. */
  readonly limitMs?: number;
  readonly open?: typeof openRegularFile;
}

/**
 * Paths that did not answer in time and have not since. They are not asked again: each question holds a thread, and the few there are evaluate
 * models, too.
 */
const silent = new Set<string>();

/** Never throws for what a file can contain. */
export async function inspectGguf(path: string, { limitMs = readLimitMs, open = openRegularFile }: InspectOptions = {}): Promise<HeaderVerdict> {
  if (silent.has(path)) return { verdict: 'unreadable', detail: 'it has not answered yet' };
  const tooLate = new AbortController();
  const inspecting = inspect(path, { open, tooLate: tooLate.signal });
  const onLate = () => {
    tooLate.abort();
    silent.add(path);
    const forget = () => silent.delete(path);
    inspecting.then(forget, forget);
  };
  try {
    return await withinLimit(inspecting, { limitMs, who: 'it', onLate });
  } catch (error) {
    if (error instanceof LateError) return { verdict: 'unreadable', detail: error.message };
    throw error;
  }
}

async function inspect(path: string, { open, tooLate }: { readonly open: typeof openRegularFile; readonly tooLate: AbortSignal }): Promise<HeaderVerdict> {
  let opened: OpenedFile;
  try {
    opened = await open(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { verdict: 'missing' };
    return { verdict: 'unreadable', detail: code ?? String(error) };
  }
  if (opened.outcome === 'notRegular') return { verdict: 'notGguf', detail: `it is ${opened.kind}` };
  const { handle, sizeBytes } = opened;
  try {
    return await readHeader(new HeaderReader(handle, tooLate), sizeBytes);
  } catch (error) {
    if (!(error instanceof HeaderError)) return { verdict: 'unreadable', detail: (error as NodeJS.ErrnoException).code ?? String(error) };
    if (error.kind === 'truncated') return { verdict: 'truncated', sizeBytes, neededBytes: 0 };
    return { verdict: error.kind, detail: error.message };
  } finally {
    await handle.close();
  }
}
