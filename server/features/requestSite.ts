// Where in the text a request for ghost text stands. With a selected entry of the suggest popup that is behind the entry, as if it had been
// taken: the model continues what is about to be chosen.
import type { Site } from '../core/completion/site.ts';
import { documentKey, siteAt } from '../core/completion/site.ts';
import type { Documents } from '../session/documents.ts';
import type { Snapshot } from '../session/snapshot.ts';
import type { InlineRequest } from './inlineRequest.ts';

export function siteOf({ text, languageId }: Snapshot, { uri, position, selected }: InlineRequest, documents: Documents): Site {
  const document = documentKey(uri, languageId);
  if (!selected) return siteAt(text, documents.offsetAt(uri, position), document);
  const from = documents.offsetAt(uri, selected.range.start);
  const to = Math.max(from, documents.offsetAt(uri, selected.range.end));
  return siteAt(text.slice(0, from) + selected.text + text.slice(to), from + selected.text.length, document);
}
