// Prompts in the starter model's own layout, for tests that speak to the engine without the features above it.
import type { Prompt } from '../../native/protocol/messages.ts';
import type { GenerateRequest } from '../../server/inference/inference.ts';

export function holePrompt(prefix: string, suffix: string): Prompt {
  return {
    kind: 'parts',
    parts: [
      { kind: 'special', token: '<|fim_suffix|>' },
      { kind: 'text', text: suffix },
      { kind: 'special', token: '<|fim_prefix|>' },
      { kind: 'text', text: prefix, lineMarker: '<|cursor_line|>' },
    ],
  };
}

export function holeRequest(prefix: string, over: Partial<GenerateRequest> = {}): GenerateRequest {
  return { prompt: holePrompt(prefix, '\n\nprint(add(1, 2))\n'), priority: 'inline', maxTokens: 24, temperature: 0, stop: [], forbidEndFirst: true, ...over };
}

export function chatRequest(content: string, over: Partial<GenerateRequest> = {}): GenerateRequest {
  return {
    prompt: { kind: 'chat', messages: [{ role: 'user', content }] },
    priority: 'chat',
    maxTokens: 200,
    temperature: 0,
    stop: [],
    forbidEndFirst: true,
    ...over,
  };
}

/** Code of about `lines` lines that never repeats, so that no prefix is shared by accident. */
export function longCode(lines: number, seed: number): string {
  return Array.from(
    { length: lines },
    (_, line) => `const value${seed}_${line} = compute(${(line * 7919 + seed) % 1000}, "${(line * 104_729 + seed).toString(36)}");`,
  ).join('\n');
}

export const forever = new AbortController().signal;
