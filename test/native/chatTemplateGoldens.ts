// The conversations and goldens of test/fixtures/chat-templates, and a rendering without a model. It knows the fixtures' form.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ChatTemplateOfModel } from '../../native/chatTemplateOfModel.ts';
import type { RenderedRequest, TemplateMessage, TemplateRequest, TemplateTool, TemplateVocabulary } from '../../native/chatTemplateRequest.ts';
import { RenderProcess } from '../../native/renderProcess.ts';

const directory = path.join(import.meta.dirname, '../fixtures/chat-templates');
const read = (name: string): unknown => JSON.parse(readFileSync(path.join(directory, name), 'utf8'));

interface Conversation {
  readonly name: string;
  /** Messages whose calls have values as arguments. */
  readonly messages: readonly (Omit<TemplateMessage, 'toolCalls'> & { readonly toolCalls?: readonly { readonly arguments: unknown }[] })[];
  readonly tools?: readonly TemplateTool[];
  readonly prefill?: string;
}
export interface Golden {
  readonly name: string;
  readonly withoutTools?: boolean;
  readonly pieces: readonly ({ readonly special: string } | { readonly plain: string })[];
}

const conversations = read('conversations.json') as readonly Conversation[];
export const mistralGoldens = read('mistral.json') as Readonly<Record<string, readonly Golden[]>>;
export const familyGoldens = read('families.json') as Readonly<Record<string, readonly Golden[]>>;

export const date = '2026-01-31T12:00';
export const forever = new AbortController().signal;

/** The request of a golden: the fixtures hold arguments as values, the engine gets them as JSON text. */
export function requestOf(golden: Golden): TemplateRequest {
  const conversation = conversations.find((one) => one.name === golden.name)!;
  return {
    date,
    messages: conversation.messages.map(({ toolCalls, ...message }) => {
      const calls = toolCalls ? { toolCalls: toolCalls.map((call) => ({ ...call, arguments: JSON.stringify(call.arguments) })) } : {};
      return { ...message, ...calls } as TemplateMessage;
    }),
    ...(conversation.tools && !golden.withoutTools ? { tools: conversation.tools } : {}),
    ...(conversation.prefill === undefined ? {} : { prefill: conversation.prefill }),
  };
}

/** The parts in the goldens' form. */
export function piecesOf(rendered: RenderedRequest): unknown {
  return rendered.outcome === 'ok' ? rendered.parts.map(({ kind, text }) => (kind === 'template' ? { special: text } : { plain: text })) : rendered;
}

const mistralControl = ['[INST]', '[/INST]', '[AVAILABLE_TOOLS]', '[/AVAILABLE_TOOLS]', '[TOOL_RESULTS]', '[/TOOL_RESULTS]', '[TOOL_CALLS]', '[IMG]', '<unk>'];
const mistralV7 = [...mistralControl, '[SYSTEM_PROMPT]', '[/SYSTEM_PROMPT]', '[TOOL_CONTENT]'];

/** The control tokens of each family, as the engine finds them in a vocabulary. */
export const vocabularies: Readonly<Record<string, TemplateVocabulary>> = {
  v3: { bos: '<s>', eos: '</s>', controlTexts: mistralControl, userDefinedTexts: [] },
  v7: { bos: '<s>', eos: '</s>', controlTexts: mistralV7, userDefinedTexts: [] },
  v11: { bos: '<s>', eos: '</s>', controlTexts: [...mistralV7, '[ARGS]', '[CALL_ID]'], userDefinedTexts: [] },
  v13: { bos: '<s>', eos: '</s>', controlTexts: [...mistralV7, '[ARGS]', '[CALL_ID]', '[THINK]', '[/THINK]'], userDefinedTexts: [] },
  chatml: { bos: '', eos: '<|im_end|>', controlTexts: ['<|im_start|>', '<|im_end|>', '<|endoftext|>', '<|fim_prefix|>'], userDefinedTexts: [] },
  llama3: {
    bos: '<|begin_of_text|>',
    eos: '<|eot_id|>',
    controlTexts: ['<|begin_of_text|>', '<|start_header_id|>', '<|end_header_id|>', '<|eot_id|>', '<|eom_id|>', '<|python_tag|>'],
    userDefinedTexts: [],
  },
  deepseek: {
    bos: '<｜begin▁of▁sentence｜>',
    eos: '<｜end▁of▁sentence｜>',
    controlTexts: [
      ...['<｜User｜>', '<｜Assistant｜>', '<｜tool▁calls▁begin｜>', '<｜tool▁calls▁end｜>', '<｜tool▁call▁begin｜>', '<｜tool▁call▁end｜>'],
      ...['<｜tool▁sep｜>', '<｜tool▁outputs▁begin｜>', '<｜tool▁outputs▁end｜>', '<｜tool▁output▁begin｜>', '<｜tool▁output▁end｜>'],
    ],
    userDefinedTexts: [],
  },
  gemma: { bos: '<bos>', eos: '<eos>', controlTexts: ['<start_of_turn>', '<end_of_turn>', '<bos>', '<eos>'], userDefinedTexts: [] },
};

/** A process that may not start: known templates are evaluated in this one. */
const noProcess = new RenderProcess({ timeoutMs: 1, heapMegabytes: 1, idleMs: 1 }, '/nowhere/renderTemplate.mjs');

export function builtIn(family: string): ChatTemplateOfModel {
  return new ChatTemplateOfModel(undefined, vocabularies[family]!, noProcess);
}
