// One chat turn: what of the conversation and its context is sent, and the streamed answer. The client keeps the conversation.
// It knows the use case; it must not know LSP or how an engine is reached.
import { cutLoops } from '../core/completion/postprocess/cutLoops.ts';
import type { Failure } from '../core/outcome.ts';
import type { ShownText, TextMessage } from '../core/prompt/chatPrompt.ts';
import { chatSystemPrompt, fenced, projectContext, questionWithContext } from '../core/prompt/chatPrompt.ts';
import { fitChat, linesAround } from '../core/prompt/fitChat.ts';
import type { Inference } from '../inference/inference.ts';
import type { ChatAttachment, ChatParams, ChatResult } from '../protocol/chat.ts';
import type { ContextItem } from '../protocol/context.ts';
import type { Settings } from '../session/settings.ts';
import type { Clock } from './clock.ts';
import { type FindContext, questionContext, shownItem } from './questionContext.ts';
import type { ReadDocument } from './readDocument.ts';

export interface ChatTurnDependencies {
  readonly inference: Inference;
  readonly documents: ReadDocument;
  readonly settings: Settings['chat'];
  readonly clock: Clock;
  /** Whether the state of what is said may be kept on disk. */
  readonly mayPersist: boolean;
  /** Finds what of the project a question is about; absent where nothing is to be told of it. */
  readonly findContext?: FindContext;
  /** What to do where the model cannot do it, when a setting of its own names this one. */
  readonly chooseAction?: string;
}

/** What the template adds around each message, and a reserve. */
const messageOverheadTokens = 12;
/** At least this much of the context is left for the answer. */
const answerShare = 0.25;
/** A loop shorter than this may be honest text: a table, a list. */
const leastLoopCharacters = 160;

interface Attached {
  readonly attachment: ChatAttachment;
  readonly path: string;
  readonly languageId: string;
  readonly lines: readonly string[];
  readonly span: { readonly startLine: number; readonly endLine: number };
}

export async function chatTurn(
  params: ChatParams,
  deps: ChatTurnDependencies,
  options: { readonly signal: AbortSignal; readonly onText: (text: string) => void },
): Promise<ChatResult> {
  const { inference, settings } = deps;
  const { signal } = options;
  const described = await inference.describeModel(signal);
  if (described.outcome !== 'ok') return described;
  const model = described.value;
  if (!model.hasChatTemplate) {
    return {
      outcome: 'unsupported',
      cause: `${model.name} has no chat template: it completes code but cannot chat.`,
      action: deps.chooseAction ?? 'Choose another model with the command "Tramontane: Choose Model".',
    };
  }
  const question = params.messages.at(-1);
  if (question?.role !== 'user') return { outcome: 'unsupported', cause: 'The last message is not a question.', action: 'Type a question and send it.' };

  const attached: Attached[] = [];
  for (const attachment of params.attachments) {
    const read = await readAttachment(attachment, deps.documents);
    // A file that went away meanwhile is no reason to leave the question unanswered; the result names what was sent.
    if (read) attached.push(read);
  }
  const isStarter = model.specialTokens.includes('<|cursor_line|>');
  const system = chatSystemPrompt(isStarter);
  const history = params.messages.slice(0, -1);
  const counted = await inference.countTokens(
    [system ?? '', question.text, ...history.map((message) => message.text), ...attached.map((one) => fenced(shownOf(one, one.span)))],
    signal,
  );
  if (counted.outcome !== 'ok') return counted;
  const counts = [...counted.value];
  const [systemTokens = 0, questionTokens = 0] = counts;
  const roomTokens = Math.min(settings.maxTokens, Math.floor(model.contextSize * answerShare));
  const budgetTokens = model.contextSize - roomTokens;
  const fixedTokens = systemTokens + questionTokens + 2 * messageOverheadTokens;
  const attachmentCounts = counts.slice(2 + history.length);
  const fit = fitChat({
    fixedTokens,
    historyTokens: counts.slice(2, 2 + history.length).map((tokens) => tokens + messageOverheadTokens),
    attachments: attached.map((one, index) => ({ tokens: attachmentCounts[index] ?? 0, mayBeCut: one.attachment.range === undefined })),
    budgetTokens,
  });
  if (!fit.fits) return overflow(fit.neededTokens, budgetTokens, attached.length > 0);

  const shown = attached.flatMap((one, index) => {
    const span = spanWithin(one, attachmentCounts[index] ?? 0, fit.attachmentTokens[index] ?? 0);
    return span.endLine > span.startLine ? [{ one, span }] : [];
  });
  const historyTokens = counts.slice(2 + fit.droppedMessages, 2 + history.length).reduce((sum, tokens) => sum + tokens + messageOverheadTokens, 0);
  const attachedTokens = fit.attachmentTokens.reduce((sum, tokens) => sum + tokens, 0);
  // What the user attached and said before goes first: the project gets of what is left.
  const freeTokens = budgetTokens - fixedTokens - historyTokens - attachedTokens;
  const found = await questionContext(
    deps.findContext,
    {
      purpose: 'chat',
      question: question.text,
      uri: attached[0]?.attachment.uri,
      shownUris: new Set(shown.map(({ one }) => one.attachment.uri)),
      contextSize: model.contextSize,
      freeTokens,
    },
    signal,
  );
  if (signal.aborted) return { outcome: 'cancelled' };
  const project = await thatFit(found, freeTokens, { inference, signal });
  const messages: TextMessage[] = [
    ...(system === undefined ? [] : [{ role: 'system' as const, content: system }]),
    ...history.slice(fit.droppedMessages).map((message) => ({ role: message.role, content: message.text })),
    {
      role: 'user',
      content: questionWithContext(
        question.text,
        shown.map(({ one, span }) => shownOf(one, span)),
        project.map(shownItem),
      ),
    },
  ];
  const answer = await streamAnswer(messages, deps, { ...options, roomTokens });
  if (answer.outcome !== 'ok') return answer;
  return {
    ...answer,
    droppedMessages: fit.droppedMessages,
    context: [
      ...shown.map(({ one, span }) => ({ uri: one.attachment.uri, ...span, totalLines: one.lines.length })),
      ...project.map(({ uri, range }) => ({ uri, startLine: range.start.line, endLine: range.end.line, isFound: true as const })),
    ],
  };
}

