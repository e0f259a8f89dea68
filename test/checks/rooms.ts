// The table "Rooms" of the design, once more and in other words than the configuration: what each room may import.
// It knows rooms and packages. It must not know how a tool is told about them.

export const rooms = [
  'media',
  'client',
  'client/protocol',
  'server',
  'server/handlers',
  'server/features',
  'server/session',
  'server/project',
  'server/inference',
  'server/models',
  'server/tools',
  'server/storage',
  'server/core',
  'server/protocol',
  'native',
  'native/channel',
  'native/protocol',
] as const;
export type Room = (typeof rooms)[number];

interface Permissions {
  /** Rooms of which values and types may be imported. */
  readonly values: readonly Room[];
  /** Rooms of which only types may be imported. */
  readonly types?: readonly Room[];
  /** Rooms of which only types, and only those of the interface file that is called like the room, may be imported. */
  readonly interfaces?: readonly Room[];
  readonly packages: readonly string[];
}

/** One specimen of each kind of package; every room is tried with every one of them. */
export const packageSpecimens = [
  'vscode',
  'vscode-languageclient/node',
  'vscode-languageserver/node',
  'vscode-languageserver-types',
  'vscode-languageserver-textdocument',
  'vscode-jsonrpc/node',
  'node-llama-cpp',
  '@node-llama-cpp/linux-x64',
  '@huggingface/jinja',
  'valibot',
  'diff',
  'markdown-it',
  'dompurify',
  'highlight.js/lib/core',
  'ignore',
  'web-tree-sitter',
  'node:fs',
  'node:fs/promises',
  'node:child_process',
  'node:crypto',
  'fs',
] as const;

const node = ['node:fs', 'node:fs/promises', 'node:child_process', 'node:crypto'];
const lspData = ['vscode-languageserver-types', 'vscode-languageserver-textdocument'];
const lsp = ['vscode-languageserver/node', 'vscode-jsonrpc/node', ...lspData];

export const permissions: Readonly<Record<Room, Permissions>> = {
  media: { values: ['client/protocol'], packages: ['markdown-it', 'dompurify', 'highlight.js/lib/core', 'valibot'] },
  client: { values: ['client/protocol', 'server/protocol'], packages: ['vscode', 'vscode-languageclient/node', 'valibot', ...node] },
  'client/protocol': { values: [], packages: ['valibot'] },
  // The composition root: it builds the rooms of the server and hands them over.
  server: {
    values: [
      'server/handlers',
      'server/features',
      'server/session',
      'server/project',
      'server/inference',
      'server/models',
      'server/tools',
      'server/storage',
      'server/core',
      'server/protocol',
      'native/protocol',
    ],
    packages: [...lsp, 'valibot', ...node],
  },
  'server/handlers': { values: ['server/features', 'server/session', 'server/protocol'], types: ['server/core'], packages: [...lsp, 'valibot'] },
  'server/features': {
    values: ['server/core', 'server/session', 'server/protocol'],
    interfaces: ['server/project', 'server/inference', 'server/tools'],
    packages: [...lspData, 'valibot', 'node:crypto'],
  },
  'server/session': { values: ['server/core', 'server/protocol'], packages: [...lspData, 'valibot'] },
  'server/project': { values: ['server/core'], packages: ['valibot', 'ignore', 'web-tree-sitter', ...node] },
  'server/inference': { values: ['server/core', 'native/protocol', 'native/channel'], packages: ['valibot', 'vscode-jsonrpc/node', ...node] },
  'server/models': { values: ['server/core', 'native/protocol'], packages: ['valibot', ...node] },
  'server/tools': { values: ['server/core'], packages: ['valibot', 'vscode-jsonrpc/node', ...node] },
  'server/storage': { values: ['server/core'], packages: ['valibot', ...node] },
  'server/core': { values: [], types: ['native/protocol'], packages: ['diff', 'valibot'] },
  'server/protocol': { values: [], types: ['server/core'], packages: ['valibot', 'vscode-languageserver-types'] },
  native: { values: ['native/protocol', 'native/channel'], packages: ['node-llama-cpp', '@huggingface/jinja', 'valibot', 'vscode-jsonrpc/node', ...node] },
  'native/channel': { values: ['native/protocol'], packages: ['valibot', 'vscode-jsonrpc/node', ...node] },
  'native/protocol': { values: [], packages: ['valibot'] },
};
