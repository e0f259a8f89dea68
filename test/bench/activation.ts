// How long the extension takes to activate, as the suite inside the extension host measured it: nothing outside an editor can. It knows the
// file that the suite leaves; it must not know the editor.
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { type Figure, figureOf } from './harness.ts';
import { root } from './localEngine.ts';

/** Written by the in-host suite: ms around `getExtension('tramontane.tramontane').activate()` of an extension that was not active yet. */
const file = path.join(root, 'out/activation.json');
const schema = v.object({ activationMs: v.pipe(v.array(v.number()), v.minLength(1)) });

export interface Activation {
  readonly figures: readonly Figure[];
  /** Where the figure comes from, or why there is none. */
  readonly note: string;
}

export function readActivation(): Activation {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return { figures: [], note: 'Activation was not measured: run "npm test -- inhost" first.' };
  }
  const { activationMs } = v.parse(schema, JSON.parse(text));
  const note = `Activation is from the in-host run of ${statSync(file).mtime.toISOString()}.`;
  return { figures: [figureOf({ figure: 'activation of the extension', unit: 'ms', ours: activationMs })], note };
}
