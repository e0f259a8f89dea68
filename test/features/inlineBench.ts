// One editor with one cursor before the completion feature: a scripted model, and time in the test's hands.
import assert from 'node:assert/strict';
import type { FeedbackRecord } from '../../server/core/completion/feedback.ts';
import { CompleteInline, type CompleteInlineDependencies } from '../../server/features/completeInline.ts';
import type { InlineOutcome } from '../../server/features/inlineRequest.ts';
import { Session } from '../../server/session/session.ts';
import { type Script, type ScriptedInference, scriptedInference } from '../scriptedInference.ts';

const uri = 'file:///w/a.ts';
const codestral = { specialTokens: ['[SUFFIX]', '[PREFIX]'] };
const silent = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };

export interface Bench {
  readonly feature: CompleteInline;
  readonly session: Session;
  readonly inference: ScriptedInference;
  readonly records: FeedbackRecord[];
  readonly errors: string[];
  /** Lets time pass. */
  readonly pass: (ms: number) => void;
  readonly end: () => void;
}

export function bench(script: Script, more: Partial<CompleteInlineDependencies> = {}): Bench {
  const session = new Session();
  const inference = scriptedInference({ model: codestral, ...script });
  let nowMs = 0;
  const ended = new AbortController();
  const records: FeedbackRecord[] = [];
  const errors: string[] = [];
  const feature = new CompleteInline({
    session,
    inference,
    clock: { now: () => nowMs, wait: () => Promise.resolve() },
    log: { ...silent, error: (line) => void errors.push(line) },
    record: (record) => void records.push(record),
    ended: ended.signal,
    ...more,
  });
  return { feature, session, inference, records, errors, pass: (ms) => void (nowMs += ms), end: () => ended.abort() };
}

/** One editor with one cursor: what it holds is what the server is told. */
export class Editor {
  readonly #bench: Bench;
  #version = 1;
  text: string;
  cursor: number;
  readonly #undo: { readonly start: number; readonly end: number; readonly text: string }[] = [];

  /** `|` is the cursor. */
  constructor(to: Bench, marked: string) {
    const text = marked.replace('|', '');
    this.#bench = to;
    this.text = text;
    this.cursor = marked.indexOf('|');
    to.session.documents.open({ uri, languageId: 'typescript', version: 1, text });
  }

  replace(start: number, end: number, inserted: string): void {
    const range = { start: this.#position(start), end: this.#position(end) };
    this.#undo.push({ start, end: start + inserted.length, text: this.text.slice(start, end) });
    this.text = this.text.slice(0, start) + inserted + this.text.slice(end);
    this.cursor = start + inserted.length;
    assert.ok(this.#bench.session.documents.change(uri, ++this.#version, [{ range, text: inserted }]));
    assert.equal(this.#bench.session.documents.snapshot(uri)?.text, this.text);
  }

  type(inserted: string): void {
    this.replace(this.cursor, this.cursor, inserted);
  }

  undo(): void {
    const last = this.#undo.pop();
    if (!last) return;
    this.replace(last.start, last.end, last.text);
    this.#undo.pop();
  }

  ask(isExplicit = false): Promise<InlineOutcome> {
    return this.#bench.feature.complete({ uri, position: this.#position(this.cursor), isExplicit }, new AbortController().signal);
  }

  #position(offset: number): { line: number; character: number } {
    const before = this.text.slice(0, offset).split('\n');
    return { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
  }
}

export function suggested(outcome: InlineOutcome): string | undefined {
  return outcome.outcome === 'ok' ? outcome.suggestions[0]?.insertText : undefined;
}
