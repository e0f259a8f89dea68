// A server of a test's own that speaks the part of llama-server's HTTP API that the bench uses, with answers that a test writes down. It knows the
// form of requests and answers; it must not know who asks. A token is a special token or one character, so that ids can be read back.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface EndpointScript {
  readonly special: readonly string[];
  /** Those of them that are found in plain text, too, as llama.cpp finds what a vocabulary calls user-defined. */
  readonly userDefined?: readonly string[];
  readonly contextSize?: number;
  readonly slots?: number;
  readonly chatTemplate?: string;
  /** Put before every text that wants special tokens around it; one of `special`. */
  readonly begin?: string;
  /** @param prompt with its special tokens spelled; an answer may spell them, too */
  readonly answer: (prompt: string) => string | Promise<string>;
  /** The chance of every token. */
  readonly probability?: number;
  /** What is sent in place of an event of an answer; undefined where the event stays. */
  readonly instead?: (event: object) => string | undefined;
}

export interface AskedCompletion {
  readonly prompt: string;
  readonly ids: readonly number[];
  readonly body: Readonly<Record<string, unknown>>;
}

export interface ScriptedEndpoint {
  readonly address: string;
  readonly asked: readonly AskedCompletion[];
  /** How many answers the asking side has closed before their end. */
  readonly brokenOff: () => number;
  readonly stop: () => Promise<void>;
}

const firstCharacter = 1000;

export async function scriptedEndpoint(script: EndpointScript): Promise<ScriptedEndpoint> {
  const asked: AskedCompletion[] = [];
  let brokenOff = 0;
  const tokens = (text: string, parseSpecial: boolean): number[] => {
    const ids: number[] = [];
    for (let at = 0; at < text.length; ) {
      const isFound = (token: string) => text.startsWith(token, at) && (parseSpecial || script.userDefined?.includes(token) === true);
      const special = script.special.findIndex(isFound);
      ids.push(special < 0 ? firstCharacter + text.charCodeAt(at) : special);
      at += special < 0 ? 1 : (script.special[special] as string).length;
    }
    return ids;
  };
  const textOf = (id: number) => (id < firstCharacter ? (script.special[id] ?? '') : String.fromCharCode(id - firstCharacter));

  const answer = async (body: Record<string, unknown>, response: ServerResponse) => {
    const ids = body['prompt'] as readonly number[];
    const prompt = ids.map(textOf).join('');
    asked.push({ prompt, ids, body });
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.on('close', () => {
      if (!response.writableFinished) brokenOff++;
    });
    const whole = tokens(await script.answer(prompt), true);
    const most = Number(body['n_predict']);
    const timings = (predicted: number) => ({ cache_n: 0, prompt_n: ids.length, prompt_ms: 1, predicted_n: predicted, predicted_ms: 1 });
    const send = (event: object) => response.write(`data: ${script.instead?.(event) ?? JSON.stringify(event)}\n\n`);
    for (const [index, id] of whole.slice(0, most).entries()) {
      if (response.destroyed) return;
      const said = { content: id < firstCharacter ? '' : textOf(id), tokens: [id], stop: false, tokens_predicted: index + 1, timings: timings(index + 1) };
      send(body['n_probs'] ? { ...said, completion_probabilities: [{ id, logprob: Math.log(script.probability ?? 0.9) }] } : said);
      // Whoever closes the connection is heard of in a later turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
    const stopType = whole.length > most ? 'limit' : 'eos';
    const predicted = Math.min(most, whole.length);
    send({ content: '', tokens: [], stop: true, stop_type: stopType, tokens_predicted: predicted, timings: timings(predicted) });
    response.end();
  };

  const facts: Readonly<Record<string, object>> = {
    '/props': {
      default_generation_settings: { n_ctx: script.contextSize ?? 2048 },
      total_slots: script.slots ?? 1,
      model_alias: 'scripted.gguf',
      chat_template: script.chatTemplate ?? '',
    },
    '/v1/models': { data: [{ meta: { size: 1_000_000, n_ctx_train: 2048 } }] },
  };

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const route = request.url ?? '';
    const body = request.method === 'POST' ? await bodyOf(request) : {};
    const give = (what: object) => void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(what));
    if (request.method === 'GET' && facts[route]) return give(facts[route]);
    if (route === '/completion') return answer(body, response);
    if (route === '/apply-template') {
      const messages = body['messages'] as readonly { readonly content: string }[];
      return give({ prompt: messages.map(({ content }) => `[INST]${content}[/INST]`).join('') });
    }
    if (route !== '/tokenize') return void response.writeHead(404).end('{"error":{"message":"File Not Found"}}');
    const begun = body['add_special'] && script.begin !== undefined ? tokens(script.begin, true) : [];
    const ids = [...begun, ...tokens(String(body['content']), body['parse_special'] === true)];
    return give({ tokens: body['with_pieces'] ? ids.map((id) => ({ id, piece: textOf(id) })) : ids });
  };

  const server = createServer((request, response) => void serve(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    brokenOff: () => brokenOff,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return JSON.parse(text) as Record<string, unknown>;
}
