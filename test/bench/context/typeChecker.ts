// Asks a type checker's language server where names are defined: TypeScript's own (`tsc --lsp`) and pyright's. It knows the protocol; it must
// not know which names are asked for.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createMessageConnection, type MessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import type { Language } from './sourceScan.ts';

export interface Place {
  /** Relative to the repository, with `/`; undefined outside of it. */
  readonly path: string | undefined;
  /** Of the name, from 0. */
  readonly line: number;
  readonly column: number;
}

interface Location {
  readonly uri?: string;
  readonly range?: { readonly start: { readonly line: number; readonly character: number } };
  readonly targetUri?: string;
  readonly targetSelectionRange?: { readonly start: { readonly line: number; readonly character: number } };
}

export class TypeChecker implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #connection: MessageConnection;
  readonly #repository: string;
  readonly #language: Language;
  readonly #opened = new Set<string>();

  private constructor(process: ChildProcess, connection: MessageConnection, repository: string, language: Language) {
    this.#process = process;
    this.#connection = connection;
    this.#repository = repository;
    this.#language = language;
  }

  static async start(options: { readonly command: readonly string[]; readonly repository: string; readonly language: Language }): Promise<TypeChecker> {
    const [program = '', ...args] = options.command;
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], cwd: options.repository });
    const connection = createMessageConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin));
    connection.onRequest('workspace/configuration', (params: { readonly items: readonly unknown[] }) => params.items.map(() => ({})));
    connection.onRequest('client/registerCapability', () => null);
    connection.onRequest('window/workDoneProgress/create', () => null);
    connection.listen();
    const uri = pathToFileURL(options.repository).href;
    await connection.sendRequest('initialize', {
      processId: process.pid,
      rootUri: uri,
      workspaceFolders: [{ uri, name: 'repository' }],
      capabilities: { textDocument: { definition: { linkSupport: true } }, workspace: { configuration: true, workspaceFolders: true } },
    });
    await connection.sendNotification('initialized', {});
    return new TypeChecker(child, connection, options.repository, options.language);
  }

  /** @returns every place that the checker names, none when it cannot tell */
  async definitionsAt(file: string, position: { readonly line: number; readonly character: number }): Promise<Place[]> {
    const uri = pathToFileURL(path.join(this.#repository, file)).href;
    if (!this.#opened.has(file)) {
      this.#opened.add(file);
      const text = readFileSync(path.join(this.#repository, file), 'utf8');
      await this.#connection.sendNotification('textDocument/didOpen', { textDocument: { uri, languageId: this.#language, version: 1, text } });
    }
    const answer = await this.#connection.sendRequest<Location | Location[] | null>('textDocument/definition', { textDocument: { uri }, position });
    const locations = answer === null ? [] : Array.isArray(answer) ? answer : [answer];
    return locations.map((location): Place => {
      const start = (location.targetSelectionRange ?? location.range)?.start ?? { line: 0, character: 0 };
      const target = location.targetUri ?? location.uri ?? '';
      const relative = target.startsWith('file:') ? path.relative(this.#repository, fileURLToPath(target)) : '..';
      return { path: relative.startsWith('..') ? undefined : relative.split(path.sep).join('/'), line: start.line, column: start.character };
    });
  }

  /** Open files cost the checker memory and time. */
  async close(file: string): Promise<void> {
    if (!this.#opened.delete(file)) return;
    const uri = pathToFileURL(path.join(this.#repository, file)).href;
    await this.#connection.sendNotification('textDocument/didClose', { textDocument: { uri } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.dispose();
    if (this.#process.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill();
    await ended;
  }
}
