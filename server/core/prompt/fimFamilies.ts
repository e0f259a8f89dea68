// The fill-in-the-middle layouts of the model families. It knows which special tokens a family has and in which order it was trained
// to read them; it must not know documents or budgets.
// Special tokens are sent as token ids, never as text, so that a file that spells them cannot break the prompt.
import type { PromptPart } from '../../../native/protocol/messages.ts';

export interface FimInput {
  readonly prefix: string;
  readonly suffix: string;
  /** Path relative to the workspace, with forward slashes. */
  readonly path: string;
}

export interface FimFamily {
  readonly name: string;
  /** Every one of these must be in the vocabulary. */
  readonly tokens: readonly string[];
  readonly layout: (input: FimInput) => readonly PromptPart[];
  /** Weak models often end at once; where one does, the best token that goes on is taken instead. */
  readonly endsTooEarly: boolean;
  /**
   * What of the prompt is reused. `appends`: what is typed, a new line included, only follows what was there. `appendsWithinLine`: within one
   * line it does, and a new line keeps everything before the line that it ends. `keepsPrefix`: only the text before what was typed.
   */
  readonly reuse: 'appends' | 'appendsWithinLine' | 'keepsPrefix';
  /** It was trained on prefixes that end in a blank; others read better without. */
  readonly readsTrailingBlank?: boolean;
}

const special = (token: string): PromptPart => ({ kind: 'special', token });
const text = (value: string): PromptPart => ({ kind: 'text', text: value });

/**
 * Prefix, suffix, middle, with the text of the cursor's line behind the middle token: for the model the hole begins with the line and its
 * first words are known, which is as likely as the same text before the hole, and what is typed only appends.
 */
function prefixFirst(prefixToken: string, suffixToken: string, middleToken: string): FimFamily['layout'] {
  return ({ prefix, suffix }) => {
    const lineStart = prefix.lastIndexOf('\n') + 1;
    return [special(prefixToken), text(prefix.slice(0, lineStart)), special(suffixToken), text(suffix), special(middleToken), text(prefix.slice(lineStart))];
  };
}

/** The starter model was trained with the last two parts of the path. */
function shortPath(path: string): string {
  return path.split('/').slice(-2).join('/');
}

/** Most specific first: the starter model shares token names with Qwen's family. */
export const fimFamilies: readonly FimFamily[] = [
  {
    name: 'starter',
    tokens: ['<|fim_suffix|>', '<|fim_prefix|>', '<|cursor_line|>', '<|file_sep|>'],
    layout: ({ prefix, suffix, path }) => [
      special('<|fim_suffix|>'),
      text(suffix),
      special('<|fim_prefix|>'),
      special('<|file_sep|>'),
      text(`${shortPath(path)}\n`),
      { kind: 'text', text: prefix, lineMarker: '<|cursor_line|>' },
    ],
    endsTooEarly: true,
    reuse: 'appends',
    readsTrailingBlank: true,
  },
  {
    name: 'codestral',
    tokens: ['[SUFFIX]', '[PREFIX]'],
    layout: ({ prefix, suffix }) => [special('[SUFFIX]'), text(suffix), special('[PREFIX]'), text(prefix)],
    endsTooEarly: false,
    reuse: 'appends',
  },
  {
    name: 'qwen',
    tokens: ['<|fim_prefix|>', '<|fim_suffix|>', '<|fim_middle|>'],
    layout: prefixFirst('<|fim_prefix|>', '<|fim_suffix|>', '<|fim_middle|>'),
    endsTooEarly: false,
    reuse: 'appendsWithinLine',
  },
  {
    name: 'starcoder',
    tokens: ['<fim_prefix>', '<fim_suffix>', '<fim_middle>'],
    layout: prefixFirst('<fim_prefix>', '<fim_suffix>', '<fim_middle>'),
    endsTooEarly: false,
    reuse: 'appendsWithinLine',
  },
  {
    name: 'deepseek',
    tokens: ['<｜fim▁begin｜>', '<｜fim▁hole｜>', '<｜fim▁end｜>'],
    layout: prefixFirst('<｜fim▁begin｜>', '<｜fim▁hole｜>', '<｜fim▁end｜>'),
    endsTooEarly: false,
    reuse: 'appendsWithinLine',
  },
  {
    name: 'codellama',
    tokens: ['▁<PRE>', '▁<SUF>', '▁<MID>'],
    layout: ({ prefix, suffix }) => [special('▁<PRE>'), text(` ${prefix} `), special('▁<SUF>'), text(suffix), special('▁<MID>')],
    endsTooEarly: false,
    reuse: 'keepsPrefix',
  },
];

/** @returns undefined for models that were not trained to fill holes */
export function fimFamilyOf(specialTokens: readonly string[]): FimFamily | undefined {
  const known = new Set(specialTokens);
  return fimFamilies.find((family) => family.tokens.every((token) => known.has(token)));
}
