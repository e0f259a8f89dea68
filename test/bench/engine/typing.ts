// Prompt tokens that are evaluated while a person types: the product's own completions on our engine, llama.vscode's requests on llama-server.
// It knows both ways to ask; it must not know how either engine reuses a prompt.
import { CompleteInline } from '../../../server/features/completeInline.ts';
import type { GenerateRequest, Inference } from '../../../server/inference/inference.ts';
import { Session } from '../../../server/session/session.ts';
import { type Figure, figureOf } from '../harness.ts';
import type { LocalEngine } from '../localEngine.ts';
import { type LlamaServer, peerName } from '../peers/llamaServer.ts';
import type { Sides } from './sides.ts';
import { type Keystroke, keystrokes } from './trace.ts';

const count = 300;
const seed = 20_26;
const uri = 'file:///shop/src/orders.ts';
const contextSize = 1024;
/** What llama.vscode sends around the cursor, and the share of the answer in the context. */
const prefixLines = 256;
const suffixLines = 64;
const answerTokens = 64;
const defaultRoomTokens = 64;
const rereadTokens = 64;

interface Evaluated {
  requests: number;
  evaluatedTokens: number;
  promptTokens: number;
  /** Requests that evaluated more than what one keystroke or one line can ask for: the prompt's beginning had changed. */
  rereads: number;
}

function add(sum: Evaluated, evaluated: number, reused: number): void {
  sum.requests++;
  sum.evaluatedTokens += evaluated;
  sum.promptTokens += evaluated + reused;
  if (evaluated > rereadTokens) sum.rereads++;
}

export async function measureTyping({ engine, server, model }: Sides): Promise<Figure[]> {
  const trace = keystrokes(count, seed);
  const ours = await typeWithEngine(engine, trace);
  const peer = await typeWithPeer(server, trace);
  const shared = { model: model.name, unit: 'tokens' } as const;
  const kinds = (kind: Keystroke['kind']) => trace.filter((key) => key.kind === kind).length;
  return [
    figureOf({
      ...shared,
      figure: `evaluated prompt tokens, ${count} keystrokes (${kinds('moved')} cursor moves, ${kinds('deleted')} deletions)`,
      ours: [ours.evaluatedTokens],
      peer: { name: `${peerName}, llama.vscode's requests`, samples: [peer.evaluatedTokens] },
      bar: { of: 'ratio', atMost: 0.2 },
    }),
    figureOf({
      ...shared,
      figure: `their prompts, evaluated or not (${ours.requests} and ${peer.requests} requests)`,
      ours: [ours.promptTokens],
      peer: { name: peerName, samples: [peer.promptTokens] },
    }),
    figureOf({
      figure: `keystrokes that evaluated more than ${rereadTokens} tokens`,
      unit: 'keystrokes',
      ours: [ours.rereads],
      peer: { name: peerName, samples: [peer.rereads] },
      model: model.name,
    }),
  ];
}

/** Through the feature itself, so that window, layout and what is not asked at all are the product's. */
async function typeWithEngine(engine: LocalEngine, trace: readonly Keystroke[]): Promise<Evaluated> {
  const sum = { requests: 0, evaluatedTokens: 0, promptTokens: 0, rereads: 0 };
  const session = new Session();
  session.workspaceFolders = ['file:///shop'];
  const inference = counting(engine.inference, (evaluated, reused) => {
    add(sum, evaluated, reused);
  });
  const clock = { now: () => performance.now(), wait: async () => {} };
  const quiet = () => {};
  const log = { error: quiet, warn: quiet, info: quiet, debug: quiet };
  const feature = new CompleteInline({ session, inference, clock, log });
  for (const [version, { text, offset }] of trace.entries()) {
    session.documents.open({ uri, languageId: 'typescript', version, text });
    const before = text.slice(0, offset).split('\n');
    const position = { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
    const result = await feature.complete({ uri, position, isExplicit: false }, new AbortController().signal);
    if (result.outcome !== 'ok' && result.outcome !== 'nothing') throw new Error(`A completion failed: ${JSON.stringify(result)}`);
  }
  return sum;
}

/** One token each: answers are not what is counted, and the peer gets no more. */
function counting(inference: Inference, onUsage: (evaluated: number, reused: number) => void): Inference {
  return {
    describeModel: (signal) => inference.describeModel(signal),
    generate: async (request: GenerateRequest) => {
      const roomTokens = request.roomTokens ?? Math.min(request.maxTokens, defaultRoomTokens);
      const result = await inference.generate({ ...request, maxTokens: 1, roomTokens }, { signal: new AbortController().signal });
      if (result.outcome === 'ok') onUsage(result.value.usage.evaluatedTokens, result.value.usage.reusedTokens);
      return result;
    },
    countTokens: (texts, signal) => inference.countTokens(texts, signal),
    engineStatus: (signal) => inference.engineStatus(signal),
    deleteSavedStates: (signal) => inference.deleteSavedStates(signal),
    restart: (signal) => inference.restart(signal),
    state: inference.state,
    onState: (listener) => inference.onState(listener),
    dispose: () => Promise.resolve(),
  };
}

async function typeWithPeer(server: LlamaServer, trace: readonly Keystroke[]): Promise<Evaluated> {
  const sum = { requests: 0, evaluatedTokens: 0, promptTokens: 0, rereads: 0 };
  const [suffixToken] = await server.tokenize('<|fim_suffix|>', { parseSpecial: true });
  const [prefixToken] = await server.tokenize('<|fim_prefix|>', { parseSpecial: true });
  for (const key of trace) {
    const { above, current, below } = await infillTokens(server, key);
    // The order that the starter model was trained on; it has no token for the middle.
    const prompt = [suffixToken as number, ...below, prefixToken as number, ...above, ...current];
    const { evaluatedTokens, reusedTokens } = await server.complete({ prompt, maxTokens: 1, reusePrefix: true });
    add(sum, evaluatedTokens, reusedTokens);
  }
  return sum;
}

/**
 * llama.vscode sends the lines above, the line up to the cursor and what follows; llama-server's /infill gives three quarters of the room to the
 * lines above and one to what follows less the current line (format_prompt_infill in tools/server/server-common.cpp).
 */
async function infillTokens(server: LlamaServer, { text, offset }: Keystroke) {
  const before = text.slice(0, offset).split('\n');
  const currentLine = before.pop() ?? '';
  const after = text
    .slice(offset)
    .split('\n')
    .slice(0, 1 + suffixLines);
  const plain = (part: string) => server.tokenize(part, { parseSpecial: false });
  const above = await plain(
    before
      .slice(-prefixLines)
      .map((line) => `${line}\n`)
      .join(''),
  );
  const current = await plain(currentLine);
  const below = await plain(`${after.join('\n')}\n`);
  const room = contextSize - answerTokens;
  const aboveRoom = 3 * Math.floor(room / 4);
  const belowRoom = Math.max(0, Math.floor(room / 4) - (2 + current.length));
  return { above: above.slice(-aboveRoom), current, below: below.slice(0, belowRoom) };
}
