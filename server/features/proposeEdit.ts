// The use case of an edit: texts are captured, the model is asked, and its answer becomes edits for exactly those texts, or a refusal.
// It knows the order of these steps. It must not know LSP, files, or how an answer is read and placed (core/edit).
import { documentLines, type LineRange } from '../core/edit/documentLines.ts';
import { withoutReasoning } from '../core/edit/parseEdits/reasoning.ts';
import { parseSearchReplace } from '../core/edit/parseEdits/searchReplace.ts';
import { parseWholeText } from '../core/edit/parseEdits/wholeText.ts';
import { type Placement, placeBlocks, placeWholeText, type Refusal } from '../core/edit/placeBlocks.ts';
import { type ShownFile, shownText } from '../core/edit/shownFile.ts';
import type { Log } from '../core/log.ts';
import { type Failure, type Outcome, ok } from '../core/outcome.ts';
import { type EditBudget, editBudget, explainOverflow } from '../core/prompt/editBudget.ts';
import { projectContext } from '../core/prompt/chatPrompt.ts';
import { type EditLayout, editPrompt, fenceLanguages } from '../core/prompt/editPrompt.ts';
import type { Generation, Inference, ModelDescription } from '../inference/inference.ts';
import type { DocumentEdit, EditParams, EditResult } from '../protocol/edit.ts';
import type { Range } from '../protocol/failure.ts';
import { estimateTokens } from './fileContexts.ts';
import { type FindContext, questionContext, shownItem } from './questionContext.ts';
import type { ReadDocument } from './readDocument.ts';

export interface ProposeEditDependencies {
  readonly inference: Inference;
  readonly documents: ReadDocument;
  /** SHA-256 in hex of a text's UTF-8 bytes. */
  readonly hash: (text: string) => string;
  readonly settings: { readonly maxTokens: number };
  readonly log: Log;
  /** Finds what of the project an instruction is about; absent where nothing is to be told of it. */
  readonly findContext?: FindContext;
  /** What to do where the model cannot do it, when a setting of its own names this one. */
  readonly chooseAction?: string;
}

/** A shown file and what identifies the text that was shown. */
interface Captured extends ShownFile {
  readonly uri: string;
  readonly version: number | null;
  readonly text: string;
}

/** One question to the model, about one file or several. */
interface Question {
  readonly files: readonly Captured[];
  readonly messages: ReturnType<typeof editPrompt>;
  readonly budget: Extract<EditBudget, { fits: true }>;
}

/** Every expected outcome is a value; nothing of an answer is proposed unless all of it has its place. */
export async function proposeEdit(params: EditParams, deps: ProposeEditDependencies, signal: AbortSignal): Promise<EditResult> {
  const { inference, log } = deps;
  const described = await inference.describeModel(signal);
  if (described.outcome !== 'ok') return described;
  const model = described.value;
  if (!model.hasChatTemplate) {
    return {
      outcome: 'unsupported',
      cause: `${model.name} has no chat template: it completes code but does not follow instructions.`,
      action: deps.chooseAction ?? 'Choose another model with the command "Tramontane: Choose Model".',
    };
  }
  // Texts and versions are taken before the model is asked: what the user types meanwhile makes the edit stale, and the client sees it.
  const captured = await captureAll(params, deps.documents);
  if ('refusals' in captured) return { outcome: 'refused', refusals: captured.refusals, answer: '' };
  const plain = await questionsFor(params, captured.files, { model, deps, signal });
  if (plain.outcome !== 'ok') return plain;
  const asked = await withProject(plain.value, params, { model, deps, signal });
  if (asked.outcome !== 'ok') return asked;

  const answers: string[] = [];
  const placements: Placement[] = [];
  const usage = { evaluatedTokens: 0, reusedTokens: 0, generatedTokens: 0 };
  for (const question of asked.value) {
    const generated = await ask(question, inference, signal);
    if (generated.outcome !== 'ok') return generated;
    answers.push(generated.value.text.trim());
    usage.evaluatedTokens += generated.value.usage.evaluatedTokens;
    usage.reusedTokens += generated.value.usage.reusedTokens;
    usage.generatedTokens += generated.value.usage.generatedTokens;
    const placement = readAnswer(generated.value, question);
    if (placement !== undefined) placements.push(placement);
  }
  const answer = answers.filter((text) => text !== '').join('\n\n');
  const isAnyPlaced = placements.some(({ kind }) => kind === 'placed');
  // Asked file by file, a model that has nothing to change in one of them may say so by a block without a change.
  const refusals = placements
    .flatMap((placement) => (placement.kind === 'refused' ? placement.refusals : []))
    .filter(({ reason }) => !isAnyPlaced || reason !== 'noChange');
  log.info(
    `Edit: ${captured.files.length} files in ${answers.length} requests, ${usage.generatedTokens} tokens, ${refusals.length} refusals (${refusals.map(({ reason }) => reason).join(', ')}).`,
  );
  if (refusals.length > 0) return { outcome: 'refused', refusals, answer };
  if (placements.length === 0) return noEdits(answer);
  const documents = captured.files.flatMap((file): DocumentEdit[] => {
    const edits = placements.flatMap((placement) => (placement.kind === 'placed' ? placement.files : [])).find((placed) => placed.file === file)?.edits;
    if (edits === undefined) return [];
    return [
      {
        uri: file.uri,
        version: file.version,
        contentHash: deps.hash(file.text),
        edits: edits.map(({ range, newText }) => ({ range: { start: { ...range.start }, end: { ...range.end } }, newText })),
      },
    ];
  });
  return { outcome: 'ok', documents, answer, usage };
}

