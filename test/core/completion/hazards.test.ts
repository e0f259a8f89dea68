// All filters together on answers that repeat what follows: nothing that stands there is shown twice, and what is right twice is kept.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postprocess } from '../../../server/core/completion/postprocess/postprocess.ts';
import { shapeFor } from '../../../server/core/completion/shape.ts';
import { cursorIn } from './cursor.ts';
import { duplicates, type Hazard, repetitions } from './hazards.ts';

function shownOf({ marked, text, languageId }: Hazard): string {
  const site = cursorIn(marked);
  const shape = shapeFor({ ...site, languageId, multiLine: 'auto', isExplicit: false });
  const result = postprocess({ text: text.replaceAll('¦', '|'), end: 'ended', shape, site, languageId });
  return 'shown' in result ? result.shown : '';
}

for (const hazard of duplicates) test(`not twice: ${hazard.name}`, () => assert.equal(shownOf(hazard).trimEnd(), hazard.wanted.trimEnd()));
for (const hazard of repetitions) test(`kept: ${hazard.name}`, () => assert.equal(shownOf(hazard), hazard.text.replaceAll('¦', '|')));
