// The same token ids as Mistral's own library, with its Tekken vocabulary in a model file.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { getLlama, type LlamaModel } from 'node-llama-cpp';
import { ensureModel, missingTekken, smallTekken } from '../bench/models/makeModel.ts';
import { builtIn, forever, mistralGoldens, requestOf } from './chatTemplateGoldens.ts';

const missing = missingTekken();

async function loadVocabulary(): Promise<LlamaModel> {
  const llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, progressLogs: false });
  const file = await ensureModel(smallTekken);
  return llama.loadModel({ modelPath: file, vocabOnly: true });
}

suite('token ids are those of Mistral', { skip: missing }, () => {
  const loading = missing === false ? loadVocabulary() : undefined;
  // V11 and V13 have control tokens whose ids the generator had to make up.
  for (const version of ['v3tekken', 'v7tekken']) {
    test(version, async () => {
      const model = await loading!;
      const template = builtIn(version.replace('tekken', ''));
      for (const golden of mistralGoldens[version] as readonly { readonly name: string; readonly pieces: never; readonly ids: readonly number[] }[]) {
        const rendered = await template.render(requestOf(golden), forever);
        assert.ok(rendered.outcome === 'ok');
        const ids = rendered.parts.flatMap(({ kind, text }) => [...model.tokenize(text, kind === 'template')]);
        assert.deepEqual(ids, golden.ids, golden.name);
      }
    });
  }
});
