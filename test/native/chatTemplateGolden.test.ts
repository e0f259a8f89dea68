// Each format against its reference: Mistral's own library, and the documented formats of the other families.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { builtIn, familyGoldens, forever, mistralGoldens, piecesOf, requestOf } from './chatTemplateGoldens.ts';

for (const [version, goldens] of Object.entries(mistralGoldens)) {
  suite(`Mistral ${version} is rendered as Mistral's own library does it`, () => {
    const template = builtIn(version.replace('tekken', ''));
    for (const golden of goldens) {
      test(golden.name, async () => assert.deepEqual(piecesOf(await template.render(requestOf(golden), forever)), golden.pieces));
    }
  });
}

for (const [family, goldens] of Object.entries(familyGoldens)) {
  suite(`${family} is rendered as documented`, () => {
    const template = builtIn(family);
    for (const golden of goldens) {
      test(golden.name, async () => assert.deepEqual(piecesOf(await template.render(requestOf(golden), forever)), golden.pieces));
    }
  });
}

test('every version has a few dozen conversations', () => {
  for (const [name, goldens] of [...Object.entries(mistralGoldens), ...Object.entries(familyGoldens)]) {
    assert.ok(goldens.length >= (name === 'gemma' ? 18 : 30), `${name}: ${goldens.length}`);
  }
});