async function captureAll(params: EditParams, documents: ReadDocument): Promise<{ readonly files: readonly Captured[] } | { readonly refusals: Refusal[] }> {
  const uris = [...new Set([params.target.uri, ...params.alsoEdit])];
  const files: Captured[] = [];
  const refusals: Refusal[] = [];
  for (const [index, read] of (await Promise.all(uris.map((uri) => documents.read(uri)))).entries()) {
    const uri = uris[index] ?? '';
    if (read.outcome !== 'ok') {
      refusals.push({ path: uri.split('/').at(-1) ?? uri, reason: 'unreadable', message: read.message });
      continue;
    }
    // Editors hide a file's byte order mark and do not count it: positions and hash of a file that is not open are those of the text without it.
    const text = read.version === null ? read.text.replace(/^\ufeff/, '') : read.text;
    const document = documentLines(text);
    const region = wholeLines(index === 0 ? params.target.range : undefined, document.lines.length);
    // Two folders of one workspace may hold the same path: then only the whole one says which is meant.
    const path = files.some((file) => file.path === read.relativePath) ? uri : read.relativePath;
    files.push({ uri, version: read.version, text, path, languageId: read.languageId, document, region });
  }
  return refusals.length > 0 ? { refusals } : { files };
}

/** A selection that ends at the very start of a line does not hold that line. */
function wholeLines(range: Range | undefined, count: number): LineRange {
  if (range === undefined || count === 0) return { start: 0, end: count };
  const start = Math.min(range.start.line, count - 1);
  const last = range.end.character === 0 && range.end.line > range.start.line ? range.end.line - 1 : range.end.line;
  return { start, end: Math.max(start + 1, Math.min(last + 1, count)) };
}

interface Asking {
  readonly model: ModelDescription;
  readonly deps: ProposeEditDependencies;
  readonly signal: AbortSignal;
}

/** All files in one question, or one question a file where the model knows no other form or has no room for it. */
async function questionsFor(params: EditParams, files: readonly Captured[], asking: Asking): Promise<Outcome<readonly Question[]>> {
  const layout: EditLayout = isStarter(asking.model) ? 'starter' : 'general';
  const alone = files.map((file) => [file]);
  const wanted = layout === 'general' && files.length > 1 ? [files, ...alone] : alone;
  const budgets = await budgetsFor(params, { layout, wanted }, asking);
  if (budgets.outcome !== 'ok') return budgets;
  const [together, ...separate] = budgets.value;
  if (wanted.length > files.length && together?.budget.fits === true) return ok([{ ...together, budget: together.budget }]);
  const questions: Question[] = [];
  for (const { files: shown, messages, budget } of wanted.length > files.length ? separate : budgets.value) {
    if (!budget.fits) return overflow(shown, params, { model: asking.model, budget });
    questions.push({ files: shown, messages, budget });
  }
  return ok(questions);
}

function isStarter({ specialTokens }: ModelDescription): boolean {
  return specialTokens.includes('<|cursor_line|>');
}