/** The estimate behind the pieces is checked by the engine: a question is never lost for pieces that nobody asked for. */
async function thatFit(
  items: readonly ContextItem[],
  freeTokens: number,
  { inference, signal }: { readonly inference: Inference; readonly signal: AbortSignal },
): Promise<readonly ContextItem[]> {
  if (items.length === 0) return items;
  const counted = await inference.countTokens([projectContext(items.map(shownItem))], signal);
  return counted.outcome === 'ok' && (counted.value[0] ?? Infinity) + messageOverheadTokens <= freeTokens ? items : [];
}

async function streamAnswer(
  messages: TextMessage[],
  { inference, settings, clock, mayPersist }: ChatTurnDependencies,
  { signal, onText, roomTokens }: { readonly signal: AbortSignal; readonly onText: (text: string) => void; readonly roomTokens: number },
): Promise<Failure | Pick<Extract<ChatResult, { outcome: 'ok' }>, 'outcome' | 'text' | 'finish' | 'usage' | 'timings'>> {
  const startedAt = clock.now();
  const looped = new AbortController();
  let text = '';
  let pieces = 0;
  let firstAt = 0;
  const generated = await inference.generate(
    {
      prompt: { kind: 'chat', messages },
      priority: 'chat',
      maxTokens: settings.maxTokens,
      roomTokens: Math.floor(roomTokens / 2),
      temperature: settings.temperature,
      topP: 0.95,
      stop: [],
      forbidEndFirst: true,
      mayPersist,
    },
    {
      signal: AbortSignal.any([signal, looped.signal]),
      onText: (piece) => {
        if (firstAt === 0) firstAt = clock.now();
        pieces++;
        // Templates leave a blank before the answer.
        const shown = text === '' ? piece.trimStart() : piece;
        if (shown === '') return;
        text += shown;
        onText(shown);
        const tail = text.slice(-4 * leastLoopCharacters);
        if (tail.length - cutLoops(tail).length >= leastLoopCharacters) looped.abort();
      },
    },
  );
  if (looped.signal.aborted && !signal.aborted) {
    const prefillMs = firstAt - startedAt;
    const usage = { evaluatedTokens: 0, reusedTokens: 0, generatedTokens: pieces };
    return { outcome: 'ok', text: cutLoops(text), finish: 'loop', usage, timings: { queueMs: 0, prefillMs, decodeMs: clock.now() - firstAt } };
  }
  if (generated.outcome !== 'ok') return generated;
  const { finish, usage, timings } = generated.value;
  return { outcome: 'ok', text, finish, usage, timings };
}

async function readAttachment(attachment: ChatAttachment, documents: ReadDocument): Promise<Attached | undefined> {
  const read = await documents.read(attachment.uri);
  if (read.outcome !== 'ok') return undefined;
  const lines = read.text.split(/\r\n|\r|\n/);
  const { range } = attachment;
  // A selection that ends at the start of a line does not mean that line.
  const lastLine = range && (range.end.character === 0 && range.end.line > range.start.line ? range.end.line - 1 : range.end.line);
  const span =
    range && lastLine !== undefined
      ? { startLine: Math.min(range.start.line, lines.length), endLine: Math.min(lastLine + 1, lines.length) }
      : { startLine: 0, endLine: lines.length };
  return { attachment, path: read.relativePath, languageId: read.languageId, lines, span };
}

function shownOf(one: Attached, span: { readonly startLine: number; readonly endLine: number }): ShownText {
  const isWhole = span.startLine === 0 && span.endLine === one.lines.length;
  return {
    path: one.path,
    languageId: one.languageId,
    text: one.lines.slice(span.startLine, span.endLine).join('\n'),
    ...(isWhole ? {} : { lines: { first: span.startLine + 1, last: span.endLine } }),
  };
}

/** The lines of an attachment that its granted tokens pay for, by its own characters a token and a little less. */
function spanWithin(one: Attached, tokens: number, grantedTokens: number): { readonly startLine: number; readonly endLine: number } {
  if (grantedTokens >= tokens) return one.span;
  if (grantedTokens === 0) return { startLine: 0, endLine: 0 };
  const characters = one.lines.reduce((sum, line) => sum + line.length + 1, 0);
  const budget = Math.floor((characters / Math.max(1, tokens)) * Math.max(0, grantedTokens - 2 * messageOverheadTokens) * 0.9);
  return linesAround(one.lines, one.attachment.focusLine ?? 0, budget);
}

function overflow(promptTokens: number, availableTokens: number, hasContext: boolean): ChatResult {
  const what = hasContext ? 'The question and the selected context need' : 'The question needs';
  return {
    outcome: 'contextOverflow',
    promptTokens,
    availableTokens,
    cause: `${what} ${promptTokens} tokens; this model has room for ${availableTokens}.`,
    action: hasContext ? 'Remove context or select fewer lines.' : 'Shorten the question, or choose a model with a longer context.',
  };
}
