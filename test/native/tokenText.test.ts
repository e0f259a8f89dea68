// What the model wrote is what is shown, sign for sign: on the real vocabulary of the starter model, whose splitting rule is one of those for which llama.cpp's
// own detokenizer takes blanks away.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { getLlama, type Llama, type LlamaModel } from 'node-llama-cpp';
import { TextStream } from '../../native/textStream.ts';
import { textOfTokens } from '../../native/tokenText.ts';
import { starterModel } from './localEngine.ts';

let llama: Llama;
let model: LlamaModel;
before(async () => {
  llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, progressLogs: false, maxThreads: 1 });
  model = await llama.loadModel({ modelPath: starterModel, gpuLayers: 0 });
});
after(() => llama.dispose());

/** As it comes from a model: a token at a time. */
function streamed(text: string): string {
  const stream = new TextStream(textOfTokens(model), []);
  return [...model.tokenize(text, false).map((token) => stream.push(token)), stream.end()].join('');
}

for (const text of [
  'from .utils import parse',
  'if (message !== undefined && !found) return a ? b : c;',
  'f( ...rest, first , second )',
  "print('it' 's', x .y)",
  'a  ! b\t? c\n , d',
  'é ü 日本 . 👩‍💻 !',
  '\ufffd\u00a0',
  '\ufffd'.repeat(40),
])
  test(`${JSON.stringify(text)} comes out as it is`, () => assert.equal(streamed(text), text));

test('any text comes out as it is, and never half a character', () => {
  // U+FFFD is a sign like any other where it is written out.
  const sign = fc.constantFrom(
    '\ufffd',
    '\u00a0',
    ' ',
    ' .',
    ' ?',
    ' !',
    ' ,',
    " '",
    "'s",
    ' ...',
    '\n',
    '\t',
    'a',
    'foo',
    '(',
    ')',
    '=',
    'é',
    '日',
    '👍',
    '"',
  );
  const text = fc.oneof(
    fc.array(sign, { maxLength: 40 }).map((parts) => parts.join('')),
    fc.string({ unit: 'grapheme', maxLength: 40 }),
  );
  fc.assert(
    fc.property(text, (written) => {
      // Special tokens that a text spells out are no text of the model.
      fc.pre(!written.includes('<|'));
      assert.equal(streamed(written), written);
    }),
    { numRuns: 500 },
  );
});

test('bytes that make no character come as U+FFFD, whatever they are cut into, and what follows them is whole', () => {
  const tokens = [...model.iterateAllTokens()].filter((token) => !model.getTokenAttributes(token).control);
  const textOf = textOfTokens(model);
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constantFrom(...model.tokenize('日👍é\ufffd', false)), fc.constantFrom(...tokens)), { maxLength: 60 }), (written) => {
      const stream = new TextStream(textOf, []);
      const pieces = [...written.map((token) => stream.push(token)), stream.end()];
      assert.equal(pieces.join(''), textOf(written, []));
    }),
    { numRuns: 500 },
  );
});

test('control tokens are no text', () => {
  const control = [...model.iterateAllTokens()].filter((token) => model.getTokenAttributes(token).control);
  assert.ok(control.length > 0);
  assert.equal(textOfTokens(model)(control, []), '');
});

test('every plain token of the vocabulary has the text that llama.cpp gives it, but for blanks that it takes away', () => {
  const textOf = textOfTokens(model);
  const squeezed = (text: string) => text.replaceAll(' ', '').replaceAll('\ufffd', '');
  for (const token of model.iterateAllTokens()) {
    if (model.getTokenAttributes(token).control) continue;
    assert.equal(squeezed(textOf([token], [])), squeezed(model.detokenize([token], false)), `token ${token}`);
  }
});
