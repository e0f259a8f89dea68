// How close the GPU's numbers are to the CPU's: the back ends add up in different orders, so equal bits cannot be asked for. Each position
// of a text is compared by the probabilities of all tokens; another token may come first only where the CPU itself hardly prefers one.
import './vulkanPackage.ts';
import assert from 'node:assert/strict';
import { getLlama } from 'node-llama-cpp';
import type { LlamaContextSequence, LlamaModel, Token } from 'node-llama-cpp';
import { Vocabulary } from '../../native/promptTokens.ts';
import type { Prompt } from '../../native/protocol/messages.ts';
import { RenderProcess } from '../../native/renderProcess.ts';
import { starterModel } from '../native/localEngine.ts';
import { forever, holePrompt, longCode } from '../native/prompts.ts';
import { vulkanTest } from './vulkan.ts';

const comparedTokens = 16;
/**
 * How the CPU adds up depends on its instruction set, so the largest difference of a probability depends on the machine: 0.0133 was seen on one and 0.0208 on
 * another. The bound holds for any; that it is far below what a wrong number does, the test shows by a prompt with one token exchanged. The mean moves less.
 */
const mostDifference = 0.06;
const mostMeanDifference = 0.015;

const prompts: readonly Prompt[] = [
  holePrompt('def add(a, b):\n    return ', '\n\nprint(add(1, 2))\n'),
  holePrompt('class Stack:\n    def push(self, item):\n        ', '\n'),
  // A random digit comes next: the CPU prefers its first choice to the second by 0.009, less than the back ends differ, and the GPU takes the other.
  holePrompt(`${longCode(2, 3)}\nconst total = `, '\n\nprint(add(1, 2))\n'),
];

async function load(
  gpu: 'vulkan' | false,
  gpuLayers: number,
): Promise<{ readonly model: LlamaModel; readonly sequence: LlamaContextSequence; readonly end: () => Promise<void> }> {
  const llama = await getLlama({ gpu, build: 'never', skipDownload: true, progressLogs: false, maxThreads: 2 });
  assert.equal(llama.gpu, gpu);
  const model = await llama.loadModel({ modelPath: starterModel, gpuLayers, ignoreMemorySafetyChecks: true });
  const context = await model.createContext({ contextSize: 512, sequences: 1, ignoreMemorySafetyChecks: true });
  return { model, sequence: context.getSequence(), end: () => llama.dispose() };
}

type Probabilities = ReadonlyMap<Token, number>;

/** The probabilities of what follows the prompt and each token of `continuation`. */
async function follow(sequence: LlamaContextSequence, prompt: readonly Token[], continuation: readonly Token[]): Promise<readonly Probabilities[]> {
  await sequence.clearHistory();
  const tokens = [...prompt, ...continuation];
  const input = tokens.map((token, index) =>
    index < prompt.length - 1 ? token : ([token, { generateNext: { probabilities: true } }] as [Token, { generateNext: { probabilities: true } }]),
  );
  const output = await sequence.controlledEvaluate(input, {});
  return output.slice(prompt.length - 1).map((one) => one?.next.probabilities ?? new Map<Token, number>());
}

const differenceOf = (one: Probabilities, other: Probabilities): number =>
  Math.max(...[...one].map(([token, probability]) => Math.abs(probability - (other.get(token) ?? 0))));
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const best = (probabilities: Probabilities): readonly (readonly [Token, number])[] => [...probabilities].sort(([, a], [, b]) => b - a).slice(0, 2);

vulkanTest('the probabilities of every next token are close to those of the CPU', async () => {
  const renderProcess = new RenderProcess();
  const [cpu, gpu] = [await load(false, 0), await load('vulkan', 7)];
  try {
    const vocabulary = new Vocabulary(cpu.model, renderProcess);
    const differences: number[] = [];
    const disturbed: number[] = [];
    for (const prompt of prompts) {
      const rendered = await vocabulary.render(prompt, forever);
      assert.equal(rendered.outcome, 'ok');
      if (rendered.outcome !== 'ok') return;
      const continuation: Token[] = [];
      await cpu.sequence.clearHistory();
      for await (const token of cpu.sequence.evaluate(rendered.tokens, { temperature: 0, yieldEogToken: true })) {
        continuation.push(token);
        if (continuation.length === comparedTokens) break;
      }
      assert.equal(continuation.length, comparedTokens);
      const expected = await follow(cpu.sequence, rendered.tokens, continuation);
      const found = await follow(gpu.sequence, rendered.tokens, continuation);
      assert.equal(found.length, comparedTokens + 1);
      const wrong = await follow(cpu.sequence, [...rendered.tokens.slice(0, -1), continuation[0] as Token], continuation);
      disturbed.push(...expected.map((probabilities, position) => differenceOf(probabilities, wrong[position] as Probabilities)));
      for (const [position, probabilities] of expected.entries()) {
        const other = found[position] as Probabilities;
        const difference = differenceOf(probabilities, other);
        differences.push(difference);
        const [first, second] = best(probabilities);
        const margin = (first?.[1] ?? 0) - (second?.[1] ?? 0);
        assert.ok(difference <= mostDifference, `at ${position} a probability differs by ${difference}`);
        if (margin > 2 * mostDifference) assert.equal(best(other)[0]?.[0], first?.[0], `at ${position}, with a margin of ${margin}`);
      }
    }
    assert.equal(differences.length, prompts.length * (comparedTokens + 1));
    assert.ok(Math.max(...differences) > 0, 'the same bits everywhere: was it the GPU that computed?');
    assert.ok(mean(differences) <= mostMeanDifference, `on the mean a probability differs by ${mean(differences)}`);
    // One wrong token of the prompt would not pass: neither by its worst position nor by the mean.
    assert.ok(Math.max(...disturbed) > 4 * mostDifference && mean(disturbed) > 4 * mostMeanDifference, `${Math.max(...disturbed)}, ${mean(disturbed)}`);
  } finally {
    for (const one of [cpu, gpu]) await one.end();
    renderProcess.dispose();
  }
});
