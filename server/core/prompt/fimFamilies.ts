// The fill-in-the-middle layouts of the model families. It knows which special tokens a family has and in which order it was trained
// to read them; it must not know documents or budgets.
// Special tokens are sent as token ids, never as text, so that a file that spells them cannot break the prompt.
import type { PromptPart } from '../../../native/protocol/messages.ts';
import { commentSignOf } from '../retrieval/commentSign.ts';
import type { ContextFile } from '../retrieval/contextFiles.ts';

export interface FimInput {
  readonly prefix: string;
  readonly suffix: string;
  /** Path relative to the workspace, with forward slashes. */
  readonly path: string;
  /** Pieces of other files. As long as they are the same, so is all of the prompt that comes before what is typed. */
  readonly context?: FimContext;
}

export interface FimContext {
  readonly files: readonly ContextFile[];
  /** The name of the project. */
  readonly name: string;
  /** Of the file that is written. */
  readonly languageId: string;
}

export interface FimFamily {
  readonly name: string;
  /** Every one of these must be in the vocabulary. */
  readonly tokens: readonly string[];
  readonly layout: (input: FimInput) => readonly PromptPart[];
  /** How pieces of other files come before the rest. `tokens`: without them in the vocabulary the pieces come as comments, as with families that have no form. */
  readonly others?: {
    readonly tokens: readonly string[];
    readonly layout: (input: FimInput, context: FimContext, rest: FimFamily['layout']) => readonly PromptPart[];
  };
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

/** Code above the file's own, each piece behind a comment that names its file: every code model has read such files. */
function withComments(input: FimInput, { files, languageId }: FimContext): FimInput {
  const sign = commentSignOf(languageId);
  const pieces = files.map(({ path, text: piece }) => `${sign} ${path}\n${piece.replace(/^/gm, `${sign} `)}\n`);
  return { ...input, prefix: `${pieces.join('')}\n${sign} ${input.path}\n${input.prefix}` };
}

/** @returns the prompt of a family that was trained with `tokens` in the vocabulary or without */
export function fimParts(family: FimFamily, input: FimInput, specialTokens: readonly string[]): readonly PromptPart[] {
  const { context } = input;
  if (!context || context.files.length === 0) return family.layout(input);
  if (family.others?.tokens.every((token) => specialTokens.includes(token))) return family.others.layout(input, context, family.layout);
  return family.layout(withComments(input, context));
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
    // Between the sign and this file's path, as it was trained.
    others: {
      tokens: ['<|file_sep|>'],
      layout: (input, { files }, rest) => {
        const parts = rest(input);
        const at = parts.findIndex((part) => part.kind === 'special' && part.token === '<|file_sep|>');
        const pieces = files.flatMap(({ path, text: piece }) => [special('<|file_sep|>'), text(`${shortPath(path)}\n${piece}\n`)]);
        return [...parts.slice(0, at), ...pieces, ...parts.slice(at)];
      },
    },
    endsTooEarly: true,
    reuse: 'appends',
    readsTrailingBlank: true,
  },
  {
    name: 'codestral',
    tokens: ['[SUFFIX]', '[PREFIX]'],
    layout: ({ prefix, suffix }) => [special('[SUFFIX]'), text(suffix), special('[PREFIX]'), text(prefix)],
    // https://github.com/mistralai/mistral-common: a file begins with `+++++ path`.
    others: {
      tokens: [],
      layout: (input, { files }, rest) => {
        const pieces = files.map(({ path, text: piece }) => `+++++ ${path}\n${piece}\n\n`).join('');
        return rest({ ...input, prefix: `${pieces}+++++ ${input.path}\n${input.prefix}` });
      },
    },
    endsTooEarly: false,
    reuse: 'appends',
  },
  {
    name: 'qwen',
    tokens: ['<|fim_prefix|>', '<|fim_suffix|>', '<|fim_middle|>'],
    layout: prefixFirst('<|fim_prefix|>', '<|fim_suffix|>', '<|fim_middle|>'),
    // https://github.com/QwenLM/Qwen2.5-Coder: repository-level fill in the middle.
    others: {
      tokens: ['<|repo_name|>', '<|file_sep|>'],
      layout: (input, { files, name }, rest) => [
        special('<|repo_name|>'),
        text(`${name}\n`),
        ...files.flatMap(({ path, text: piece }) => [special('<|file_sep|>'), text(`${path}\n${piece}\n`)]),
        special('<|file_sep|>'),
        text(`${input.path}\n`),
        ...rest(input),
      ],
    },
    endsTooEarly: false,
    reuse: 'appendsWithinLine',
  },
  {
    name: 'starcoder',
    tokens: ['<fim_prefix>', '<fim_suffix>', '<fim_middle>'],
    layout: prefixFirst('<fim_prefix>', '<fim_suffix>', '<fim_middle>'),
    // StarCoder2: https://arxiv.org/abs/2402.19173, the path stands inside the prefix.
    others: {
      tokens: ['<repo_name>', '<file_sep>'],
      layout: (input, { files, name }, rest) => [
        special('<repo_name>'),
        text(name),
        ...files.flatMap(({ path, text: piece }) => [special('<file_sep>'), text(`${path}\n${piece}\n`)]),
        special('<file_sep>'),
        ...rest({ ...input, prefix: `${input.path}\n${input.prefix}` }),
      ],
    },
    endsTooEarly: false,
    reuse: 'appendsWithinLine',
  },
  {
    name: 'deepseek',
    tokens: ['<｜fim▁begin｜>', '<｜fim▁hole｜>', '<｜fim▁end｜>'],
    layout: prefixFirst('<｜fim▁begin｜>', '<｜fim▁hole｜>', '<｜fim▁end｜>'),
    // https://github.com/deepseek-ai/DeepSeek-Coder: each file behind `#path`, in every language.
    others: {
      tokens: [],
      layout: (input, { files }, rest) => {
        const pieces = files.map(({ path, text: piece }) => `#${path}\n${piece}\n`).join('');
        return rest({ ...input, prefix: `${pieces}#${input.path}\n${input.prefix}` });
      },
    },
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
