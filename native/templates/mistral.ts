// Mistral's chat formats as templates, one a version. It knows where Mistral's own library (PyPI mistral-common) puts each token;
// test/native/chatTemplateGolden.test.ts holds every version to what that library writes. It must not know models or files.
//
// They stand in for the published templates because those differ from the library: they move the system text, add a default one or
// put blanks behind control tokens, each of which the model never saw in training.

export type MistralVersion = 'v3' | 'v7' | 'v11' | 'v13';

/**
 * @param version V3: Mistral 7B v0.3, Nemo. V7: Large 2411, Small 2501. V11: Small 3.1 and 3.2, Devstral 1. V13: Magistral 1.2, Ministral 3, Devstral 2.
 * @returns a Jinja template; beside the usual variables it reads `message.content_value` of tool results: the content as a JSON value where it is one
 */
export function mistralTemplate(version: MistralVersion): string {
  const toolsAt = version === 'v13' ? 'first' : 'last';
  return [
    '{{- bos_token }}',
    alternation,
    version === 'v3' ? '' : systemFirst,
    '{%- set users = messages | selectattr("role", "equalto", "user") | list %}',
    '{%- for message in messages %}',
    '{%- if message.role == "user" %}',
    `{%- if tools and message == users | ${toolsAt} %}{{- "[AVAILABLE_TOOLS]" + (tools | tojson) + "[/AVAILABLE_TOOLS]" }}{%- endif %}`,
    '{{- "[INST]" }}',
    // V3 knows no system tokens: the text stands before the last question.
    version === 'v3' ? '{%- if messages[0].role == "system" and message == users | last %}{{- messages[0].content + "\\n\\n" }}{%- endif %}' : '',
    '{{- message.content + "[/INST]" }}',
    '{%- elif message.role == "assistant" %}',
    answer(version),
    '{%- elif message.role == "tool" %}',
    result(version),
    '{%- endif %}',
    '{%- endfor %}',
  ].join('');
}

const systemFirst = '{%- if messages[0].role == "system" %}{{- "[SYSTEM_PROMPT]" + messages[0].content + "[/SYSTEM_PROMPT]" }}{%- endif %}';

/** Two questions in a row are one message in the reference; raising makes the renderer merge them. */
const alternation = [
  '{%- set ns = namespace(previous="") %}',
  '{%- for message in messages %}',
  '{%- if message.role == "system" and not loop.first %}{{- raise_exception("A system text may only come first.") }}{%- endif %}',
  '{%- if message.role == "user" and ns.previous == "user" %}{{- raise_exception("Two questions must not follow each other.") }}{%- endif %}',
  '{%- set ns.previous = message.role %}',
  '{%- endfor %}',
].join('');

function answer(version: MistralVersion): string {
  const calls =
    version === 'v3' || version === 'v7'
      ? '{{- "[TOOL_CALLS][" }}{%- for call in message.tool_calls %}{{- (", " if not loop.first else "") + (call.function | tojson)[:-1] + ", \\"id\\": " + (call.id | tojson) + "}" }}{%- endfor %}{{- "]" }}'
      : [
          '{%- for call in message.tool_calls %}',
          `{{- "[TOOL_CALLS]" + call.function.name${version === 'v11' ? ' + "[CALL_ID]" + call.id' : ''} + "[ARGS]" + (call.function.arguments | tojson) }}`,
          '{%- endfor %}',
        ].join('');
  // V3 refuses an answer with both text and calls.
  const textWithCalls = version === 'v3' ? '{%- if message.content and not message.tool_calls %}' : '{%- if message.content %}';
  return `${textWithCalls}{{- message.content }}{%- endif %}{%- if message.tool_calls %}${calls}{%- endif %}{{- eos_token }}`;
}

function result(version: MistralVersion): string {
  if (version === 'v13') return '{{- "[TOOL_RESULTS]" + message.content + "[/TOOL_RESULTS]" }}';
  if (version !== 'v3') return '{{- "[TOOL_RESULTS]" + message.tool_call_id + "[TOOL_CONTENT]" + message.content + "[/TOOL_RESULTS]" }}';
  return '{{- "[TOOL_RESULTS]{\\"content\\": " + (message.content_value | tojson) + ", \\"call_id\\": " + (message.tool_call_id | tojson) + "}[/TOOL_RESULTS]" }}';
}
