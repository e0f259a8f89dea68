// Finds out by trial how a template wants conversations: small ones with words that are looked for in the result. It knows what templates
// differ in; it must not know any template. The idea is that of llama.cpp's minja (chat_template_caps).
import { evaluateTemplate } from './chatTemplateJinja.ts';
import type { TemplateMessage, TemplateRequest } from './chatTemplateRequest.ts';
import { type TemplateTraits, valuesFor } from './chatTemplateValues.ts';
import { asSentence } from './promptProblems.ts';

export type ProbedTemplate = { readonly outcome: 'ok'; readonly traits: TemplateTraits } | { readonly outcome: 'failed'; readonly cause: string };

const date = '2026-01-31T12:00';
const question = { role: 'user', content: 'kettle' } as const;
const call = (id: string, name: string, value: string) => ({ id, name, arguments: JSON.stringify({ place: value }) });
const tool = {
  name: 'toaster',
  description: 'marmalade',
  parameters: { type: 'object', properties: { place: { type: 'string', description: 'jam' } }, required: ['place'] },
};

const plainest: TemplateTraits = { typedContent: false, typedSystem: false, system: true, repeatsRoles: true, tools: true, noTools: 'null' };

/** @returns `failed` only where the template cannot render a single question */
export function probeTemplate(source: string, special: { readonly bos: string; readonly eos: string }): ProbedTemplate {
  const shows = (messages: readonly TemplateMessage[], traits: TemplateTraits, words: readonly string[], rest: Partial<TemplateRequest> = {}) => {
    const result = evaluateTemplate(source, valuesFor({ messages, date, ...rest }, traits, special), date);
    return result.outcome === 'ok' && words.every((word) => result.text.includes(word)) && !/\[object|\\"place/.test(result.text);
  };
  const asked = [false, true].flatMap((typedContent) => (['null', 'absent', 'empty'] as const).map((noTools) => ({ ...plainest, typedContent, noTools })));
  const usable = asked.find((tried) => shows([question], tried, ['kettle']));
  if (!usable) return { outcome: 'failed', cause: reasonOf(source, special) };
  let traits: TemplateTraits = usable;
  const answer = { role: 'assistant', content: 'saucer' } as const;
  const second = { role: 'user', content: 'teaspoon' } as const;
  const withSystem = [false, ...(traits.typedContent ? [true] : [])].map((typedSystem) => ({ ...traits, typedSystem }));
  const systemIsShown = withSystem.find((tried) => shows([{ role: 'system', content: 'napkin' }, question], tried, ['napkin', 'kettle']));
  traits = systemIsShown ?? { ...traits, system: false };
  traits = { ...traits, repeatsRoles: shows([question, second, answer, second], traits, ['kettle', 'teaspoon']) };
  traits = { ...traits, tools: shows([question], traits, ['kettle', 'toaster', 'marmalade'], { tools: [tool] }) };

  const called = (content: string, names: readonly string[]): TemplateMessage[] => [
    question,
    { role: 'assistant', content, toolCalls: names.map((name, index) => call(`abcdefgh${index}`, name, `${name}value`)) },
    ...names.map((name, index): TemplateMessage => ({ role: 'tool', content: `${name}result`, toolCallId: `abcdefgh${index}`, name })),
  ];
  const one = ['blender', 'blendervalue', 'blenderresult'];
  const two = [...one, 'grinder', 'grindervalue', 'grinderresult'];
  for (const kind of ['object', 'text'] as const) {
    for (const emptyContent of ['text', 'null'] as const) {
      const calls = { arguments: kind, emptyContent, withText: true, parallel: true };
      const tried = { ...traits, calls };
      if (!shows(called('', ['blender']), tried, one)) continue;
      const withText = shows(called('saucer', ['blender']), tried, [...one, 'saucer']);
      const parallel = shows(called('', ['blender', 'grinder']), tried, two);
      return { outcome: 'ok', traits: { ...traits, calls: { ...calls, withText, parallel } } };
    }
  }
  return { outcome: 'ok', traits };
}

function reasonOf(source: string, special: { readonly bos: string; readonly eos: string }): string {
  const result = evaluateTemplate(source, valuesFor({ messages: [question], date }, plainest, special), date);
  if (result.outcome === 'refused') return `The chat template of the model refuses the conversation: ${asSentence(result.cause)}`;
  if (result.outcome === 'broken') return `The chat template of the model cannot be evaluated: ${asSentence(result.cause)}`;
  return 'The chat template of the model leaves the question out.';
}
