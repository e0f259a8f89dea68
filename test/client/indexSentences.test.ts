import assert from 'node:assert/strict';
import { test } from 'node:test';
import { indexSentences } from '../../client/indexSentences.ts';

const index = { files: 4, isComplete: true, store: 'sqlite' } as const;

for (const [status, sentences] of [
  [index, 'Project: 4 files, indexed.'],
  [{ ...index, files: 1, isComplete: false, store: 'memory' }, 'Project: 1 file, being indexed, in memory only.'],
  [
    { ...index, skipped: { tooLarge: 4, secret: 3, binary: 5 } },
    'Project: 4 files, indexed. 12 files are left out: 5 binary, 4 larger than 1 MB, 3 that may hold secrets.',
  ],
  [{ ...index, skipped: { unreadable: 1 } }, 'Project: 4 files, indexed. 1 file is left out: 1 that cannot be read.'],
  [
    { ...index, skipped: { minified: 2, generated: 2, tooSlow: 1 }, problem: 'The disk is full.' },
    'Project: 4 files, indexed. 5 files are left out: 2 minified, 2 generated, 1 that took too long to parse. The disk is full.',
  ],
  [{ ...index, skipped: {} }, 'Project: 4 files, indexed.'],
  [{ ...index, problem: 'The disk is full.' }, 'Project: 4 files, indexed. The disk is full.'],
  [{ ...index, embeddings: { files: 3 } }, 'Project: 4 files, indexed. Questions find 3 of them by meaning.'],
  [
    { ...index, embeddings: { files: 0, problem: 'The embedding model cannot be used: No file. Choose one.' }, problem: 'The disk is full.' },
    'Project: 4 files, indexed. Questions find 0 of them by meaning. The embedding model cannot be used: No file. Choose one. The disk is full.',
  ],
] as const)
  test(`the tooltip says: ${sentences}`, () => {
    assert.equal(indexSentences(status), sentences);
  });
