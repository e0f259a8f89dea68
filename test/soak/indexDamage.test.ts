// Databases with a few wrong bytes somewhere: each is found and built anew, or answers as if nothing had happened, and questions are answered all the while.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SparseDamage } from '../project/sparseDamage.ts';

test('of sixty indexes with a few wrong bytes each is set aside and built anew, or answers as before', { timeout: 20 * 60_000 }, async (t) => {
  await using index = await SparseDamage.prepare();
  const outcomes = [];
  for (let seed = 1; seed <= 60; seed++) outcomes.push({ seed, ...(await index.round(seed)) });
  const found = outcomes.filter(({ wasFound }) => wasFound).length;
  t.diagnostic(`${found} were found, ${outcomes.length - found} did no harm`);
  assert.deepEqual(
    outcomes.filter(({ wrong, asked }) => wrong.length > 0 || asked === 0),
    [],
  );
  assert.ok(found > 10 && found < 50, `${found} found: the harm is not of both kinds`);
});
