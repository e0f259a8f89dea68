// How long the extension takes to activate, as the suite inside the extension host measures it: nothing outside an editor can. It knows how
// to run that suite and the file that it leaves; it must not know the editor.
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { type Figure, figureOf } from './harness.ts';
import { root } from './localEngine.ts';

/** Written by the in-host suite: ms around `getExtension('tramontane.tramontane').activate()` of an extension that was not active yet. */
const file = path.join(root, 'out/activation.json');
const schema = v.object({ activationMs: v.pipe(v.array(v.number()), v.minLength(1)) });

/** Starts the editor `runs` times; each takes some ten seconds. */
export function measureActivation(runs: number): readonly Figure[] {
  const ours: number[] = [];
  for (let run = 0; run < runs; run++) {
    rmSync(file, { force: true });
    execFileSync(process.execPath, [path.join(root, 'scripts/test.mjs'), 'inhost', '--only', 'activation'], { cwd: root, stdio: 'ignore' });
    ours.push(...v.parse(schema, JSON.parse(readFileSync(file, 'utf8'))).activationMs);
  }
  return [figureOf({ figure: 'activation of the extension', unit: 'ms', ours })];
}
