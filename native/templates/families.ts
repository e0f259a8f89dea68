// The chat formats of the families beside Mistral's as templates, for files that bring none or one that cannot be used. It knows the
// documented formats; test/native/chatTemplateGolden.test.ts holds them to test/fixtures/chat-templates/families.json. It must not know
// models or files. What a format has no place for (a system text, tools) is left out here: chatTemplateValues.ts then folds it into text.

/** ChatML as Qwen 2.5 and 3 and Hermes use it: https://qwen.readthedocs.io/en/latest/getting_started/concepts.html */
export const chatmlTemplate = [
  '{%- if tools %}{{- "<|im_start|>system\\n" }}',
  '{%- if messages[0].role == "system" %}{{- messages[0].content + "\\n\\n" }}{%- endif %}',
  '{{- "# Tools\\n\\nYou may call one or more functions to assist with the user query.\\n\\nYou are provided with function signatures within <tools></tools> XML tags:\\n<tools>" }}',
  '{%- for tool in tools %}{{- "\\n" + (tool | tojson) }}{%- endfor %}',
  '{{- "\\n</tools>\\n\\nFor each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:\\n<tool_call>\\n{\\"name\\": <function-name>, \\"arguments\\": <args-json-object>}\\n</tool_call><|im_end|>\\n" }}',
  '{%- elif messages[0].role == "system" %}{{- "<|im_start|>system\\n" + messages[0].content + "<|im_end|>\\n" }}{%- endif %}',
  '{%- for message in messages %}',
  '{%- if message.role == "system" and not loop.first %}{{- raise_exception("A system text may only come first.") }}',
  '{%- elif message.role == "user" %}{{- "<|im_start|>user\\n" + message.content + "<|im_end|>\\n" }}',
  '{%- elif message.role == "assistant" %}{{- "<|im_start|>assistant\\n" + message.content }}',
  '{%- for call in message.tool_calls or [] %}{%- if message.content or not loop.first %}{{- "\\n" }}{%- endif %}',
  '{{- "<tool_call>\\n{\\"name\\": \\"" + call.function.name + "\\", \\"arguments\\": " + (call.function.arguments | tojson) + "}\\n</tool_call>" }}{%- endfor %}',
  '{{- "<|im_end|>\\n" }}',
  '{%- elif message.role == "tool" %}',
  '{%- if loop.first or messages[loop.index0 - 1].role != "tool" %}{{- "<|im_start|>user" }}{%- endif %}',
  '{{- "\\n<tool_response>\\n" + message.content + "\\n</tool_response>" }}',
  '{%- if loop.last or messages[loop.index0 + 1].role != "tool" %}{{- "<|im_end|>\\n" }}{%- endif %}',
  '{%- endif %}{%- endfor %}',
  '{{- "<|im_start|>assistant\\n" }}',
].join('');

/** Llama 3.1 and later: https://www.llama.com/docs/model-cards-and-prompt-formats/llama3_1/ */
export const llama3Template = [
  '{{- bos_token }}',
  '{%- macro header(role) %}{{- "<|start_header_id|>" + role + "<|end_header_id|>\\n\\n" }}{%- endmacro %}',
  '{%- set ns = namespace(shown=false) %}',
  '{%- for message in messages %}',
  '{%- if message.role == "system" %}{{- header("system") + ("Environment: ipython\\n" if tools else "") + (message.content | trim) + "<|eot_id|>" }}',
  '{%- elif message.role == "user" %}{{- header("user") }}',
  '{%- if tools and not ns.shown %}{%- set ns.shown = true %}',
  '{{- "Given the following functions, please respond with a JSON for a function call with its proper arguments that best answers the given prompt.\\n\\n" }}',
  '{{- "Respond in the format {\\"name\\": function name, \\"parameters\\": dictionary of argument name and its value}. Do not use variables.\\n\\n" }}',
  '{%- for tool in tools %}{{- (tool | tojson(indent=4)) + "\\n\\n" }}{%- endfor %}{%- endif %}',
  '{{- (message.content | trim) + "<|eot_id|>" }}',
  '{%- elif message.role == "assistant" and message.tool_calls %}',
  '{%- if message.tool_calls | length != 1 or message.content %}{{- raise_exception("This model makes one call at a time, without text.") }}{%- endif %}',
  '{%- set call = message.tool_calls[0].function %}',
  '{{- header("assistant") + "{\\"name\\": \\"" + call.name + "\\", \\"parameters\\": " + (call.arguments | tojson) + "}<|eot_id|>" }}',
  '{%- elif message.role == "assistant" %}{{- header("assistant") + (message.content | trim) + "<|eot_id|>" }}',
  '{%- elif message.role == "tool" %}{{- header("ipython") + (message.content | tojson) + "<|eot_id|>" }}',
  '{%- endif %}{%- endfor %}',
  '{{- header("assistant") }}',
].join('');

/** DeepSeek V3 and R1: https://huggingface.co/deepseek-ai/DeepSeek-V3-0324 */
export const deepseekTemplate = [
  '{{- bos_token }}',
  '{%- set ns = namespace(results=false) %}',
  '{%- for message in messages %}',
  '{%- if message.role == "system" %}{%- if not loop.first %}{{- raise_exception("A system text may only come first.") }}{%- endif %}{{- message.content }}',
  '{%- elif message.role == "tool" %}',
  '{{- "<｜tool▁outputs▁begin｜>" if not ns.results else "\\n" }}{%- set ns.results = true %}',
  '{{- "<｜tool▁output▁begin｜>" + message.content + "<｜tool▁output▁end｜>" }}',
  '{%- else %}',
  '{%- if ns.results %}{{- "<｜tool▁outputs▁end｜>" }}{%- endif %}',
  '{%- if message.role == "user" %}{{- "<｜User｜>" + message.content }}',
  '{%- else %}',
  // The text after results goes on in the same turn.
  '{{- ("" if ns.results else "<｜Assistant｜>") + message.content }}',
  '{%- if message.tool_calls %}{{- "<｜tool▁calls▁begin｜>" }}',
  '{%- for call in message.tool_calls %}{{- ("" if loop.first else "\\n") + "<｜tool▁call▁begin｜>function<｜tool▁sep｜>" + call.function.name + "\\n```json\\n" + (call.function.arguments | tojson) + "\\n```<｜tool▁call▁end｜>" }}{%- endfor %}',
  '{{- "<｜tool▁calls▁end｜>" }}{%- endif %}',
  '{{- eos_token }}{%- endif %}',
  '{%- set ns.results = false %}',
  '{%- endif %}{%- endfor %}',
  '{{- "<｜tool▁outputs▁end｜>" if ns.results else "<｜Assistant｜>" }}',
].join('');

/** Gemma 2 and 3: https://ai.google.dev/gemma/docs/core/prompt-structure */
export const gemmaTemplate = [
  '{{- bos_token }}',
  '{%- for message in messages %}',
  '{%- if message.role not in ["user", "assistant"] %}{{- raise_exception("Only user and assistant are known.") }}{%- endif %}',
  '{%- if (message.role == "user") != (loop.index0 % 2 == 0) %}{{- raise_exception("Roles must alternate.") }}{%- endif %}',
  '{{- "<start_of_turn>" + ("model" if message.role == "assistant" else "user") + "\\n" + (message.content | trim) + "<end_of_turn>\\n" }}',
  '{%- endfor %}',
  '{{- "<start_of_turn>model\\n" }}',
].join('');
