// Why a definition was chosen, as one sentence for a person. It knows reasons and their weights; it must not know who shows the sentence.
import type { Candidate, Reasons } from './reasons.ts';
import { fileWeights } from './rankWeights.ts';

/** Only what speaks for a definition; what merely describes it (a member, a field) explains nothing. */
const sentences: Partial<Readonly<Record<keyof Reasons, string>>> = {
  importedByName: 'imported by name',
  importedUnused: 'imported and not used yet',
  besideImported: 'in a file that is imported',
  ofModule: 'in a module that is imported',
  ofSmallModule: 'in a module that is imported',
  ofUnusedModule: 'in a module that is imported and not used yet',
  memberOfImported: 'member of an imported type',
  memberBesideImported: 'member of a type in an imported file',
  memberOfValue: 'member of the type of something imported',
  visible: 'its name stands in the file',
  visibleAmong: 'its name stands in the file',
  visibleMember: 'its name stands in the file',
  visibleReached: 'named in the file, of a type the file uses',
  visibleShare: 'named in the file, of a type the file uses',
  often: 'often named in the file',
  reached: 'of a type that the types in the file lead to',
  predicted: 'used by similar files',
  predictedRoot: 'used by similar files',
  usedOfType: 'usually used with its type',
};

/** Why a piece is shown that is there for where it stands, rather than for what the file uses. */
export const partReasons = {
  editorMember: "member of the type before the dot, as the editor's language services say",
  textMember: 'member of what stands before the dot',
  recent: 'edited a moment ago',
  similar: 'alike to what stands around the cursor',
  found: 'found by the words around the cursor',
} as const;

/** @returns the sentence for what spoke for it most */
export function explainReasons({ reasons, localTypes, holders, namesakes, heirs }: Candidate): string {
  let best: { readonly sentence: string; readonly worth: number } | undefined;
  for (const reason of Object.keys(sentences) as (keyof Reasons)[]) {
    const worth = fileWeights[reason] * reasons[reason];
    if (worth > (best?.worth ?? 0)) best = { sentence: sentences[reason] as string, worth };
  }
  if (best) return best.sentence;
  if (localTypes.size > 0 || holders.size > 0) return 'member of the type of a variable';
  if (namesakes.size > 0) return 'member of a type called like a variable';
  return heirs.size > 0 ? 'inherited by a type in the file' : 'near to what the file uses';
}
