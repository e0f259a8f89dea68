// One document as it was at one moment. Everything that is computed for it carries this version, so nothing is applied to another.

export interface Snapshot {
  readonly uri: string;
  readonly languageId: string;
  readonly version: number;
  readonly text: string;
}
