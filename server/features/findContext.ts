// The use case of `tramontane/context`: what of the project a model would be told at a place or for a question, each piece with its reason. It knows the
// order of the steps; it must not know LSP, the index, or why something is likely needed (core/retrieval).
import type { Definition } from '../core/retrieval/facts.ts';
import { explainReasons, partReasons } from '../core/retrieval/explainReasons.ts';
import { findPieces, type FoundPiece, placeOfUse } from '../core/retrieval/findPieces.ts';
import { shortened } from '../core/retrieval/signatureText.ts';
import type { Snippet } from '../core/retrieval/similarWindows.ts';
import type { ContextAtPlace, ContextItem, ContextParams, ContextQuery, ContextResult } from '../protocol/context.ts';
import { contextBudget } from '../core/prompt/contextShare.ts';
import type { Inference } from '../inference/inference.ts';
import type { Session } from '../session/session.ts';
import type { Clock } from './clock.ts';
import { estimateTokens, type FileContext, type FileContexts } from './fileContexts.ts';
import type { ProjectEmbeddings } from './projectEmbeddings.ts';
import type { ProjectView } from './projectView.ts';
import { questionBudget } from './questionContext.ts';
import type { ReadDocument } from './readDocument.ts';

export interface FindContextDependencies {
  readonly view: ProjectView;
  readonly contexts: FileContexts;
  readonly documents: ReadDocument;
  readonly session: Session;
  readonly clock: Clock;
  /** What the model in use is told at a place. */
  readonly told?: (uri: string, purpose: ContextParams['purpose']) => Told;
  /** Finds by meaning; undefined without an embedding model. */
  readonly embeddings?: () => Pick<ProjectEmbeddings, 'search'> | undefined;
}

export interface Told {
  readonly budgetTokens: number;
  /** Why it is told nothing. */
  readonly why?: string;
}

/** Nothing is said of a model that is not loaded. */
export function toldOf({ state }: Inference, { purpose, isEnabled }: { readonly purpose: ContextParams['purpose']; readonly isEnabled: boolean }): Told {
  const { name, contextSize } = state.state === 'ready' ? state.model : { name: '', contextSize: undefined };
  const budgetTokens = contextSize === undefined ? 0 : purpose === 'completion' ? contextBudget(contextSize) : questionBudget(contextSize);
  if (!isEnabled) return { budgetTokens, why: 'The setting tramontane.context.enabled is off, so no model is told any of this.' };
  if (contextSize === undefined || budgetTokens > 0) return { budgetTokens };
  const size = contextSize.toLocaleString('en-US');
  return {
    budgetTokens,
    why: `${name} sees ${size} tokens at once and is told nothing of this: all of them are for the file. Choose a model with a longer context.`,
  };
}

const noProject: ContextResult = {
  outcome: 'unsupported',
  cause: 'There is no index of this project.',
  action: 'Open a folder.',
};
const outside: ContextResult = {
  outcome: 'unsupported',
  cause: 'This document lies outside the workspace folders, or its language is not indexed.',
  action: 'Open the folder that holds it.',
};
/** Where nobody says how much, and no model does. */
const usualBudgetTokens = 1024;
/** Of an edit's budget, what its place needs gets at most this much. */
const neededShare = 0.35;
/** A longer body says little that its begin does not. */
const maxBodyLines = 80;
const maxShareOfOne = 0.45;
const maxPieces = 40;
const maxFilesRead = 16;
const maxLineLength = 400;

export async function findContext(params: ContextParams, deps: FindContextDependencies, signal: AbortSignal): Promise<ContextResult> {
  if (deps.view.folders().length === 0) return noProject;
  return 'query' in params ? queryContext(params, deps, signal) : placeContext(params, deps, signal);
}

