// Whether a suggestion should be asked for at all, and how long typing must pause before. It knows the text around the cursor and figures
// of time; it must not know clocks or models.
import type { Scope } from './lexLine.ts';
import { scopeAt } from './lexLine.ts';
import type { ScopedSite } from './openAbove.ts';
import type { Site } from './site.ts';
import { thresholds } from './thresholds.ts';

export interface TriggerInput {
  readonly site: ScopedSite & Pick<Site, 'lineSuffix'>;
  readonly languageId: string;
  readonly excludedLanguages: readonly string[];
  readonly excludedScopes: readonly Scope[];
  /** Something was turned down at this very place a moment ago. */
  readonly isJustRejected: boolean;
  /** The user asked for it with a command: always answered. */
  readonly isExplicit: boolean;
}

export type TriggerVerdict = 'ask' | 'excludedLanguage' | 'excludedScope' | 'insideWord' | 'middleOfLine' | 'turnedDown';

const onlyClosers = /^[\s)\]}>"'`]*[:{;,]?\s*$/;

export function triggerVerdict({ site, languageId, excludedLanguages, excludedScopes, isJustRejected, isExplicit }: TriggerInput): TriggerVerdict {
  if (isExplicit) return 'ask';
  if (excludedLanguages.includes(languageId)) return 'excludedLanguage';
  // Ghost text in the middle of a word would push the rest of the word around while it is typed.
  if (/^[\p{L}\p{N}_$]/u.test(site.lineSuffix)) return 'insideWord';
  // With code behind the cursor a word is mostly being corrected; after a sign or a blank something new may be wanted.
  if (!onlyClosers.test(site.lineSuffix) && /[\p{L}\p{N}_$]$/u.test(site.linePrefix)) return 'middleOfLine';
  if (excludedScopes.length > 0 && excludedScopes.includes(scopeAt(site, languageId))) return 'excludedScope';
  return isJustRejected ? 'turnedDown' : 'ask';
}

export interface DelayInput {
  /** Mean time between the last keystrokes; undefined without any. */
  readonly meanGapMs: number | undefined;
  /** Since the last change of the document. */
  readonly sinceKeystrokeMs: number;
  /** From a request to the first line of its answer, lately; undefined before the first one. */
  readonly meanLatencyMs: number | undefined;
  /** No completion is being computed. */
  readonly isEngineIdle: boolean;
  /** Added after suggestions were turned down. */
  readonly backOffMs: number;
  /** The user's setting: never longer than this, apart from the back-off. */
  readonly mostMs: number;
}

/**
 * How long to wait for the next keystroke before the engine is asked, ms. An answer that comes before the next key costs nobody anything,
 * so there is no wait for it. One that takes longer is wasted if the next key says something else: then the pause must be longer than the
 * usual gap, less what has passed of it, and the more of a gap the answer takes, the surer the pause must be. Tabby waits 1.5 to 3 gaps
 * less the latency, at least 100 ms; here an idle, fast engine is asked at once.
 */
export function delayBefore({ meanGapMs, sinceKeystrokeMs, meanLatencyMs, isEngineIdle, backOffMs, mostMs }: DelayInput): number {
  const gap = meanGapMs ?? thresholds.usualGapMs;
  const latency = meanLatencyMs ?? thresholds.usualLatencyMs;
  const isInTime = latency <= gap * thresholds.inTimeShare;
  const pauseMs = isEngineIdle && isInTime ? 0 : gap * Math.min(thresholds.mostGaps, thresholds.leastGaps + latency / (4 * gap));
  return backOffMs + Math.max(0, Math.min(pauseMs, mostMs) - sinceKeystrokeMs);
}
