// Text with `|` for the cursor, as the tables of these tests write it. A real bar is written `¦`.
import type { Site } from '../../../server/core/completion/site.ts';
import { siteAt } from '../../../server/core/completion/site.ts';

export function cursorIn(marked: string): Site {
  const offset = marked.indexOf('|');
  if (offset < 0 || marked.indexOf('|', offset + 1) >= 0) throw new Error(`${JSON.stringify(marked)} needs exactly one |`);
  return siteAt((marked.slice(0, offset) + marked.slice(offset + 1)).replaceAll('¦', '|'), offset);
}
