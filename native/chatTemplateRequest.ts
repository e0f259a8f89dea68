// What a chat template is asked to render, and what comes back. It knows the shape of conversations; it must not know Jinja, tokens or models.

export interface TemplateTool {
  readonly name: string;
  readonly description: string;
  /** A JSON schema of the arguments. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

export interface TemplateToolCall {
  readonly id: string;
  readonly name: string;
  /** The arguments as JSON text, as the model wrote them. */
  readonly arguments: string;
}

export type TemplateContentPart = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'image' };

export type TemplateMessage =
  | { readonly role: 'system'; readonly content: string }
  | { readonly role: 'user'; readonly content: string | readonly TemplateContentPart[] }
  | { readonly role: 'assistant'; readonly content: string; readonly toolCalls?: readonly TemplateToolCall[] }
  | { readonly role: 'tool'; readonly content: string; readonly toolCallId: string; readonly name: string };

export interface TemplateRequest {
  readonly messages: readonly TemplateMessage[];
  readonly tools?: readonly TemplateTool[];
  /** The beginning of the answer, which the model continues; plain text. */
  readonly prefill?: string;
  /** The local date and time for templates that name it: `2026-01-31T12:00`. */
  readonly date: string;
}

export interface TemplateVocabulary {
  readonly bos: string;
  readonly eos: string;
  /** Texts of the control tokens: in a template they are tokens, in what people wrote never. */
  readonly controlTexts: readonly string[];
  /** Texts of user-defined tokens. The tokenizer finds these in plain text too, so they are cut where people wrote what the template uses. */
  readonly userDefinedTexts: readonly string[];
}

export interface RenderedPart {
  /** `template`: the exact text of one special token; `content`: text to be tokenized without special tokens. */
  readonly kind: 'template' | 'content';
  readonly text: string;
}

export type RenderedRequest =
  | { readonly outcome: 'ok'; readonly parts: readonly RenderedPart[] }
  /** `cause` and `action` are one sentence each for the user; without an action, it takes another model. */
  | { readonly outcome: 'failed'; readonly cause: string; readonly action?: string }
  | { readonly outcome: 'cancelled' };
