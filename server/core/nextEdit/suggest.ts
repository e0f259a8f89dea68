// From recent changes to the next edits, the best first. It knows the order of the rules and what every edit must satisfy; how a rule comes
// to its edits it must not know.
import { suggestArgument } from './argument.ts';
import { suggestImport } from './imports.ts';
import { suggestLikeLine } from './likeLines.ts';
import { suggestLiteral } from './literals.ts';
import { suggestMember } from './member.ts';
import type { KnownImport, NextEdit, RecentChange, Rule } from './nextEdit.ts';
import { suggestRename } from './rename.ts';
import { suggestMemberRename } from './renameMember.ts';
import { suggestRepeatedEdit } from './repeatedEdit.ts';
import { suggestRepeatedName } from './repeatedName.ts';
import type { Source } from './source.ts';

/** The surest first: the first that has anything to say about a change is followed. */
const rules: readonly Rule[] = [
  suggestRename,
  suggestMemberRename,
  suggestMember,
  suggestArgument,
  suggestLiteral,
  suggestRepeatedName,
  suggestLikeLine,
  suggestRepeatedEdit,
  suggestImport,
];

/** Longer texts are left to the editor's own commands. */
const longestText = 2_000_000;

export interface SuggestInput {
  readonly source: Source;
  /** The change that is asked about. */
  readonly change: RecentChange;
  /** All recent ones, oldest first. */
  readonly changes: readonly RecentChange[];
  readonly imports: readonly KnownImport[];
}

/**
 * What one change asks for elsewhere. The same rule goes on as long as it finds something; when everything is done the list is empty.
 * @returns in the order in which they are offered: behind the change downwards, then from the beginning of the text
 */
export function suggestNextEdits(input: SuggestInput): readonly NextEdit[] {
  const { source, change } = input;
  const { start, after } = change;
  if (source.text.length > longestText || source.family === 'other' || source.text.slice(start, start + after.length) !== after) return [];
  for (const rule of rules) {
    const edits = rule(input).filter((edit) => isSound(source, edit));
    if (edits.length > 0) return inOrder(edits, change);
  }
  return [];
}

function isSound({ text }: Source, { start, end, newText }: NextEdit): boolean {
  if (start < 0 || end < start || end > text.length || text.slice(start, end) === newText) return false;
  // Between the halves of a line break or of a character there is no place.
  return [start, end].every(
    (at) => !(text[at] === '\n' && text[at - 1] === '\r') && !(/[\udc00-\udfff]/.test(text[at] ?? '') && /[\ud800-\udbff]/.test(text[at - 1] ?? '')),
  );
}

/** What a rule puts first stays first where several are at hand only for imports and members, which build upon each other. */
function inOrder(edits: readonly NextEdit[], change: RecentChange): readonly NextEdit[] {
  if (edits.some(({ kind }) => kind === 'member' || kind === 'import')) return edits;
  const isBehind = ({ start }: NextEdit) => start >= change.start;
  return [...edits].sort((a, b) => Number(isBehind(b)) - Number(isBehind(a)) || a.start - b.start);
}
