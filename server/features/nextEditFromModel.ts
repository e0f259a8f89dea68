// The next edit as a model sees it, where no rule has anything to say and the model is one that can follow such a request. It knows the
// order of the steps: prompt, answer, the strict parser of edits. It must not know when a suggestion is wanted.
import { documentLines } from '../core/edit/documentLines.ts';
import { parseSearchReplace } from '../core/edit/parseEdits/searchReplace.ts';
import { withoutReasoning } from '../core/edit/parseEdits/reasoning.ts';
import { placeBlocks } from '../core/edit/placeBlocks.ts';
import { shownText } from '../core/edit/shownFile.ts';
import { trimmed } from '../core/nextEdit/names.ts';
import type { NextEdit, RecentChange } from '../core/nextEdit/nextEdit.ts';
import { editPrompt } from '../core/prompt/editPrompt.ts';
import { holdsInvisibleCharacters } from '../core/safety/invisible.ts';
import { holdsSecret } from '../core/safety/secrets.ts';
import { indexLines, offsetAt, positionAt } from '../core/text/lineIndex.ts';
import type { Inference } from '../inference/inference.ts';
import type { Snapshot } from '../session/snapshot.ts';

/** About three billion parameters at four bits; smaller ones mostly repeat the change or invent one. */
const leastModelBytes = 1_700_000_000;
const linesAround = 30;
const maxTokens = 256;
const mostLines = 12;

/** Only with a model that is in memory already: a suggestion loads none. */
export function canSuggest(inference: Inference, useModel: 'auto' | 'on' | 'off'): boolean {
  if (useModel === 'off' || inference.state.state !== 'ready') return false;
  const { hasChatTemplate, specialTokens, sizeBytes } = inference.state.model;
  // The starter model knows edits by an instruction alone.
  return hasChatTemplate && !specialTokens.includes('<|cursor_line|>') && (useModel === 'on' || sizeBytes >= leastModelBytes);
}

export interface ModelQuestion {
  readonly snapshot: Snapshot;
  readonly path: string;
  readonly change: RecentChange;
}

/** @returns undefined where the model has nothing to say, or nothing that can be placed without a doubt */
export async function nextEditFromModel({ snapshot, path, change }: ModelQuestion, inference: Inference, signal: AbortSignal): Promise<NextEdit | undefined> {
  const { text, languageId } = snapshot;
  const document = documentLines(text);
  const lines = indexLines(text);
  const first = positionAt(lines, change.start).line;
  const last = positionAt(lines, change.start + change.after.length).line;
  const region = { start: Math.max(0, first - linesAround), end: Math.min(document.lines.length, last + 1 + linesAround) };
  const file = { path, languageId, document, region };
  const messages = editPrompt({ layout: 'general', instruction: instructionFor(text, change), files: [{ path, languageId, code: shownText(file) }] });
  const generated = await inference.generate(
    { prompt: { kind: 'chat', messages: [...messages] }, priority: 'background', maxTokens, temperature: 0, stop: [], speculation: 'promptLookup' },
    { signal },
  );
  if (generated.outcome !== 'ok' || generated.value.finish === 'length') return undefined;
  const parsed = parseSearchReplace(withoutReasoning(generated.value.text), [path]);
  if (parsed.blocks.length === 0 || parsed.broken.length > 0) return undefined;
  const placement = placeBlocks(parsed, [file]);
  if (placement.kind === 'refused') return undefined;
  const edits = placement.files
    .flatMap((placed) => placed.edits)
    .map(({ range, newText }): NextEdit => {
      const start = offsetAt(lines, range.start);
      const least = trimmed({ start, before: text.slice(start, offsetAt(lines, range.end)), after: newText });
      return {
        start: least.start,
        end: least.start + least.before.length,
        newText: least.after,
        kind: 'model',
        why: 'the model expects it after the last change',
      };
    });
  // What the user has just written is not to be written over, and a page of new code is no next edit.
  const isFit = ({ start, end, newText }: NextEdit) =>
    (end < change.start || start > change.start + change.after.length) && newText.split('\n').length <= mostLines && isSafe(text, { start, end, newText });
  return edits.every(isFit) ? edits[0] : undefined;
}

/** Nothing unseen, and no secret that was not there: it may begin on the line, before the edit. */
function isSafe(text: string, { start, end, newText }: Pick<NextEdit, 'start' | 'end' | 'newText'>): boolean {
  if (holdsInvisibleCharacters(newText)) return false;
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const lineBreak = text.indexOf('\n', end);
  const rest = text.slice(end, lineBreak < 0 ? text.length : lineBreak);
  return !holdsSecret(text.slice(lineStart, start) + newText + rest);
}

function instructionFor(text: string, { start, before, after }: RecentChange): string {
  const from = text.lastIndexOf('\n', start - 1) + 1;
  const lineBreak = text.indexOf('\n', start + after.length);
  const to = lineBreak < 0 ? text.length : lineBreak;
  const signed = (lines: string, sign: string) =>
    lines
      .split('\n')
      .map((line) => sign + line)
      .join('\n');
  const was = text.slice(from, start) + before + text.slice(start + after.length, to);
  return `This change was just made:\n\n${signed(was, '-')}\n${signed(text.slice(from, to), '+')}\n\nMake the one further change in the shown lines that follows from it. Do not take it back. If nothing follows, answer only with: nothing`;
}
