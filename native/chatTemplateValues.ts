// The variables that a chat template reads, made from a conversation and from what is known of the template. It knows the variable names
// that templates share; it must not know Jinja, tokens or models.
import type { TemplateValues } from './chatTemplateJinja.ts';
import type { TemplateMessage, TemplateRequest, TemplateTool, TemplateToolCall } from './chatTemplateRequest.ts';

/** How a template wants a conversation, found out by trial (chatTemplateTraits.ts). Plain data: it crosses to the render process and back. */
export interface TemplateTraits {
  /** Contents must be lists of parts; the system text has a rule of its own. */
  readonly typedContent: boolean;
  readonly typedSystem: boolean;
  /** A system text of its own; otherwise it is put before the first question. */
  readonly system: boolean;
  /** Two messages of one role may follow each other. */
  readonly repeatsRoles: boolean;
  /** Shows the tools that it is given. */
  readonly tools: boolean;
  /** What `tools` must be where there are none: some templates loop over it, others ask whether it is there. */
  readonly noTools: 'null' | 'absent' | 'empty';
  /** How a call must be given so that it is shown; absent where calls and results cannot be shown at all. */
  readonly calls?: {
    readonly arguments: 'object' | 'text';
    readonly emptyContent: 'text' | 'null';
    /** An answer may hold both text and calls. */
    readonly withText: boolean;
    /** An answer may hold several calls. */
    readonly parallel: boolean;
  };
}

export function valuesFor(request: TemplateRequest, traits: TemplateTraits, special: { readonly bos: string; readonly eos: string }): TemplateValues {
  const tools = request.tools ?? [];
  const messages = repeatRoles(splitParallelCalls(foldUnknown(foldSystem(request.messages, tools, traits), traits), traits), traits);
  return {
    messages: messages.map((message) => messageValue(message, traits)),
    ...(traits.tools && tools.length > 0 ? { tools: tools.map(toolValue) } : withoutTools[traits.noTools]),
    bos_token: special.bos,
    eos_token: special.eos,
    add_generation_prompt: true,
    // A beginning of the answer leaves no place for thinking before it.
    ...(request.prefill ? { enable_thinking: false, thinking: false } : {}),
  };
}

const withoutTools = { null: { tools: null }, absent: {}, empty: { tools: [] } } as const;

function toolValue(tool: TemplateTool): Readonly<Record<string, unknown>> {
  return { type: 'function', function: { name: tool.name, description: tool.description, parameters: tool.parameters } };
}

/** Text of any message: images have been refused before. */
function contentText(message: TemplateMessage): string {
  return typeof message.content === 'string' ? message.content : message.content.map((part) => (part.kind === 'text' ? part.text : '')).join('');
}