async function placeContext(
  { purpose, textDocument: { uri }, position, ...given }: ContextAtPlace,
  { contexts, session, clock, told }: FindContextDependencies,
  signal: AbortSignal,
): Promise<ContextResult> {
  const startedMs = clock.now();
  const snapshot = session.documents.snapshot(uri);
  if (!snapshot) return { outcome: 'unsupported', cause: 'The document is not open.', action: 'Open it, then ask again.' };
  const { budgetTokens: usual, why: notTold } = told?.(uri, purpose) ?? { budgetTokens: usualBudgetTokens };
  const budgetTokens = given.budgetTokens ?? (usual > 0 ? usual : usualBudgetTokens);
  const found = await contexts.compute({ ...snapshot, offset: session.documents.offsetAt(uri, position), budgetTokens }, signal);
  if (signal.aborted) return { outcome: 'cancelled' };
  if (!found) return outside;
  const items = [...definitionItems(found), ...snippetItems(found)];
  const totalMs = Math.max(0, clock.now() - startedMs);
  const { isComplete } = found.place.folder;
  const timings = { searchMs: totalMs, readMs: 0, totalMs };
  return { outcome: 'ok', items, tokens: found.selected.tokens, timings, isComplete, ...(notTold === undefined ? {} : { notTold }) };
}

/** The signatures that what is to be changed is likely to need: an instruction rarely names them. */
async function neededAt(
  { purpose, textDocument, position, budgetTokens }: ContextQuery,
  { contexts, session }: FindContextDependencies,
  signal: AbortSignal,
): Promise<readonly ContextItem[]> {
  const snapshot = textDocument && session.documents.snapshot(textDocument.uri);
  if (purpose !== 'edit' || !snapshot || !position) return [];
  const offset = session.documents.offsetAt(snapshot.uri, position);
  const found = await contexts.compute({ ...snapshot, offset, budgetTokens: Math.floor(budgetTokens * neededShare) }, signal);
  return found ? definitionItems(found) : [];
}

function definitionItems({ selected, evidence, cursor, receiverSource, place }: FileContext): ContextItem[] {
  const candidates = new Map(evidence.evidence.candidates.map((candidate) => [candidate.definition, candidate]));
  const receivers = new Set(cursor.receiverMembers?.map(keyOf));
  const reasonOf = (definition: Definition): string => {
    if (receivers.has(keyOf(definition))) return receiverSource === 'editor' ? partReasons.editorMember : partReasons.textMember;
    const candidate = candidates.get(definition);
    return candidate ? explainReasons(candidate) : 'needed at an earlier line';
  };
  return [...selected.definitions.packs, ...selected.members.packs]
    .flatMap((pack) => pack.lines)
    .flatMap(({ definition, text }): ContextItem[] => {
      if (!definition) return [];
      const { path, startLine, endLine, kind, name } = definition;
      const reason = reasonOf(definition);
      return [
        { uri: place.folder.uriOf(path), path, range: rangeOf(startLine, endLine), kind, name, text: text.trim(), tokens: estimateTokens(`${text}\n`), reason },
      ];
    });
}

function snippetItems({ selected, place }: FileContext): ContextItem[] {
  const items = (snippets: readonly Snippet[], kind: string, reason: string) =>
    snippets.map(({ path, startLine, endLine, text }): ContextItem => {
      return { uri: place.folder.uriOf(path), path, range: rangeOf(startLine, endLine), kind, text, tokens: estimateTokens(text), reason };
    });
  return [
    ...items(selected.recent, 'recent', partReasons.recent),
    ...items(selected.similar, 'similar', partReasons.similar),
    ...items(selected.found, 'text', partReasons.found),
  ];
}

