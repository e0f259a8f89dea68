// One conversation and the turn that is under way: asks, gathers the answer, stops, asks again, and keeps what came.
// A question is never lost: whatever goes wrong, it stays with the reason beside it. It must not know VS Code or LSP.
import { randomUUID } from 'node:crypto';
import type { ChatAttachment, ChatParams, ChatResult } from '../server/protocol/chat.ts';
import { shownSentence } from './chatContext.ts';
import type { Conversation } from './conversations.ts';
import { type AssistantMessage, type ChatMessage, chatLimits, type Problem, type ToWebview, type UserMessage } from './protocol/chatMessages.ts';

export interface ChatSessionOptions {
  readonly sendChat: (params: ChatParams, onText: (text: string) => void, signal: AbortSignal) => Promise<ChatResult>;
  readonly save: (conversation: Conversation, when: 'soon' | 'now') => void;
  readonly post: (message: ToWebview) => void;
  readonly onAnswering: (answering: boolean) => void;
  /** A short name of a file for the user. */
  readonly nameOf: (uri: string) => string;
  readonly log: { readonly error: (message: string) => void };
}

/** What goes along with a question, and the labels under which the user saw it. */
export interface TurnContext {
  readonly attachments: readonly ChatAttachment[];
  readonly labels: readonly string[];
}

/** An answer that is being written. Once it is `over`, whatever still arrives for it is ignored. */
interface Turn {
  readonly controller: AbortController;
  answer: AssistantMessage;
  over: boolean;
}

export class ChatSession {
  readonly #options: ChatSessionOptions;
  #conversation: Conversation;
  #turn: Turn | undefined;

  constructor(conversation: Conversation, options: ChatSessionOptions) {
    this.#conversation = conversation;
    this.#options = options;
  }

  get messages(): readonly ChatMessage[] {
    return this.#conversation.messages;
  }

  get answering(): boolean {
    return this.#turn !== undefined;
  }

  /** Shows another conversation; an answer that is being written stays, stopped, in its own. */
  show(conversation: Conversation): void {
    this.stop();
    this.#conversation = conversation;
    this.#options.save(conversation, 'now');
    this.#options.post({ type: 'conversation', messages: conversation.messages });
  }

  /** Resolves when the answer is finished, stopped or refused; never rejects. */
  async ask(text: string, context: TurnContext): Promise<void> {
    this.stop();
    const question: UserMessage = { role: 'user', id: randomUUID(), text, attached: [...context.labels] };
    // The oldest turns leave by pairs, so that a conversation always begins with a question.
    const kept = this.messages.slice(-(chatLimits.messages - 2));
    const first = kept.findIndex((message) => message.role === 'user');
    this.#replaceMessages([...(first === -1 ? [] : kept.slice(first)), question]);
    this.#options.post({ type: 'message', message: question });
    await this.#answer(context.attachments);
  }

  /** Asks the question before this answer again; the answer and all that follows it go. */
  async retry(answerId: string, context: TurnContext): Promise<void> {
    const index = this.messages.findIndex((message) => message.id === answerId);
    const question = this.messages[index - 1];
    if (question?.role !== 'user') return;
    this.stop();
    this.#replaceMessages([...this.messages.slice(0, index - 1), { ...question, attached: [...context.labels] }]);
    this.#options.post({ type: 'conversation', messages: [...this.messages] });
    await this.#answer(context.attachments);
  }

  /** Takes effect at once, whether or not the server still answers. */
  stop(): void {
    this.#end('stopped');
  }

  /** The window goes away. */
  dispose(): void {
    this.#end('interrupted');
  }