function messageValue(message: TemplateMessage, traits: TemplateTraits): Readonly<Record<string, unknown>> {
  const text = contentText(message);
  const content = (value: string) => ((message.role === 'system' ? traits.typedSystem : traits.typedContent) ? [{ type: 'text', text: value }] : value);
  switch (message.role) {
    case 'system':
    case 'user':
      return { role: message.role, content: content(text) };
    case 'tool':
      return { role: 'tool', content: content(text), tool_call_id: callId(message.toolCallId), name: message.name, content_value: jsonOrText(text) };
    case 'assistant': {
      const { reasoning, answer } = splitReasoning(text);
      const thought = reasoning === undefined ? {} : { reasoning_content: reasoning };
      const { calls } = traits;
      if (!message.toolCalls?.length || !calls) return { role: 'assistant', content: content(answer), ...thought };
      const said = calls.withText ? answer : '';
      return {
        role: 'assistant',
        content: said === '' && calls.emptyContent === 'null' ? null : content(said),
        ...thought,
        tool_calls: message.toolCalls.map((call) => ({
          id: callId(call.id),
          type: 'function',
          function: { name: call.name, arguments: calls.arguments === 'text' ? call.arguments : jsonOrText(call.arguments) },
        })),
      };
    }
  }
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

/** Mistral's formats want exactly nine letters and digits, and no other format minds them. */
function callId(id: string): string {
  if (/^[A-Za-z0-9]{9}$/.test(id)) return id;
  // FNV-1a, twice: not for secrecy, only so that a call and its result get the same short name.
  let [low, high] = [0x811c9dc5, 0x01000193];
  for (let at = 0; at < id.length; at++) {
    low = Math.imul(low ^ id.charCodeAt(at), 0x01000193);
    high = Math.imul(high ^ (id.charCodeAt(at) + at), 0x01000193);
  }
  return `${(low >>> 0).toString(36)}${(high >>> 0).toString(36)}000000000`.slice(0, 9);
}

/** Reasoning models think before they answer; later turns are shown without it, or with it in a place of its own. */
function splitReasoning(text: string): { readonly reasoning?: string; readonly answer: string } {
  const found = /^\s*<think>([\s\S]*?)<\/think>\s*/.exec(text);
  return found ? { reasoning: (found[1] ?? '').trim(), answer: text.slice(found[0].length) } : { answer: text };
}

/** Puts the system text before the first question where the template has no place for it, and the tools likewise. */
function foldSystem(messages: readonly TemplateMessage[], tools: readonly TemplateTool[], traits: TemplateTraits): readonly TemplateMessage[] {
  const shownTools = tools.length > 0 && !traits.tools ? [toolsAsText(tools)] : [];
  const systems = messages.filter((message) => message.role === 'system');
  if (shownTools.length === 0 && (systems.length === 0 || (traits.system && systems.length === 1 && messages[0]?.role === 'system'))) return messages;
  const text = [...systems.map((message) => message.content), ...shownTools].join('\n\n');
  const rest = messages.filter((message) => message.role !== 'system');
  if (traits.system) return [{ role: 'system', content: text }, ...rest];
  const first = rest.findIndex((message) => message.role === 'user');
  if (first < 0) return [{ role: 'user', content: text }, ...rest];
  return rest.map((message, index) => (index === first ? { role: 'user', content: `${text}\n\n${contentText(message)}` } : message));
}

/** For models whose template has no tools: the fence that server/core/toolCalls/fencedCalls.ts reads. */
function toolsAsText(tools: readonly TemplateTool[]): string {
  const shown = tools.map((tool) => JSON.stringify({ name: tool.name, description: tool.description, parameters: tool.parameters })).join('\n');
  return `You can call these tools, given one a line as JSON:\n${shown}\n\nTo call a tool, write only this, with one JSON object, and wait for its result:\n\`\`\`tool\n{"name": "...", "arguments": {...}}\n\`\`\``;
}

function callAsText(call: TemplateToolCall): string {
  return `\`\`\`tool\n{"name": ${JSON.stringify(call.name)}, "arguments": ${call.arguments}}\n\`\`\``;
}

/** Calls and results as plain messages where the template cannot show them. */
function foldUnknown(messages: readonly TemplateMessage[], traits: TemplateTraits): readonly TemplateMessage[] {
  if (traits.calls) return messages;
  return messages.map((message) => {
    if (message.role === 'tool') return { role: 'user', content: `Result of ${message.name}:\n${message.content}` };
    if (message.role !== 'assistant' || !message.toolCalls?.length) return message;
    return { role: 'assistant', content: [message.content, ...message.toolCalls.map(callAsText)].filter((text) => text !== '').join('\n') };
  });
}

/** One call an answer, each followed by its result, where the template refuses several at once. */
function splitParallelCalls(messages: readonly TemplateMessage[], traits: TemplateTraits): readonly TemplateMessage[] {
  if (!traits.calls || traits.calls.parallel) return messages;
  const split: TemplateMessage[] = [];
  const placed = new Set<TemplateMessage>();
  for (const message of messages) {
    if (placed.has(message)) continue;
    if (message.role !== 'assistant' || (message.toolCalls?.length ?? 0) < 2) {
      split.push(message);
      continue;
    }
    for (const [index, call] of (message.toolCalls ?? []).entries()) {
      split.push({ role: 'assistant', content: index === 0 ? message.content : '', toolCalls: [call] });
      const result = messages.find((one) => one.role === 'tool' && one.toolCallId === call.id && !placed.has(one));
      if (!result) continue;
      placed.add(result);
      split.push(result);
    }
  }
  return split;
}

/** Merges neighbours of one role where the template insists that roles alternate. */
function repeatRoles(messages: readonly TemplateMessage[], traits: TemplateTraits): readonly TemplateMessage[] {
  if (traits.repeatsRoles) return messages;
  const merged: TemplateMessage[] = [];
  for (const message of messages) {
    const last = merged.at(-1);
    const mergeable =
      last?.role === message.role && (message.role === 'user' || (message.role === 'assistant' && !message.toolCalls && !('toolCalls' in last)));
    if (!mergeable || !last) merged.push(message);
    else merged[merged.length - 1] = { role: last.role as 'user', content: `${contentText(last)}\n\n${contentText(message)}` };
  }
  return merged;
}
