// Where the head of a chat ends in its rendering: what comes before the last message of the user, which the next question will share.
// It knows renderings; it must not know tokens or templates.
import type { RenderedPart, TemplateRequest } from './chatTemplateRequest.ts';

export interface HeadBoundary {
  /** So many parts belong to the head as a whole. */
  readonly wholeParts: number;
  /** What of the next part belongs to it too. */
  readonly text: string;
}

/** The same conversation with another last question, which begins differently; undefined when nobody has asked anything. */
export function withOtherQuestion<Request extends Pick<TemplateRequest, 'messages'>>(request: Request): Request | undefined {
  const last = request.messages.findLastIndex((message) => message.role === 'user');
  const message = request.messages[last];
  if (message?.role !== 'user') return undefined;
  const { content } = message;
  const text = typeof content === 'string' ? content : content.map((part) => (part.kind === 'text' ? part.text : '')).join('');
  const other = /^\s*q/i.test(text) ? 'Z' : 'Q';
  return { ...request, messages: request.messages.with(last, { role: 'user', content: other }) };
}

/** @param other the rendering of the same conversation with another last question */
export function headBoundary(parts: readonly RenderedPart[], other: readonly RenderedPart[]): HeadBoundary {
  let wholeParts = 0;
  while (wholeParts < parts.length && parts[wholeParts]?.kind === other[wholeParts]?.kind && parts[wholeParts]?.text === other[wholeParts]?.text) wholeParts++;
  const [mine, theirs] = [parts[wholeParts], other[wholeParts]];
  if (mine?.kind !== 'content' || theirs?.kind !== 'content') return { wholeParts, text: '' };
  let length = 0;
  while (length < mine.text.length && mine.text[length] === theirs.text[length]) length++;
  return { wholeParts, text: mine.text.slice(0, length) };
}
