// The starter model with another chat template: what a model file can bring, and what the engine makes of it.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { starterModel } from '../native/localEngine.ts';

const key = 'tokenizer.chat_template';

/** The template is filled up with blanks to the old one's length. */
export function writeWithTemplate(file: string, template: string): string {
  const model = readFileSync(starterModel);
  const at = model.indexOf(key) + key.length + 4;
  const length = Number(model.readBigUInt64LE(at));
  assert.ok(template.length <= length, `the template has ${length} bytes`);
  model.write(template.padEnd(length), at + 8, 'latin1');
  writeFileSync(file, model);
  return file;
}
