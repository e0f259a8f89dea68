// How the features see a text of the user: an open document, or a file that is read from disk.
// It knows what a feature needs of one. It must not know where it comes from: main.ts hands in an implementation.

export type DocumentText =
  | {
      readonly outcome: 'ok';
      readonly text: string;
      /** The version of the open document whose text this is; null for a file read from disk. */
      readonly version: number | null;
      readonly languageId: string;
      /** Relative to its workspace folder, with slashes: how the model and the user know it. */
      readonly relativePath: string;
    }
  /** There is no such text, or it may not be read; one sentence for the user. */
  | { readonly outcome: 'unreadable'; readonly message: string };

export interface ReadDocument {
  /** A snapshot: text and version belong together and do not change. */
  readonly read: (uri: string) => Promise<DocumentText>;
}
