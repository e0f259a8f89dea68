// Edit blocks in an answer, shown as code. Models write `<<<<<<< SEARCH ... ======= ... >>>>>>> REPLACE` without a fence, and
// Markdown takes its lines for quotes and headings. It knows lines of text alone.

const opening = /^<{5,9} SEARCH\s*$/;
const closing = /^>{5,9} REPLACE\s*$/;
const fence = /^ {0,3}(`{3,}|~{3,})/;
/** Longer than any fence that code is likely to hold. */
const ourFence = '``````';

/** Puts a fence around each edit block that has none; one that is still growing stays open to the end. */
export function fenceEditBlocks(source: string): string {
  if (!source.includes('<<<<< SEARCH')) return source;
  const out: string[] = [];
  let openFence: string | undefined;
  let isInBlock = false;
  for (const line of source.split('\n')) {
    if (isInBlock) {
      out.push(line);
      if (!closing.test(line)) continue;
      out.push(ourFence);
      isInBlock = false;
      continue;
    }
    const marker = fence.exec(line)?.[1];
    if (openFence === undefined && opening.test(line)) {
      out.push('', ourFence, line);
      isInBlock = true;
      continue;
    }
    if (marker !== undefined) {
      if (openFence === undefined) openFence = marker;
      else if (marker.startsWith(openFence)) openFence = undefined;
    }
    out.push(line);
  }
  return out.join('\n');
}