/** The same questions with pieces of the project, where all of them still fit; else as they are. */
async function withProject(questions: readonly Question[], params: EditParams, asking: Asking): Promise<Outcome<readonly Question[]>> {
  const { model, deps, signal } = asking;
  if (isStarter(model)) return ok(questions);
  const files = questions.flatMap((question) => question.files);
  const items = await questionContext(
    deps.findContext,
    {
      purpose: 'edit',
      question: `${params.instruction}\n${files.map(({ path }) => path).join(' ')}`,
      uri: params.target.uri,
      position: params.target.range?.start ?? { line: 0, character: 0 },
      shownUris: new Set(files.map(({ uri }) => uri)),
      contextSize: model.contextSize,
      // Estimated here; with the pieces it is counted again.
      freeTokens: Math.min(
        ...questions.map(({ messages, budget }) => model.contextSize - budget.roomTokens - estimateTokens(messages.map(({ content }) => content).join('\n'))),
      ),
    },
    signal,
  );
  if (signal.aborted) return { outcome: 'cancelled' };
  if (items.length === 0) return ok(questions);
  const project = projectContext(items.map(shownItem));
  const wanted = questions.map((question) => question.files);
  const budgets = await budgetsFor(params, { layout: 'general', wanted, project }, asking);
  if (budgets.outcome !== 'ok') return budgets;
  const fitting = budgets.value.flatMap(({ files: shown, messages, budget }) => (budget.fits ? [{ files: shown, messages, budget }] : []));
  return ok(fitting.length === questions.length ? fitting : questions);
}

async function budgetsFor(
  params: EditParams,
  { layout, wanted, project = '' }: { readonly layout: EditLayout; readonly wanted: readonly (readonly Captured[])[]; readonly project?: string },
  { model, deps, signal }: Asking,
): Promise<Outcome<readonly { readonly files: readonly Captured[]; readonly messages: ReturnType<typeof editPrompt>; readonly budget: EditBudget }[]>> {
  const drafts = wanted.map((files) => {
    const shown = files.map((file) => ({ path: file.path, languageId: file.languageId, code: shownText(file) }));
    return { files, shown: shown.map(({ code }) => code).join('\n'), messages: editPrompt({ layout, instruction: params.instruction, files: shown, project }) };
  });
  const counted = await deps.inference.countTokens(
    drafts.flatMap(({ shown, messages }) => [shown, ...messages.map(({ content }) => content)]),
    signal,
  );
  if (counted.outcome !== 'ok') return counted;
  const counts = [...counted.value];
  return ok(
    drafts.map(({ files, messages }) => {
      const [shown = 0, ...each] = counts.splice(0, messages.length + 1);
      const shownLines = files.reduce((sum, { region }) => sum + region.end - region.start, 0);
      return {
        files,
        messages,
        budget: editBudget({ messages: each, shown, shownLines }, { contextSize: model.contextSize, maxTokens: deps.settings.maxTokens }),
      };
    }),
  );
}

function overflow(
  files: readonly Captured[],
  params: EditParams,
  { model, budget }: { readonly model: ModelDescription; readonly budget: Extract<EditBudget, { fits: false }> },
): Failure {
  const [file] = files;
  const subject = params.target.range !== undefined && file?.uri === params.target.uri ? 'The selection' : (file?.path ?? 'The file');
  const { promptTokens, availableTokens } = budget;
  return {
    outcome: 'contextOverflow',
    promptTokens,
    availableTokens,
    ...explainOverflow({ modelName: model.name, subject, contextSize: model.contextSize, overflow: budget }),
  };
}

function ask({ messages, budget }: Question, inference: Inference, signal: AbortSignal): Promise<Outcome<Generation>> {
  const { roomTokens, maxTokens } = budget;
  return inference.generate(
    {
      prompt: { kind: 'chat', messages: [...messages] },
      priority: 'chat',
      maxTokens,
      roomTokens: Math.min(roomTokens, maxTokens),
      temperature: 0,
      stop: [],
      forbidEndFirst: true,
      // An edit mostly repeats the lines that it was shown.
      speculation: 'promptLookup',
    },
    { signal },
  );
}

/** Undefined when the answer holds no edit at all. */
function readAnswer({ text, finish, usage }: Generation, { files }: Question): Placement | undefined {
  const paths = files.map((file) => file.path);
  const answer = withoutReasoning(text);
  const parsed = parseSearchReplace(answer, paths);
  if (finish === 'length') {
    const message = `The answer was cut off after ${usage.generatedTokens} tokens, so that it may lack changes. Select fewer lines, ask for less at once, or raise the setting "tramontane.edit.maxTokens".`;
    return { kind: 'refused', refusals: [{ path: parsed.broken[0]?.path ?? '', reason: 'unreadable', message }] };
  }
  if (parsed.blocks.length > 0 || parsed.broken.length > 0) return placeBlocks(parsed, files);
  const [file] = files;
  if (file === undefined || files.length > 1) return undefined;
  const lines = file.document.lines.slice(file.region.start, file.region.end);
  const whole = parseWholeText(answer, { lines, paths, languages: fenceLanguages(file.languageId) });
  return whole && placeWholeText(whole, files);
}

function noEdits(answer: string): EditResult {
  const cause = answer === '' ? 'The model gave no answer.' : 'The model answered without an edit that can be applied.';
  return { outcome: 'noEdits', answer, cause, action: 'Say more precisely what should change and where, or choose a stronger model.' };
}
