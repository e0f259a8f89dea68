// What would follow the acceptance of what is shown, prepared while somebody reads it and the engine has nothing better to do: after Tab the
// next suggestion is there at once. It knows what is shown; it must not know how it is shown.
import { refit } from '../core/completion/postprocess/postprocess.ts';
import { matchAt } from '../core/completion/reuse.ts';
import { siteAfter } from '../core/completion/site.ts';
import type { CompletionState } from './completionState.ts';
import type { ShownSuggestion } from './shownSuggestions.ts';
import type { Place, RunStarter } from './startRun.ts';

export interface PrepareNextInput {
  readonly place: Place;
  readonly state: CompletionState;
  readonly runs: RunStarter;
  readonly signal: AbortSignal;
}

export async function prepareNext(shown: ShownSuggestion, { place, state, runs, signal }: PrepareNextInput): Promise<void> {
  const { uri, languageId, site } = place;
  const { id, isGrowing } = shown.suggestion;
  if (state.hasPrepared(id)) return;
  // A bug in it is told by the run itself.
  if (isGrowing) await state.runFor(uri, site)?.done.catch(() => undefined);
  const isWanted = () => state.shown.current?.suggestion.id === id && state.isIdle && !signal.aborted;
  const whole = matchAt(state.reuse.get(id) ?? shown.suggestion, site);
  if (!whole || !isWanted()) return;
  const next = siteAfter(site, refit(whole.remainder, { site, languageId, isEnded: false }));
  if (state.reuse.find(next).length > 0 || state.preparedFor(uri, next)) return;
  const run = await runs.start({ uri, languageId, site: next }, { kind: 'ahead' }, signal);
  if ('outcome' in run) return;
  if (isWanted()) state.prepares(shown, run);
  else run.abort();
}
