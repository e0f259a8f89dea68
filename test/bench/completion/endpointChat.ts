// A chat as token ids for a server that renders it with its model's own template: what people wrote is left out while the template is rendered and
// put back as plain text, so that none of it can become a special token. It knows chats and renderings; it must not know what they say.
import * as v from 'valibot';
import type { Prompt } from '../../../native/protocol/messages.ts';
import type { EndpointModel } from './endpointModel.ts';

type Chat = Extract<Prompt, { kind: 'chat' }>;

/** From the private use area, so that a template neither trims nor changes it. */
const placeholder = (index: number) => `\ue000${index}\ue001`;
const placeholders = /\ue000(\d+)\ue001/;
const renderingSchema = v.object({ prompt: v.string() });

/** @returns a sentence where this endpoint cannot be asked in this way */
export async function chatTokens({ endpoint, tokens }: EndpointModel, { messages, tools, prefill }: Chat): Promise<readonly number[] | string> {
  const texts = messages.map(({ content }) => content);
  if (tools || messages.some(({ role }) => role === 'tool')) return 'The bench asks an endpoint for no calls of tools.';
  const plain = texts.filter((one) => typeof one === 'string');
  if (plain.length < texts.length) return 'The bench sends no images to an endpoint.';
  const asked = messages.map(({ role }, index) => ({ role, content: placeholder(index) }));
  const { prompt } = await endpoint.post('/apply-template', { messages: asked, add_generation_prompt: true }, renderingSchema);
  // Split by a pattern with a group: texts and indexes in turn.
  const pieces = prompt
    .split(placeholders)
    .map((piece, at): Rendered => (at % 2 === 1 ? { kind: 'text', text: plain[Number(piece)] ?? '' } : { kind: 'template', text: piece }));
  if (pieces.filter(({ kind }) => kind === 'text').length < texts.length) return 'The chat template of the endpoint leaves messages out.';
  return tokens.ofRendering(joined([...pieces, { kind: 'text', text: prefill ?? '' }]));
}

interface Rendered {
  readonly kind: 'template' | 'text';
  readonly text: string;
}

/** Blanks of the template beside a text may share a token with it, as in the engine; no special token begins or ends with one. */
function joined(pieces: readonly Rendered[]): Rendered[] {
  const ending = (piece: Rendered | undefined) => (piece?.kind === 'template' ? piece.text.slice(piece.text.trimEnd().length) : '');
  const beginning = (piece: Rendered | undefined) => {
    const text = piece?.kind === 'template' ? piece.text : '';
    // Blanks alone belong to what comes behind them.
    return text.trim() === '' ? '' : text.slice(0, text.length - text.trimStart().length);
  };
  return pieces
    .map(({ kind, text }, at) => {
      const [before, behind] = [pieces[at - 1], pieces[at + 1]];
      if (kind === 'text') return { kind, text: ending(before) + text + beginning(behind) };
      const withoutEnd = behind ? text.trimEnd() : text;
      return { kind, text: before ? withoutEnd.trimStart() : withoutEnd };
    })
    .filter(({ text }) => text !== '');
}
