// Method names of what Tramontane adds to LSP. Behaviour lives in handlers/.

export const methods = {
  chat: 'tramontane/chat',
  edit: 'tramontane/edit',
  nextEdit: 'tramontane/nextEdit',
  /** A notification: the suggestion was turned down. */
  nextEditDismissed: 'tramontane/nextEditDismissed',
  context: 'tramontane/context',
  status: 'tramontane/status',
  restartEngine: 'tramontane/restartEngine',
  setPaused: 'tramontane/setPaused',
  engineStatus: 'tramontane/engineStatus',
  deleteCompletionHistory: 'tramontane/deleteCompletionHistory',
  deleteSavedState: 'tramontane/deleteSavedState',
  deleteIndexes: 'tramontane/deleteIndexes',
  /** A notification to the client: what is shown has become longer. */
  suggestionGrew: 'tramontane/suggestionGrew',
  /** A notification: whether the user trusts the workspace has changed. */
  workspaceTrust: 'tramontane/workspaceTrust',
  /** From the server to the client: what the editor's own language services know. */
  languageServices: 'tramontane/languageServices',
} as const;

/** Commands that the server answers through `workspace/executeCommand`. */
export const serverCommands = {
  completionAccepted: 'tramontane.completionAccepted',
  /** For editors that know: without it, rejects are inferred from what is typed. */
  completionRejected: 'tramontane.completionRejected',
} as const;