async function queryContext(params: ContextQuery, deps: FindContextDependencies, signal: AbortSignal): Promise<ContextResult> {
  const { query, textDocument, budgetTokens } = params;
  const { view, documents, clock, embeddings } = deps;
  const startedMs = clock.now();
  const nearBySymbols = await embeddings?.()?.search(query, signal);
  if (signal.aborted) return { outcome: 'cancelled' };
  const active = textDocument && view.place(textDocument.uri);
  const folders = view.folders();
  const found = folders
    .flatMap((folder) => {
      const activePath = active && active.folder.symbols === folder.symbols ? { activePath: active.path } : {};
      const near = nearBySymbols?.get(folder.symbols) ?? [];
      return findPieces(folder.symbols, { text: query, ...activePath, near }, maxPieces).map((piece) => ({ folder, piece }));
    })
    .sort((a, b) => b.piece.score - a.piece.score);
  const searchMs = clock.now() - startedMs;
  const items: ContextItem[] = [...(await neededAt(params, deps, signal))];
  const texts = new Map<string, readonly string[] | undefined>();
  let left = budgetTokens - items.reduce((sum, { tokens }) => sum + tokens, 0);
  for (const { folder, piece } of found) {
    if (signal.aborted) return { outcome: 'cancelled' };
    const uri = folder.uriOf(piece.path);
    let lines: readonly string[] | undefined;
    if (piece.signature === undefined) {
      if (!texts.has(uri) && texts.size < maxFilesRead) texts.set(uri, await linesOf(uri, documents));
      lines = texts.get(uri);
      if (!lines) continue;
    }
    const placed = piece.uses === undefined ? piece : placeOfUse(piece, folder.symbols.file(piece.path), lines ?? []);
    if (!placed || items.some((item) => item.uri === uri && overlaps(item, placed))) continue;
    const item = itemOf(placed, { uri, lines, budgetTokens: Math.min(left, Math.max(64, budgetTokens * maxShareOfOne)) });
    if (!item || item.tokens > left) continue;
    items.push(item);
    left -= item.tokens;
  }
  const totalMs = clock.now() - startedMs;
  const timings = { searchMs: Math.max(0, searchMs), readMs: Math.max(0, totalMs - searchMs), totalMs: Math.max(0, totalMs) };
  return { outcome: 'ok', items, tokens: budgetTokens - left, timings, isComplete: folders.every(({ isComplete }) => isComplete) };
}

/** Read as they are now; a file that has gone, is too large or lies elsewhere after all links is left out. */
async function linesOf(uri: string, documents: ReadDocument): Promise<readonly string[] | undefined> {
  const read = await documents.read(uri);
  return read.outcome === 'ok' ? read.text.split(/\r\n|\r|\n/) : undefined;
}

interface Place {
  readonly uri: string;
  readonly lines: readonly string[] | undefined;
  readonly budgetTokens: number;
}

/** The whole piece where it has room, else its begin; undefined when not even some lines of it have. */
function itemOf(piece: FoundPiece, { uri, lines, budgetTokens }: Place): ContextItem | undefined {
  const { path, startLine, kind, name, reason } = piece;
  const base = { uri, path, kind, reason, ...(name === undefined ? {} : { name }) };
  if (!lines) {
    const text = shortened({ signature: piece.signature ?? '' });
    return { ...base, range: rangeOf(startLine, startLine), text, tokens: estimateTokens(`${path}\n${text}\n`) };
  }
  const wanted = lines.slice(startLine, Math.min(piece.endLine + 1, startLine + maxBodyLines));
  let tokens = estimateTokens(`${path}\n`);
  const shown: string[] = [];
  for (const line of wanted) {
    const cut = line.length > maxLineLength ? `${line.slice(0, maxLineLength)} …` : line;
    const cost = estimateTokens(`${cut}\n`);
    if (tokens + cost > budgetTokens) break;
    tokens += cost;
    shown.push(cut);
  }
  // Less than this of a longer piece misleads.
  if (shown.length < Math.min(4, wanted.length) || shown.every((line) => line.trim() === '')) return undefined;
  return { ...base, range: rangeOf(startLine, startLine + shown.length - 1), text: shown.join('\n'), tokens };
}

function overlaps({ range }: ContextItem, piece: FoundPiece): boolean {
  return piece.startLine < range.end.line && piece.endLine >= range.start.line;
}

/** Whole lines, the last one inclusive. */
function rangeOf(startLine: number, endLine: number): ContextItem['range'] {
  return { start: { line: startLine, character: 0 }, end: { line: endLine + 1, character: 0 } };
}

const keyOf = ({ path, startLine, name }: Definition) => `${path}:${startLine}:${name}`;
