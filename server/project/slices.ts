// Long lists without keeping the thread: somebody types meanwhile. It knows time; it must not know what the items are.

const sliceMs = 8;

/** Filters a list that may have a hundred thousand items without keeping the thread for longer than some milliseconds, unless one item takes longer. */
export async function inSlices<Item>(items: readonly Item[], keeps: (item: Item) => boolean): Promise<Item[]> {
  const kept: Item[] = [];
  let began = performance.now();
  for (const item of items) {
    if (keeps(item)) kept.push(item);
    if (performance.now() - began < sliceMs) continue;
    await new Promise(setImmediate);
    began = performance.now();
  }
  return kept;
}
