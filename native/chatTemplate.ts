// Renders a chat with the template that the model file brings. It knows Jinja and where the texts of people stand in the result;
// it must not know tokens or models.
// Each message is rendered as a placeholder and the result is cut at the placeholders, so that the template's own text is tokenized
// with special tokens and what people (or files) wrote never is.
import { randomBytes } from 'node:crypto';
import { Template } from '@huggingface/jinja';
import type { ChatMessage } from './protocol/messages.ts';

export interface RenderedPart {
  /** `template`: may hold special tokens; `content`: plain text. */
  readonly kind: 'template' | 'content';
  readonly text: string;
}

export type RenderedChat = { readonly outcome: 'ok'; readonly parts: readonly RenderedPart[] } | { readonly outcome: 'failed'; readonly cause: string };

/** Longest template that is rendered, in characters: the longest published ones have about 10,000. */
const maxTemplateCharacters = 100_000;

export function renderChat(template: string, messages: readonly ChatMessage[], special: { readonly bos: string; readonly eos: string }): RenderedChat {
  if (template.length > maxTemplateCharacters) return { outcome: 'failed', cause: 'The chat template of the model is too long.' };
  const nonce = randomBytes(12).toString('hex');
  const placeholder = (index: number) => `\u0001${nonce}-${index}\u0001`;
  let rendered: string;
  try {
    rendered = new Template(template).render({
      messages: messages.map((message, index) => ({ role: message.role, content: placeholder(index) })),
      bos_token: special.bos,
      eos_token: special.eos,
      add_generation_prompt: true,
    });
  } catch (error) {
    return {
      outcome: 'failed',
      cause: `The chat template of the model cannot render this conversation: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
  const parts: RenderedPart[] = [];
  const pattern = new RegExp(`\u0001${nonce}-(\\d+)\u0001`, 'g');
  let from = 0;
  const used = new Set<number>();
  for (const match of rendered.matchAll(pattern)) {
    if (match.index > from) parts.push({ kind: 'template', text: rendered.slice(from, match.index) });
    const index = Number(match[1]);
    used.add(index);
    parts.push({ kind: 'content', text: messages[index]?.content ?? '' });
    from = match.index + match[0].length;
  }
  if (from < rendered.length) parts.push({ kind: 'template', text: rendered.slice(from) });
  if (used.size < messages.length) return { outcome: 'failed', cause: 'The chat template of the model leaves a message out.' };
  return { outcome: 'ok', parts };
}
