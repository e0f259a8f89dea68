// LoRA adapters of a model: looked at before the library sees them, which ends the process on some (a wrong type of a value, weights
// that it cannot multiply), then laid over a context. It knows adapter files; it must not know requests.
import type { LlamaContext } from 'node-llama-cpp';
import { setLoras } from './addon.ts';
import type { AdapterHeader } from './ggufHeader.ts';
import { inspectGguf } from './ggufHeader.ts';
import { adapterProblem, headerProblem } from './modelProblems.ts';
import type { ModelProblem, ModelSpec } from './protocol/messages.ts';

/** F32, F16, Q8_0 and BF16: what adapters are made of. */
const weightTypes: ReadonlySet<number> = new Set([0, 1, 8, 30]);

/** @returns undefined when each file is an adapter for this architecture */
export async function adaptersProblem(loras: ModelSpec['loras'], architecture: string): Promise<ModelProblem | undefined> {
  for (const { path } of loras ?? []) {
    const header = await inspectGguf(path);
    if (header.verdict !== 'ok') {
      const problem = headerProblem(path, header);
      return problem && { ...problem, action: adapterProblem(path, '').action };
    }
    if (!header.adapter) return adapterProblem(path, 'this is a whole model, not a LoRA adapter.');
    if (header.architecture !== architecture) {
      return adapterProblem(path, `this LoRA adapter is for models of the architecture ${header.architecture}; the model in use is of ${architecture}.`);
    }
    const flaw = flawOf(header.adapter);
    if (flaw !== undefined) return adapterProblem(path, `this LoRA adapter cannot be used: ${flaw}.`);
  }
  return undefined;
}

/** @returns undefined when the library took all of them */
export async function layAdapters(context: LlamaContext, loras: ModelSpec['loras']): Promise<ModelProblem | undefined> {
  const laid: { filePath: string; scale: number }[] = [];
  for (const { path, scale } of loras ?? []) {
    laid.push({ filePath: path, scale });
    try {
      await setLoras(context, laid);
    } catch {
      return adapterProblem(path, 'this LoRA adapter was made for another model: its weights do not fit.');
    }
  }
  return undefined;
}

function flawOf({ kind, isAlphaFloat, tensors }: AdapterHeader): string | undefined {
  if (kind !== 'lora') return `it is of the kind ${JSON.stringify(kind.slice(0, 40))}`;
  if (!isAlphaFloat) return 'its scaling factor is not a number of the right type';
  const shapes = new Map(tensors.map(({ name, shape }) => [name, shape]));
  if (shapes.size < 2) return 'it holds no weights';
  for (const { name, shape, type } of tensors) {
    if (name.endsWith('_norm.weight')) continue;
    const match = /^(.*)\.lora_([ab])$/.exec(name);
    if (!match) return `its tensor ${JSON.stringify(name.slice(0, 80))} is no part of a LoRA adapter`;
    if (!weightTypes.has(type) || shape.length !== 2 || shape.includes(0)) return `its tensor ${JSON.stringify(name.slice(0, 80))} has an unknown form`;
    const [, weight, side] = match;
    const other = shapes.get(`${weight}.lora_${side === 'a' ? 'b' : 'a'}`);
    const rankOfA = weight?.endsWith('token_embd.weight') ? 0 : 1;
    if (!other || other[side === 'a' ? 0 : rankOfA] !== shape[side === 'a' ? rankOfA : 0]) return `the two halves of ${JSON.stringify(weight)} do not fit`;
  }
  return undefined;
}
