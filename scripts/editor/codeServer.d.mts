// The types of codeServer.mjs for the TypeScript of the tests; the script itself must run under a Node that knows no types.
export interface CodeServer {
  readonly node: string;
  readonly entry: string;
  /** Folder for its settings, extensions and log. */
  readonly profile: string;
}

export interface RunningCodeServer {
  readonly url: string;
  readonly port: number;
  readonly profile: string;
  readonly logFile: string;
  readonly startMs: number;
  /** Settles when the process has ended, with how. */
  readonly exit: Promise<string>;
  stop(): Promise<void>;
}

export function startCodeServer(
  options: CodeServer & {
    readonly port?: number;
    readonly settings?: Readonly<Record<string, unknown>>;
    readonly env?: Readonly<Record<string, string>>;
    readonly startTimeoutMs?: number;
  },
): Promise<RunningCodeServer>;

export function installExtension(options: CodeServer & { readonly vsix: string }): Promise<void>;

export function workbenchUrl(url: string, what: { readonly folder?: string }): string;
