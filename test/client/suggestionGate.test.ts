import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Asking, reasonToStayQuiet } from '../../client/suggestionGate.ts';

const typing: Asking = { isExplicit: false, languageId: 'typescript', isPaused: false, isEnabled: true, excludedLanguages: ['markdown'] };
const cases: readonly [name: string, over: Partial<Asking>, expected: ReturnType<typeof reasonToStayQuiet>][] = [
  ['typing asks', {}, undefined],
  ['switched off, nothing leaves the editor', { isEnabled: false }, 'switchedOff'],
  ['nor while it is paused or snoozed', { isPaused: true }, 'paused'],
  ['nor in a language that is left out', { languageId: 'markdown' }, 'excludedLanguage'],
  ['whoever asks by a command is answered', { isExplicit: true, isEnabled: false, isPaused: true, languageId: 'markdown' }, undefined],
];
for (const [name, over, expected] of cases) test(name, () => assert.equal(reasonToStayQuiet({ ...typing, ...over }), expected));
