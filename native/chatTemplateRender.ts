// One conversation through one template: shield, evaluate, cut into parts, append the beginning of the answer. It knows the order of these
// steps and what makes a rendering unusable; it must not know where a template is evaluated.
import type { Evaluation, TemplateValues } from './chatTemplateJinja.ts';
import type { RenderedPart, RenderedRequest, TemplateRequest } from './chatTemplateRequest.ts';
import { Shield, type ShieldPlan } from './chatTemplateShield.ts';
import { type TemplateTraits, valuesFor } from './chatTemplateValues.ts';
import { asSentence } from './promptProblems.ts';

export const imagesRefused = {
  cause: 'This model cannot look at images here: the local engine reads text only.',
  action: 'Remove the image from the conversation.',
};

export interface PreparedRendering {
  /** What the template gets: texts of people are shielded. */
  readonly values: TemplateValues;
  finish(evaluation: Evaluation): RenderedRequest;
}

export function hasImage(request: TemplateRequest): boolean {
  return request.messages.some((message) => typeof message.content !== 'string' && message.content.some((part) => part.kind === 'image'));
}

export function prepareRendering(
  request: TemplateRequest,
  template: { readonly source: string; readonly traits: TemplateTraits; readonly plan: ShieldPlan },
  special: { readonly bos: string; readonly eos: string },
): PreparedRendering {
  const plain = valuesFor(request, template.traits, special);
  const shield = new Shield(template.plan, [template.source, ...textsOf(plain)]);
  const values = {
    ...plain,
    messages: (plain.messages as readonly Readonly<Record<string, unknown>>[]).map((message) => shieldMessage(message, shield)),
    ...('tools' in plain ? { tools: shieldTools(plain.tools, shield) } : {}),
  };
  return {
    values,
    finish: (evaluation) => {
      if (evaluation.outcome !== 'ok') {
        const verb = evaluation.outcome === 'refused' ? 'refuses' : 'cannot render';
        return { outcome: 'failed', cause: `The chat template of the model ${verb} this conversation: ${asSentence(shield.plain(evaluation.cause))}` };
      }
      const { text } = evaluation;
      const lost = request.messages.some((message) => (message.role === 'user' || message.role === 'system') && !isShown(message.content, text, shield));
      if (lost) return { outcome: 'failed', cause: 'The chat template of the model leaves a message out.' };
      return { outcome: 'ok', parts: withPrefill(shield.restore(text), shield.restore(shield.text(request.prefill ?? ''))) };
    },
  };
}

/** Everything but what the format itself names: roles, types and the names of members. */
function shieldMessage(message: Readonly<Record<string, unknown>>, shield: Shield): Readonly<Record<string, unknown>> {
  const { role, content, tool_calls: calls, ...rest } = message;
  return {
    role,
    content: Array.isArray(content)
      ? content.map((part: { readonly text: string }) => ({ type: 'text', text: shield.text(part.text) }))
      : shield.value(content),
    ...Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, shield.value(value)])),
    ...(Array.isArray(calls)
      ? {
          tool_calls: calls.map((call: { readonly id: string; readonly type: string; readonly function: Readonly<Record<string, unknown>> }) => ({
            id: shield.text(call.id),
            type: call.type,
            function: { name: shield.value(call.function.name), arguments: shield.value(call.function.arguments) },
          })),
        }
      : {}),
  };
}

function shieldTools(tools: unknown, shield: Shield): unknown {
  if (!Array.isArray(tools)) return tools;
  return tools.map((tool: { readonly type: string; readonly function: Readonly<Record<string, unknown>> }) => ({
    type: tool.type,
    function: Object.fromEntries(Object.entries(tool.function).map(([name, value]) => [name, shield.value(value)])),
  }));
}

function* textsOf(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (Array.isArray(value)) for (const one of value) yield* textsOf(one);
  else if (typeof value === 'object' && value !== null) {
    for (const [name, one] of Object.entries(value)) {
      yield name;
      yield* textsOf(one);
    }
  }
}

/** As much of a text's ends as is looked for: searching for a long text that repeats itself takes time in its square. */
const searchedCharacters = 200;

/** A template may trim a text, quote it as JSON or change its case, but it must not drop it. */
function isShown(content: TemplateRequest['messages'][number]['content'], rendered: string, shield: Shield): boolean {
  const texts = typeof content === 'string' ? [content] : content.map((part) => (part.kind === 'text' ? part.text : ''));
  return texts.every((text) => {
    const shielded = shield.text(text).trim();
    return (
      endsOf(shielded).every((end) => rendered.includes(end) || rendered.includes(JSON.stringify(end).slice(1, -1))) || isShownBarely(text, rendered, shield)
    );
  });
}

function isShownBarely(text: string, rendered: string, shield: Shield): boolean {
  const bare = (one: string) =>
    shield
      .plain(one)
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}]+/gu, '');
  const all = bare(rendered);
  return endsOf(bare(text)).every((end) => all.includes(end));
}

function endsOf(text: string): readonly string[] {
  return text.length <= 2 * searchedCharacters ? [text] : [text.slice(0, searchedCharacters), text.slice(-searchedCharacters)];
}

/** Where the template has just opened the model's thinking, it is closed again: the beginning belongs to the answer. */
function withPrefill(parts: readonly RenderedPart[], prefill: readonly RenderedPart[]): readonly RenderedPart[] {
  if (prefill.length === 0) return parts;
  const all = [...parts];
  const tail = all.slice(-2).map((part) => part.text);
  if (/<think>\s*$/.test(tail.join(''))) {
    const kind = tail.includes('<think>') ? 'template' : 'content';
    all.push({ kind, text: '</think>' }, { kind: 'content', text: '\n\n' });
  }
  // Text that meets is one part: words must not be cut where two texts meet.
  const last = all.at(-1);
  const [first, ...rest] = prefill;
  if (last?.kind === 'content' && first) all.splice(-1, 1, { kind: 'content', text: last.text + first.text }, ...rest);
  else all.push(...prefill);
  return all;
}
