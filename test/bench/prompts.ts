// One prompt in the two forms that the two sides take, so that both see the same tokens. It knows layouts with the suffix first (the starter model's, without
// its line marker, and Codestral's); it must not know what is measured.
import type { Prompt } from '../../native/protocol/messages.ts';
import type { LlamaServer } from './peers/llamaServer.ts';

/** Texts of a family's special tokens. */
export interface FimTokens {
  /** What the engine puts first by itself where the model's file asks for it. */
  readonly begin?: string;
  readonly suffix: string;
  readonly prefix: string;
}

const starterTokens: FimTokens = { suffix: '<|fim_suffix|>', prefix: '<|fim_prefix|>' };
/** Of models with the Tekken vocabulary. */
export const tekkenTokens: FimTokens = { begin: '<s>', suffix: '[SUFFIX]', prefix: '[PREFIX]' };

export interface FimText {
  readonly prefix: string;
  readonly suffix: string;
}

export function promptForEngine({ prefix, suffix }: FimText, tokens = starterTokens): Prompt {
  return {
    kind: 'parts',
    parts: [
      { kind: 'special', token: tokens.suffix },
      { kind: 'text', text: suffix },
      { kind: 'special', token: tokens.prefix },
      { kind: 'text', text: prefix },
    ],
  };
}

/** Token ids, since a text that spells a special token must stay text here as well. */
export async function promptForPeer(server: LlamaServer, { prefix, suffix }: FimText, tokens = starterTokens): Promise<readonly number[]> {
  const special = (text: string) => server.tokenize(text, { parseSpecial: true });
  const plain = (text: string) => server.tokenize(text, { parseSpecial: false });
  const begin = tokens.begin === undefined ? [] : await special(tokens.begin);
  return [...begin, ...(await special(tokens.suffix)), ...(await plain(suffix)), ...(await special(tokens.prefix)), ...(await plain(prefix))];
}

const shapes = ['circle', 'square', 'triangle', 'rhombus', 'trapezoid', 'pentagon', 'hexagon', 'ellipse', 'sector', 'annulus'];

/**
 * A file of functions that are alike but not the same, cut inside the last one: about 14 tokens a line.
 * @param run goes into the first token behind the suffix token, so that no two runs share a prefix to reuse
 */
export function codeWithHole({ functions, run }: { readonly functions: number; readonly run: number }): FimText {
  const body = Array.from({ length: functions }, (_, index) => {
    const name = `${shapes[index % shapes.length]}${index}`;
    return `export function ${name}Area(width: number, height: number): number {\n  const scale = width / ${index + 2};\n  return scale * height;\n}\n\n`;
  });
  const last = 'export function totalArea(shapes: readonly Shape[]): number {\n  let total = 0;\n  for (const shape of shapes) {\n    total +=';
  return { prefix: body.join('') + last, suffix: `${run}\n  }\n  return total;\n}\n` };
}
