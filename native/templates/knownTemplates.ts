// Which templates are known: by hash those that may be evaluated in the engine's own process, and by their control tokens the families
// whose format stands in when a file brings no usable template. It must not know how anything is rendered.
import { createHash } from 'node:crypto';
import { chatmlTemplate, deepseekTemplate, gemmaTemplate, llama3Template } from './families.ts';
import { type MistralVersion, mistralTemplate } from './mistral.ts';

export interface BuiltInTemplate {
  readonly name: string;
  readonly source: string;
}

const mistral = (version: MistralVersion): BuiltInTemplate => ({ name: `Mistral ${version.toUpperCase()}`, source: mistralTemplate(version) });

/**
 * The format of the family that the control tokens show.
 * @returns undefined where they show none: guessing a format would make the model answer badly without a word
 */
export function builtInTemplate(controlTexts: Iterable<string>): BuiltInTemplate | undefined {
  const has = new Set(controlTexts);
  if (has.has('[INST]')) {
    if (has.has('[THINK]')) return mistral('v13');
    if (has.has('[ARGS]')) return mistral('v11');
    return mistral(has.has('[SYSTEM_PROMPT]') ? 'v7' : 'v3');
  }
  if (has.has('<|im_start|>')) return { name: 'ChatML', source: chatmlTemplate };
  if (has.has('<|start_header_id|>')) return { name: 'Llama 3', source: llama3Template };
  if (has.has('<｜User｜>')) return { name: 'DeepSeek', source: deepseekTemplate };
  if (has.has('<start_of_turn>')) return { name: 'Gemma', source: gemmaTemplate };
  return undefined;
}

/** Ends of lines at the end get lost or added when files are converted. */
function templateHash(source: string): string {
  return createHash('sha256').update(source.trimEnd()).digest('hex').slice(0, 32);
}

/** Published templates that have been read and run here: they end, whatever the conversation. */
const published: ReadonlySet<string> = new Set([
  '26a59556925c987317ce5291811ba3b7', // Mixtral 8x7B Instruct v0.1
  '7e995b379ec01747807246483647cd99', // Mistral 7B Instruct v0.1
  '7a2fad4301dcce93b13747dfd6ee5fa6', // Qwen 1.5
  '55b2f4a26ac9ee719330a61a0c39d9e5', // Qwen 2.5
  'a0bc6f6fc7a29a80017a433e8f03a1cc', // Qwen 2.5 VL
  '87a2728cb8dc9fe424d624542f6060ec', // Qwen 3
  'e170ef631e66ca85d3196beb916e8299', // Qwen 3.5
  '153280e3ff55d19da1398bdb3914ee2a', // ChatML
  '93c0e9aa3629bbd77e68dbc0f5621f6e', // Llama 3.1
  '3c5f388db79db1ea497ffb38642655d8', // Llama 3.2 Vision
  'be7f8f15473ed3f98fd513d422daef97', // Llama 2
  '3a3036eeb96ca0e48565fc1f19b4d7d3', // DeepSeek R1
  '8aeba567270fa9a8d5372caf4b04affe', // DeepSeek LLM
  '993c0af704bad76aeba4263a5318f787', // DeepSeek Coder
  'e6a3ce22715b2497d33693b98a1ef825', // Hermes 2 Pro
  '3b0ed4adbd8b6693d8435a87e844c701', // Kimi K2 Thinking
  '03b1bbff20331e54647c68167e8ac7f0', // GLM 5.1
  'eae9f0858de3067f1480533467d938b4', // GLM 4.5 Air
  '80bc7aaead960f97df80fea970d46c99', // GLM 4.7 Flash
  '9f483f5c9d9f7427fec7c8ed7fec7c77', // Gemma 4
  'ad0327fea73ccec79e517ddbf53c21ed', // Gemma 4, later
  '0d4a3d95db6a36ac45106b07f0503cd5', // FunctionGemma
  '0c03b6ccacabf3dfd4aabcd4c571c638', // gpt-oss
  '70da0d2348e40aaf8dad05f04a316835', // gpt-oss, later
  '51db3750c3fc38595fe5f3421454c4cb', // LFM 2.5
  '3e0e275a527f249670056e0078e474ea', // SmolLM 3
  'dbd75fe18b14711fa5968600a6f5c974', // MiniCPM 3
]);

/**
 * Published templates that are wrong: blanks that Mistral's library does not write, a question left unmerged, quotes not escaped in the
 * descriptions of tools. What the model was trained on stands in their place.
 */
const replaced: ReadonlyMap<string, MistralVersion> = new Map([
  ['af6311f48482378c1163ba7183c0cefa', 'v3'], // Mistral 7B Instruct v0.3
  ['736dba5c1d552a0ddde5164a64792bd2', 'v3'], // Mistral 7B Instruct v0.3 (GGUF)
  ['c7a94f505398612940c13ee95070d0d1', 'v3'], // Mistral Nemo
]);

/** The template to use for one that a file brings: itself, or the right one where it is known to be wrong. */
export function templateToUse(source: string): string {
  const version = replaced.get(templateHash(source));
  return version ? mistralTemplate(version) : source;
}

/** True for templates that need no process of their own. */
export function isKnownTemplate(source: string): boolean {
  return published.has(templateHash(source)) || builtIns.has(source);
}

const builtIns: ReadonlySet<string> = new Set([
  ...(['v3', 'v7', 'v11', 'v13'] as const).map((version) => mistralTemplate(version)),
  chatmlTemplate,
  llama3Template,
  deepseekTemplate,
  gemmaTemplate,
]);
