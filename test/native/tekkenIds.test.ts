// The Tekken vocabulary in a model file gives source texts the very ids that Mistral's own library gives them, so that benches with it count what a real
// model would. "npm test" installs it; skipped where a file is run by hand without it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getLlama } from 'node-llama-cpp';
import { ensureModel, missingTekken, smallTekken } from '../bench/models/makeModel.ts';
import { tekkenGoldens } from '../bench/models/tekkenGoldens.ts';

test('source texts get the token ids that Mistral gives them', { skip: missingTekken() }, async () => {
  const llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, progressLogs: false });
  const file = await ensureModel(smallTekken);
  const model = await llama.loadModel({ modelPath: file, vocabOnly: true });
  for (const { name, text, ids } of tekkenGoldens()) assert.deepEqual([...model.tokenize(text, false)], ids, name);
  await model.dispose();
});
