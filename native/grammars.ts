// The grammars of one model's answers: from a request to a sampler's state, with the last ones kept compiled. It knows the library's
// grammars; it must not know batches or prompts.
import { createHash } from 'node:crypto';
import type { LlamaModel } from 'node-llama-cpp';
import { LlamaGrammarEvaluationState } from 'node-llama-cpp';
import type { AddonGrammarState } from './addon.ts';
import { grammarAllows, grammarStateOf } from './addon.ts';
import { grammarProblem } from './grammarCheck.ts';
import { grammarOfJsonSchema } from './jsonSchemaGrammar.ts';
import type { PromptProblem } from './promptProblems.ts';
import { promptProblem } from './promptProblems.ts';
import type { GrammarSpec } from './protocol/messages.ts';
import type { Vocabulary } from './promptTokens.ts';

const mostCompiled = 16;

export type GrammarStart = { readonly outcome: 'ok'; readonly state: AddonGrammarState; readonly forbidden: Uint32Array } | PromptProblem;

export class Grammars {
  readonly #model: LlamaModel;
  readonly #vocabulary: Vocabulary;
  /** States before any token, by their text; the map's order is the order of use. */
  readonly #compiled = new Map<string, LlamaGrammarEvaluationState>();
  #forbidden: Uint32Array | undefined;

  constructor(model: LlamaModel, vocabulary: Vocabulary) {
    this.#model = model;
    this.#vocabulary = vocabulary;
  }

  /** A state for one answer, and the tokens that no grammar may take for text: control tokens that do not end an answer. */
  async start(spec: GrammarSpec): Promise<GrammarStart> {
    const text = textOf(spec);
    if (text.outcome !== 'ok') return text;
    const key = createHash('sha256').update(text.grammar).digest('base64');
    let pristine = this.#compiled.get(key);
    this.#compiled.delete(key);
    if (!pristine) {
      const problem = grammarProblem(text.grammar);
      if (problem !== undefined) return refused(spec, problem);
      try {
        pristine = new LlamaGrammarEvaluationState({ model: this.#model, grammar: await this.#model.llama.createGrammar({ grammar: text.grammar }) });
      } catch {
        return refused(spec, 'cannot be compiled');
      }
    }
    this.#compiled.set(key, pristine);
    for (const oldest of this.#compiled.keys()) {
      if (this.#compiled.size <= mostCompiled) break;
      this.#compiled.delete(oldest);
    }
    this.#forbidden ??= this.#vocabulary.endings.filter((token) => !this.#model.isEogToken(token as Parameters<LlamaModel['isEogToken']>[0]));
    return { outcome: 'ok', state: grammarStateOf(pristine.clone()), forbidden: this.#forbidden };
  }

  /** Whether the answer may end here, by this token. */
  mayEnd(state: AddonGrammarState, token: number): boolean {
    return grammarAllows(this.#model, state, token);
  }
}

function textOf(spec: GrammarSpec): { readonly outcome: 'ok'; readonly grammar: string } | PromptProblem {
  if (spec.kind === 'gbnf') return { outcome: 'ok', grammar: spec.text };
  const converted = grammarOfJsonSchema(spec.schema);
  return converted.outcome === 'ok' ? converted : refused(spec, converted.cause);
}

function refused({ kind }: GrammarSpec, problem: string): PromptProblem {
  const what = kind === 'gbnf' ? 'grammar' : 'JSON schema';
  return promptProblem(`The ${what} for the answer ${problem}.`, `Correct the ${what}.`);
}
