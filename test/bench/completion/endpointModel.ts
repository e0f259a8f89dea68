// Which model a running server has, as far as its HTTP API tells: its context, its name, which of the special tokens of the known families its
// vocabulary holds, and whether it can chat. It knows those answers and the families; it must not know what is asked of the model.
import * as v from 'valibot';
import { type FimFamily, fimFamilies } from '../../../server/core/prompt/fimFamilies.ts';
import type { ModelDescription } from '../../../server/inference/inference.ts';
import type { LlamaEndpoint } from '../peers/llamaEndpoint.ts';
import { PromptTokens } from '../peers/promptTokens.ts';
import { BenchProblem } from '../benchProblem.ts';

const text = v.string();
const propsSchema = v.object({
  default_generation_settings: v.object({ n_ctx: v.pipe(v.number(), v.integer(), v.minValue(1)) }),
  total_slots: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 1),
  model_path: v.optional(text),
  model_alias: v.optional(text),
  chat_template: v.optional(text, ''),
  bos_token: v.optional(text, ''),
  eos_token: v.optional(text, ''),
});
const modelsSchema = v.object({
  data: v.array(v.object({ meta: v.nullish(v.object({ size: v.optional(v.number()), n_ctx_train: v.optional(v.number()) })) })),
});

/** What `--endpoint-model` may be. */
export const endpointModels: readonly string[] = [...fimFamilies.map(({ name }) => name), 'chat'];
/** llama-server has this template for models that bring none. */
const chatmlSign = '<|im_start|>';

export interface EndpointModel {
  readonly endpoint: LlamaEndpoint;
  readonly description: ModelDescription;
  readonly tokens: PromptTokens;
  /** Requests that it works on at the same time. */
  readonly slots: number;
}

/** @param wanted one of `endpointModels`; by the vocabulary when absent, as the product chooses */
export async function describeEndpoint(endpoint: LlamaEndpoint, wanted?: string): Promise<EndpointModel> {
  const props = await endpoint.get('/props', propsSchema);
  // Only how large it is comes from there, and not every server says it.
  const models = await endpoint.get('/v1/models', modelsSchema).catch(() => undefined);
  const meta = models?.data[0]?.meta;
  const ofFamilies = fimFamilies.flatMap(tokensOf);
  const tokens = await PromptTokens.for(
    endpoint,
    [...ofFamilies, chatmlSign, props.bos_token, props.eos_token].filter((one) => one !== ''),
  );
  const found = [...tokens.special.keys()];
  const known = wanted === undefined ? found : tokensOfWanted(wanted, found);
  const contextSize = props.default_generation_settings.n_ctx;
  const path = props.model_path ?? props.model_alias ?? endpoint.address;
  return {
    endpoint,
    tokens,
    slots: props.total_slots,
    description: {
      path,
      name: (props.model_alias ?? path).split(/[\\/]/).at(-1) ?? path,
      architecture: 'not told',
      sizeBytes: meta?.size ?? 0,
      contextSize,
      trainContextSize: meta?.n_ctx_train ?? contextSize,
      specialTokens: known,
      hasChatTemplate: wanted === 'chat' || (props.chat_template !== '' && !(props.chat_template.includes(chatmlSign) && !found.includes(chatmlSign))),
      gpuLayers: 0,
    },
  };
}

const tokensOf = ({ tokens, others }: FimFamily) => [...tokens, ...(others?.tokens ?? [])];

/** Of that family alone, so that no more specific one is taken for it. */
function tokensOfWanted(wanted: string, found: readonly string[]): string[] {
  const family = fimFamilies.find(({ name }) => name === wanted);
  if (!family) return [];
  const missing = family.tokens.filter((token) => !found.includes(token));
  if (missing.length > 0) {
    throw new BenchProblem({
      cause: `The vocabulary of the endpoint's model lacks ${missing.join(', ')}, without which there is no "${wanted}" order.`,
      action: 'Leave out --endpoint-model, or name another of its values.',
    });
  }
  return tokensOf(family).filter((token) => found.includes(token));
}
