// Starts an answer of the model to one place: finds out what the model can, how much is wanted, and what the code around would say.
// It knows the engine's interface, settings and open documents; it must not know LSP or what is shown.
import type { Log } from '../core/log.ts';
import type { Failure } from '../core/outcome.ts';
import type { CodeSuggestion } from '../core/completion/fromCode.ts';
import { fromCode } from '../core/completion/fromCode.ts';
import type { Reuse } from '../core/completion/reuse.ts';
import { shapeFor } from '../core/completion/shape.ts';
import type { Site } from '../core/completion/site.ts';
import { fillingWayOf } from '../core/prompt/completionPrompt.ts';
import { contextBudget } from '../core/prompt/contextShare.ts';
import { TokenEstimate } from '../core/prompt/tokenEstimate.ts';
import type { Inference } from '../inference/inference.ts';
import type { Session } from '../session/session.ts';
import type { AlikeCode } from './alikeCode.ts';
import type { Clock } from './clock.ts';
import { CompletionRun, type RunRequest } from './completionRun.ts';
import type { FileContexts } from './fileContexts.ts';

export interface Place {
  readonly uri: string;
  readonly languageId: string;
  readonly site: Site;
}

export type RunPurpose =
  | { readonly kind: 'shown'; readonly isExplicit: boolean; readonly expected?: string }
  /** Prepares what would follow the acceptance of what is shown. */
  | { readonly kind: 'ahead' }
  /** Another candidate beside the first; not kept. */
  | { readonly kind: 'alternative'; readonly seed: number };

/** Warmer than greedy, and not so warm that it leaves the path: Copilot takes 0.2 for its alternatives. */
const alternativeTemperature = 0.35;

export interface RunStarterDependencies {
  readonly session: Session;
  readonly inference: Inference;
  readonly clock: Clock;
  readonly reuse: Reuse;
  readonly log: Log;
  readonly alike: AlikeCode;
  /** What the project has for a document; nothing when absent. */
  readonly contexts?: FileContexts;
}

export class RunStarter {
  readonly #deps: RunStarterDependencies;
  readonly #estimate = new TokenEstimate();
  #nextId = 1;

  constructor(deps: RunStarterDependencies) {
    this.#deps = deps;
  }

  newId(): string {
    return `c${this.#nextId++}`;
  }

  async start(place: Place, purpose: RunPurpose, signal: AbortSignal): Promise<CompletionRun | Failure> {
    const { session, inference, clock, reuse, log } = this.#deps;
    const { completion } = session.settings;
    const { site, uri, languageId } = place;
    const described = await inference.describeModel(signal);
    if (described.outcome !== 'ok') return described;
    if (signal.aborted) return { outcome: 'cancelled' };
    const model = described.value;
    const way = fillingWayOf(model);
    if (!way) return { outcome: 'unsupported', cause: `${model.name} can neither fill holes nor chat.`, action: 'Choose another model.' };
    const isAhead = purpose.kind === 'ahead';
    const isExplicit = purpose.kind === 'alternative' || (purpose.kind === 'shown' && purpose.isExplicit);
    const context = this.#contextFor(place, { contextSize: model.contextSize, isCursorThere: purpose.kind === 'shown' });
    const expected = purpose.kind === 'shown' ? (purpose.expected ?? this.codeFor(place)?.text) : undefined;
    return new CompletionRun(
      {
        id: this.newId(),
        site,
        languageId,
        path: session.displayPath(uri),
        shape: shapeFor({ ...site, languageId, multiLine: completion.multiLine, isExplicit, isAfterAccept: isAhead }),
        way,
        model,
        maxTokens: completion.maxTokens,
        mustSaySomething: isExplicit || (way.kind === 'trained' && way.family.endsTooEarly),
        source: isAhead ? 'ahead' : 'model',
        ...(expected ? { expected } : {}),
        ...(context ? { context } : {}),
        ...(purpose.kind === 'alternative' ? { variation: { temperature: alternativeTemperature, seed: purpose.seed } } : {}),
      },
      { inference, clock, log, estimate: this.#estimate, ...(purpose.kind === 'alternative' ? {} : { reuse }) },
    );
  }

  /** Only what is there already: this is the way of every keystroke. */
  #contextFor(
    { uri, languageId, site }: Place,
    { contextSize, isCursorThere }: { readonly contextSize: number; readonly isCursorThere: boolean },
  ): RunRequest['context'] {
    const { contexts, session } = this.#deps;
    const budgetTokens = contextBudget(contextSize);
    if (!contexts || budgetTokens === 0 || !session.settingsFor(uri).context.enabled) return undefined;
    const found = isCursorThere ? contexts.at({ uri, languageId, text: site.text, offset: site.offset, budgetTokens }) : contexts.known(uri, budgetTokens);
    if (!found || found.files.length === 0) return undefined;
    return { files: found.files, tokens: found.selected.tokens, name: found.place.folder.name, languageId };
  }

  /** What the code near by and in the project says would come here, without any model. */
  codeFor({ uri, languageId, site }: Place): CodeSuggestion | undefined {
    const others = this.#deps.alike.at({ uri, languageId, text: site.text, offset: site.offset });
    return fromCode({ site, others, mayBeBlock: this.#deps.session.settings.completion.multiLine !== 'never' });
  }
}
