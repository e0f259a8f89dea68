import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Passage } from '../../../server/core/retrieval/passages.ts';
import { packVectors, VectorIndex } from '../../../server/core/retrieval/vectorIndex.ts';

const dimensions = 16;
const unit = (vector: readonly number[]) => vector.map((value) => value / Math.hypot(...vector));
const cosine = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
const axis = (at: number, noise = 0) => unit(Array.from({ length: dimensions }, (_, n) => (n === at ? 1 : noise * Math.sin(at * 7 + n * 3))));
const passage = (name: string, startLine = 0): Passage => ({ startLine, endLine: startLine + 2, kind: 'function', name });

function ended<Value>(search: Generator<undefined, Value>): { readonly value: Value; readonly pauses: number } {
  for (let pauses = 0; ; pauses++) {
    const step = search.next();
    if (step.done === true) return { value: step.value, pauses };
  }
}

function indexOf(count: number): VectorIndex {
  const index = new VectorIndex();
  for (let at = 0; at < count; at++) {
    index.set(`hash${at}`, { passages: [passage(`f${at}`)], vectors: packVectors([axis(at % dimensions, 0.3)]) });
    index.place(`f${at}.ts`, `hash${at}`);
  }
  return index;
}

test('the passage that is nearest comes first, with its file and place', () => {
  const { value } = ended(indexOf(dimensions).nearest(axis(5, 0.1), 4));
  assert.equal(value[0]?.path, 'f5.ts');
  assert.equal(value[0].contentHash, 'hash5');
  assert.deepEqual(value[0].passage, passage('f5'));
  assert.ok(value[0].score > 0.5 && value[0].score <= 1, String(value[0].score));
  for (const [at, one] of value.entries()) assert.ok(one.score <= (value[at - 1]?.score ?? 1));
});

test('nothing stands out of vectors that are all alike, of none, or of another number of dimensions', () => {
  const index = new VectorIndex();
  assert.deepEqual(ended(index.nearest(axis(0), 4)).value, []);
  for (let at = 0; at < 9; at++) {
    index.set(`hash${at}`, { passages: [passage('f')], vectors: packVectors([axis(1)]) });
    index.place(`f${at}.ts`, `hash${at}`);
  }
  assert.deepEqual(ended(index.nearest(axis(1), 4)).value, []);
  assert.deepEqual(ended(index.nearest([1, 0], 4)).value, []);
});

test('what is gone is forgotten, with its memory; two files of one content share it', () => {
  const index = indexOf(3);
  index.place('copy.ts', 'hash0');
  const bytes = index.bytes;
  assert.equal(index.files, 4);
  index.keepOnly(new Set(['copy.ts', 'f1.ts']));
  assert.equal(index.files, 2);
  assert.ok(index.has('hash0') && index.has('hash1') && !index.has('hash2'));
  assert.ok(index.bytes < bytes);
  index.keepOnly(new Set());
  assert.equal(index.bytes, 0);
});

test('a search of many lets others in', () => {
  const { pauses, value } = ended(indexOf(5000).nearest(axis(3), 24));
  assert.ok(pauses >= 9, String(pauses));
  assert.equal(value.length, 24);
});

test('a byte for a number changes no cosine by more than a hundredth', () => {
  const vector = fc
    .array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: dimensions, maxLength: dimensions })
    .filter((one) => Math.hypot(...one) > 0.01);
  fc.assert(
    fc.property(vector, vector, (a, b) => {
      const unpacked = [a, b].map((one) => {
        const { numbers, scales } = packVectors([unit(one)]);
        return Array.from(numbers, (value) => value * (scales[0] ?? 0));
      });
      assert.ok(Math.abs(cosine(unpacked[0] ?? [], unpacked[1] ?? []) - cosine(unit(a), unit(b))) < 0.01 * Math.sqrt(dimensions) * 0.5);
    }),
  );
});
