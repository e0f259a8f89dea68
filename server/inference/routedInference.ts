// Which engine serves: one Inference that others hold, behind which the real one can be replaced when settings change.
// It knows only the interface.
import type { EngineStatus, ModelDescription, SavedStatesSize } from '../../native/protocol/messages.ts';
import type { Outcome } from '../core/outcome.ts';
import type { GenerateOptions, GenerateRequest, Generation, Inference, InferenceState } from './inference.ts';

export class RoutedInference implements Inference {
  readonly #listeners = new Set<(state: InferenceState) => void>();
  #current: Inference;
  #unsubscribe: () => void;

  constructor(first: Inference) {
    this.#current = first;
    this.#unsubscribe = this.#follow(first);
  }

  /** Requests under way on the old engine end as its disposal ends them. */
  async replace(next: Inference): Promise<void> {
    const old = this.#current;
    this.#unsubscribe();
    this.#current = next;
    this.#unsubscribe = this.#follow(next);
    this.#tell(next.state);
    await old.dispose();
  }

  get state(): InferenceState {
    return this.#current.state;
  }

  onState(listener: (state: InferenceState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  describeModel(signal: AbortSignal): Promise<Outcome<ModelDescription>> {
    return this.#current.describeModel(signal);
  }

  generate(request: GenerateRequest, options: GenerateOptions): Promise<Outcome<Generation>> {
    return this.#current.generate(request, options);
  }

  countTokens(texts: readonly string[], signal: AbortSignal): Promise<Outcome<readonly number[]>> {
    return this.#current.countTokens(texts, signal);
  }

  async embed(texts: readonly string[], signal: AbortSignal): Promise<Outcome<readonly (readonly number[])[]>> {
    return this.#current.embed?.(texts, signal) ?? { outcome: 'unsupported', cause: 'This engine gives no vectors of texts.', action: 'Use the local engine.' };
  }

  engineStatus(signal: AbortSignal): Promise<Outcome<EngineStatus>> {
    return this.#current.engineStatus(signal);
  }

  deleteSavedStates(signal: AbortSignal): Promise<Outcome<SavedStatesSize>> {
    return this.#current.deleteSavedStates(signal);
  }

  restart(signal: AbortSignal): Promise<Outcome<ModelDescription>> {
    return this.#current.restart(signal);
  }

  async dispose(): Promise<void> {
    this.#unsubscribe();
    this.#listeners.clear();
    await this.#current.dispose();
  }

  #follow(inference: Inference): () => void {
    return inference.onState((state) => this.#tell(state));
  }

  #tell(state: InferenceState): void {
    for (const listener of this.#listeners) listener(state);
  }
}