  #end(state: 'stopped' | 'interrupted'): void {
    const turn = this.#turn;
    if (!turn) return;
    this.#finish(turn, { state });
    turn.controller.abort();
  }

  async #answer(attachments: readonly ChatAttachment[]): Promise<void> {
    const messages = history(this.messages);
    const turn: Turn = { controller: new AbortController(), answer: { role: 'assistant', id: randomUUID(), text: '', state: 'streaming' }, over: false };
    this.#turn = turn;
    this.#replaceMessages([...this.messages, turn.answer]);
    this.#options.post({ type: 'message', message: turn.answer });
    this.#options.save(this.#conversation, 'now');
    this.#options.onAnswering(true);
    try {
      const result = await this.#options.sendChat({ messages, attachments: [...attachments] }, (text) => this.#grow(turn, text), turn.controller.signal);
      this.#finish(turn, this.#ending(result, turn.answer.text, attachments));
    } catch (error) {
      // A request that was cancelled may well end with an error: its answer is over, and nobody waits for it.
      if (turn.over) return;
      const message = error instanceof Error ? error.message : String(error);
      this.#options.log.error(`The chat turn failed: ${message}`);
      this.#finish(
        turn,
        failed('unexpected', { cause: `The question could not be answered: ${message}`, action: 'Ask again; the log of Tramontane says more.' }),
      );
    }
  }

  #grow(turn: Turn, text: string): void {
    if (turn.over || text === '') return;
    const offset = turn.answer.text.length;
    const fitting = text.slice(0, chatLimits.answerChars - offset);
    turn.answer = { ...turn.answer, text: turn.answer.text + fitting };
    this.#store(turn.answer);
    this.#options.post({ type: 'text', id: turn.answer.id, offset, text: fitting });
    this.#options.save(this.#conversation, 'soon');
    if (turn.answer.text.length < chatLimits.answerChars) return;
    this.#finish(turn, { state: 'length' });
    turn.controller.abort();
  }

  #finish(turn: Turn, ending: Partial<AssistantMessage>): void {
    if (turn.over) return;
    turn.over = true;
    this.#turn = undefined;
    turn.answer = { ...turn.answer, ...ending };
    this.#store(turn.answer);
    this.#options.post({ type: 'message', message: turn.answer });
    this.#options.save(this.#conversation, 'now');
    this.#options.onAnswering(false);
  }

  #ending(result: ChatResult, soFar: string, attachments: readonly ChatAttachment[]): Partial<AssistantMessage> {
    if (result.outcome === 'cancelled') return { state: 'stopped' };
    if (result.outcome !== 'ok') return failed(result.outcome, result);
    const text = (result.text === '' ? soFar : result.text).slice(0, chatLimits.answerChars);
    if (text.trim() === '') return failed('unexpected', { cause: 'The model gave an empty answer.', action: 'Ask again, or choose another model.' });
    const { decodeMs, prefillMs, queueMs } = result.timings;
    return {
      text,
      state: result.finish === 'length' || result.finish === 'loop' ? result.finish : 'done',
      shown: this.#shown(result.context, attachments),
      droppedMessages: result.droppedMessages,
      figures: { ...result.usage, firstTokenMs: queueMs + prefillMs, tokensPerSecond: decodeMs > 0 ? (result.usage.generatedTokens * 1000) / decodeMs : null },
    };
  }

  #shown(context: Extract<ChatResult, { outcome: 'ok' }>['context'], attachments: readonly ChatAttachment[]): string[] {
    // What was found in the project is no answer to what was attached.
    const isNoneSent = attachments.length > 0 && context.every((shown) => 'isFound' in shown);
    const none = isNoneSent ? [`${context.length === 0 ? 'No context' : 'Nothing that was attached'} was sent: none of it could be read or had room.`] : [];
    const sentences = context.slice(0, chatLimits.chips).map((shown) => {
      const same = attachments.filter(({ uri }) => uri === shown.uri);
      const asked = same.find(({ range }) => range?.start.line === shown.startLine && range.end.line <= shown.endLine) ?? same.find(({ range }) => !range);
      return shownSentence(this.#options.nameOf(shown.uri), shown, asked).slice(0, chatLimits.labelChars);
    });
    return [...none, ...sentences].slice(0, chatLimits.chips);
  }

  #store(answer: AssistantMessage): void {
    this.#replaceMessages(this.messages.map((message) => (message.id === answer.id ? answer : message)));
  }

  #replaceMessages(messages: ChatMessage[]): void {
    this.#conversation = { ...this.#conversation, messages };
  }
}

/** What the model is told: answered questions with their answers, then the last question. Chat templates insist on taking turns. */
function history(messages: readonly ChatMessage[]): ChatParams['messages'] {
  const turns: ChatParams['messages'] = [];
  messages.forEach((message, index) => {
    const next = messages[index + 1];
    if (message.role !== 'user') return;
    if (next?.role === 'assistant' && next.text.trim() !== '') turns.push({ role: 'user', text: message.text }, { role: 'assistant', text: next.text });
    else if (index === messages.length - 1) turns.push({ role: 'user', text: message.text });
  });
  return turns;
}

function failed(kind: Problem['kind'], { cause, action }: { readonly cause: string; readonly action: string }): Partial<AssistantMessage> {
  return { state: 'failed', problem: { kind, cause: cause.slice(0, chatLimits.labelChars), action: action.slice(0, chatLimits.labelChars) } };
}
