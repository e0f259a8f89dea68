// What a person reads when a request was not answered: of each way in which that happens one cause and one action. It knows the engine's
// refusals and the errors of this room; it must not know how an engine is found or started.
import type { CountTokensResult, DescribeModelResult, EmbedResult, GenerateResult } from '../../native/protocol/messages.ts';
import type { Failure } from '../core/outcome.ts';
import { cancelled } from '../core/outcome.ts';
import { NoEngineError, RequestFailedError } from './engineErrors.ts';

export const restartAction = 'Run the command "Tramontane: Restart Engine".';
const againAction = 'Try again.';
const comingAction = 'Try again in a moment: it is started again by itself.';
const chooseAction = 'Choose another model with the command "Tramontane: Choose Model".';
const reportAction = 'Report this: it is a mistake in Tramontane.';

export type EngineRefusal = Exclude<GenerateResult | DescribeModelResult | CountTokensResult | EmbedResult, { outcome: 'ok' }>;

/** How the model that was asked is chosen. */
export interface ModelChoice {
  readonly path: string;
  /** What to do where its file cannot be used: a sentence that names the setting. */
  readonly settingAction: string | undefined;
  /** The command that chooses a model chooses another one than this. */
  readonly isBySettingAlone: boolean;
}

/** What the engine answered in place of what was asked for. */
export function failureOf(result: EngineRefusal, choice: ModelChoice): Failure {
  switch (result.outcome) {
    case 'cancelled':
      return cancelled;
    case 'contextOverflow':
      return {
        ...result,
        cause: `The text needs ${result.promptTokens} tokens; the model's context has room for ${result.availableTokens}.`,
        action: 'Send less text, or choose a model with a longer context.',
      };
    case 'promptProblem': {
      const { cause, action, isChoice } = result;
      return { outcome: 'unsupported', cause, action: isChoice ? ((choice.isBySettingAlone ? choice.settingAction : undefined) ?? chooseAction) : action };
    }
    case 'refused':
      return { outcome: 'engineUnavailable', cause: result.cause, action: result.action };
    case 'modelProblem': {
      const { path, cause, action, isChoice } = result.problem;
      // The file of a draft or an adapter is named elsewhere.
      return { outcome: 'noModel', cause, action: isChoice && path === choice.path ? (choice.settingAction ?? action) : action };
    }
  }
}

/**
 * Why no answer came at all.
 * @param before what became of the request before this one: whoever is told to try again must not be told so for ever
 */
export function failureOfError(error: unknown, before: 'answered' | 'failed'): Failure {
  if (error instanceof NoEngineError) return { outcome: 'engineUnavailable', cause: error.message, action: error.action };
  if (!(error instanceof RequestFailedError)) return { outcome: 'engineUnavailable', cause: 'The engine is gone.', action: comingAction };
  const detail = asSentence(error.message);
  switch (error.kind) {
    case 'failed':
      return {
        outcome: 'engineUnavailable',
        cause: `Something went wrong in the engine: ${detail}`,
        action: before === 'failed' ? restartAction : againAction,
      };
    case 'tooLarge':
      return { outcome: 'unsupported', cause: detail, action: 'Send less text.' };
    case 'mistake':
      return { outcome: 'unsupported', cause: `The engine and this window do not understand each other: ${detail}`, action: reportAction };
  }
}

/** The engine serves another model or other settings from now on. */
export const replaced: Failure = { outcome: 'engineUnavailable', cause: "The engine's settings have changed.", action: againAction };

/** Why an engine can be neither found nor started. */
export function noEngineOf(error: unknown): NoEngineError {
  if (error instanceof NoEngineError) return error;
  return new NoEngineError({ cause: asSentence(error instanceof Error ? error.message : String(error)), action: restartAction });
}

function asSentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
