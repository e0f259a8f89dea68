// What is measured: one model, in the product's own engine beside a llama-server of the bench's own, or behind an endpoint that all sides ask. It
// knows how to bring that up and in which order prompts of the model are written; it must not know what is asked.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fillingWayOf } from '../../../server/core/prompt/completionPrompt.ts';
import type { ModelDescription } from '../../../server/inference/inference.ts';
import { LocalEngine, starterModel } from '../localEngine.ts';
import { FamilyPrompts, tokenOrderOf } from '../peers/familyPrompts.ts';
import { LlamaEndpoint } from '../peers/llamaEndpoint.ts';
import { LlamaServer } from '../peers/llamaServer.ts';
import type { PeerTools } from '../peers/llamaVscode.ts';
import { PromptTokens } from '../peers/promptTokens.ts';
import { BenchProblem } from '../benchProblem.ts';
import { EndpointInference } from './endpointInference.ts';
import { describeEndpoint } from './endpointModel.ts';
import type { Wanted } from './options.ts';
import type { AskedEngine } from './ours.ts';

/** Peers never send more than half of it. */
const mostPeerContext = 4096;
const leastContext = 512;

export interface Subject {
  /** As figures name it, and as a part of a file's name. */
  readonly name: string;
  readonly fileName: string;
  readonly engine: AskedEngine;
  /** The family and its order, as the prompts of all sides are written. */
  readonly tokenOrder: string;
  /** Undefined where the peers cannot ask, or are not wanted. */
  readonly peers: Omit<PeerTools, 'clock'> | undefined;
  /** Both sides ask one server, so that they may not ask at the same time. */
  readonly isShared: boolean;
  readonly notes: readonly string[];
  readonly stop: () => Promise<void>;
}

export function bringUp(wanted: Wanted, { withPeers }: { readonly withPeers: boolean }): Promise<Subject> {
  return wanted.kind === 'endpoint' ? bringUpEndpoint(wanted, withPeers) : bringUpFile(wanted, withPeers);
}

async function bringUpFile({ file, threads, contextSize }: Extract<Wanted, { kind: 'file' }>, withPeers: boolean): Promise<Subject> {
  const model = file === undefined ? starterModel : path.resolve(file);
  if (!existsSync(model)) throw new BenchProblem({ cause: `${file} does not exist.`, action: 'Name the file of a GGUF model with --model=.' });
  const name = file === undefined ? 'starter' : path.basename(model);
  const engine = await LocalEngine.start({ threads, model, ...(contextSize === undefined ? {} : { contextSize }) });
  let server: LlamaServer | undefined;
  const stop = async () => {
    await server?.stop();
    await engine.stop();
  };
  try {
    const described = await describedBy(engine);
    const way = wayOf(described);
    if (way.family && withPeers) server = await LlamaServer.start({ model, threads, contextSize: Math.min(described.contextSize, mostPeerContext) });
    const peers = way.family && server ? { server, prompts: new FamilyPrompts(way.family, await PromptTokens.for(server, tokensOf(way.family))) } : undefined;
    const notes = [...way.notes, `${threads} evaluation thread${threads === 1 ? '' : 's'} on each side, ${described.contextSize} tokens of context.`];
    const common = { name, fileName: sanitized(name), engine, tokenOrder: way.tokenOrder, isShared: false, notes, stop };
    return { ...common, peers: peers && { ...peers, contextSize: Math.min(described.contextSize, mostPeerContext) } };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function bringUpEndpoint({ address, family }: Extract<Wanted, { kind: 'endpoint' }>, withPeers: boolean): Promise<Subject> {
  const server = new LlamaEndpoint(address);
  const model = await describeEndpoint(server, family);
  const way = wayOf(model.description);
  const inference = new EndpointInference(model);
  const { contextSize, name } = model.description;
  return {
    name: `${name} at ${address}`,
    fileName: sanitized(`${new URL(address).host}-${name}`),
    engine: { inference, workedTokens: () => inference.workedTokens() },
    tokenOrder: way.tokenOrder,
    peers: way.family && withPeers ? { server, prompts: new FamilyPrompts(way.family, model.tokens), contextSize } : undefined,
    isShared: true,
    notes: [...way.notes, `All sides ask ${address}, which has ${contextSize} tokens of context and works on ${model.slots} at a time.`],
    stop: () => inference.dispose(),
  };
}

const tokensOf = (family: FamilyPrompts['family']) => [...family.tokens, ...(family.others?.tokens ?? [])];

async function describedBy({ inference }: LocalEngine): Promise<ModelDescription> {
  const described = await inference.describeModel(new AbortController().signal);
  if (described.outcome === 'ok') return described.value;
  throw new BenchProblem('cause' in described ? described : { cause: 'The engine was ended.', action: 'Run this again.' });
}

interface Way {
  readonly family: FamilyPrompts['family'] | undefined;
  readonly tokenOrder: string;
  readonly notes: readonly string[];
}

/** As the product chooses it. */
function wayOf(model: ModelDescription): Way {
  const way = fillingWayOf(model);
  if (!way) throw new BenchProblem({ cause: `${model.name} can neither fill holes nor chat.`, action: 'Name another model.' });
  if (model.contextSize < leastContext) {
    const cause = `${model.name} has ${model.contextSize} tokens of context, and the bench needs ${leastContext}.`;
    throw new BenchProblem({ cause, action: 'Give it a longer context, or name another model.' });
  }
  if (way.kind === 'trained') return { family: way.family, tokenOrder: tokenOrderOf(way.family), notes: [] };
  const left = `${model.name} was not trained to fill holes, so the peers have no way to ask it and the rows of their requests are left out; ours begins the answer of a chat.`;
  return { family: undefined, tokenOrder: 'chat: the answer is begun with the line of the cursor', notes: [left] };
}

/** What a file may be called everywhere. */
function sanitized(name: string): string {
  return name
    .replace(/\.gguf$/i, '')
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 80);
}
