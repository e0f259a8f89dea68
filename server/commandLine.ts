// The command line of the server. It knows options and the configuration file; it must not know what they are for.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

export interface CommandLine {
  /** What the user's own configuration file says; undefined without `--config`. */
  readonly config: { readonly file: string; readonly raw: unknown } | undefined;
  readonly trustClientOptions: boolean;
}

const usage = `usage: tramontane-server --stdio [--config FILE] [--trust-client-options]

  --stdio                 speak LSP over standard input and output
  --config FILE           settings as JSON, such as {"model": {"path": "/models/codestral.gguf"}}
  --trust-client-options  take model and engine settings from the client's initializationOptions too
  --version               print the version
  --help                  print this text
`;

export type Invocation =
  | { readonly kind: 'serve'; readonly commandLine: CommandLine }
  | { readonly kind: 'print'; readonly text: string }
  | { readonly kind: 'refuse'; readonly message: string };

export function readCommandLine(args: readonly string[], version: string): Invocation {
  // Editors add options of their own (--node-ipc, --clientProcessId=...), which the LSP library reads.
  const { values } = parseArgs({
    args: [...args],
    strict: false,
    options: {
      stdio: { type: 'boolean' },
      config: { type: 'string' },
      'trust-client-options': { type: 'boolean' },
      version: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return { kind: 'print', text: usage };
  if (values.version) return { kind: 'print', text: `${version}\n` };
  const speaks = args.some((arg) => /^--(?:stdio|node-ipc|pipe|socket)\b/.test(arg));
  if (!speaks) return { kind: 'refuse', message: `Say how to speak: add --stdio.\n\n${usage}` };
  if (args.some((arg) => /^--socket\b/.test(arg))) return { kind: 'refuse', message: 'The server opens no network ports. Use --stdio.\n' };
  const trustClientOptions = values['trust-client-options'] === true;
  if (typeof values.config !== 'string') return { kind: 'serve', commandLine: { config: undefined, trustClientOptions } };
  try {
    return {
      kind: 'serve',
      commandLine: { config: { file: values.config, raw: JSON.parse(readFileSync(values.config, 'utf8')) as unknown }, trustClientOptions },
    };
  } catch (error) {
    return {
      kind: 'refuse',
      message: `The configuration file ${values.config} cannot be used: ${error instanceof Error ? error.message : String(error)}\nCorrect it or start without --config.\n`,
    };
  }
}
