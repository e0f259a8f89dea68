// First tokens of a model with the Tekken vocabulary beside llama-server: 131,072 tokens to look up, to join by 270,000 rules and to choose the next one from.
// It knows what a row with that vocabulary rests on; it must not know how first tokens are timed.
import { deepEqual } from 'node:assert/strict';
import type { Figure } from '../harness.ts';
import { tekkenGoldens } from '../models/tekkenGoldens.ts';
import type { LlamaServer } from '../peers/llamaServer.ts';
import { type FirstTokenOptions, measureFirstTokens } from './latency.ts';
import type { Sides } from './sides.ts';

/** About 1,000 of these tokens, which hold more of the same text than the starter model's do. */
const coldFunctions = 29;

export async function measureTekken(sides: Sides, options: Omit<FirstTokenOptions, 'functions'>): Promise<Figure[]> {
  await expectMistralsIds(sides.server);
  return measureFirstTokens(sides, { ...options, functions: coldFunctions });
}

/** That ours does, test/native/tekkenIds.test.ts shows; a peer with other tokens would be asked something else. */
async function expectMistralsIds(server: LlamaServer): Promise<void> {
  for (const { name, text, ids } of tekkenGoldens()) deepEqual(await server.tokenize(text, { parseSpecial: false }), ids, `${name} has other tokens there`);
}
