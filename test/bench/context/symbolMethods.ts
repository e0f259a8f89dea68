// Methods that know imports and names: bodies and signatures of what is imported by name, the plain skeleton (a cascade of imports, visible names
// and sub-words) in two orders, and Tramontane's own.
import type { Definition, SymbolSource, TextHit } from '../../../server/core/retrieval/facts.ts';
import { collectFileEvidence } from '../../../server/core/retrieval/fileEvidence.ts';
import { packDefinitions } from '../../../server/core/retrieval/packContext.ts';
import { selectContext } from '../../../server/core/retrieval/selectContext.ts';
import { tailQuery, textTail } from '../../../server/core/retrieval/textTail.ts';
import { prepareEvidence, rankDefinitions } from '../../../server/core/retrieval/rankDefinitions.ts';
import { signatureText } from '../../../server/core/retrieval/signatureText.ts';
import type { Snippet } from '../../../server/core/retrieval/similarWindows.ts';
import { subWordsOf } from '../../../server/core/retrieval/words.ts';
import { type Method, packChunks } from './methods.ts';
import type { ProjectFacts } from './projectFacts.ts';
import type { Situation } from './situations.ts';
import type { MethodOptions } from './textMethods.ts';

export const oursName = 'Tramontane';
/** The first context of a file, with the room that it leaves to what comes later, and the text tail in what is left. */
export const shownName = 'Tramontane, as a completion first shows it';
export const skeletonNames = ['skeleton', 'skeleton, visible names before the rest of imported files'] as const;

/** What our own method takes, in ms. */
export interface Timings {
  /** When facts change, at idle. */
  readonly fileMs: number[];
  /** When the cursor comes to another line: ranking and packing 2,000 tokens; the shortest of five runs. */
  readonly keystrokeMs: number[];
  /** The same for all that a completion shows, with the search for the tail. */
  readonly shownMs: number[];
}

const maxVisibleDefinitions = 4;

export interface SymbolMethodOptions extends MethodOptions {
  readonly facts: ProjectFacts;
  readonly timings: Timings;
  /** In the place of the database's text search, which weighs words alike. */
  readonly search: (query: string, limit: number) => readonly TextHit[];
}

export function symbolMethods(options: SymbolMethodOptions): Method[] {
  const { source, usage } = options.facts;
  const signatures = (list: readonly Definition[]) => {
    const ranked = list.map((definition) => ({ definition }));
    return (budgetTokens: number) => packDefinitions(ranked, { ...options, budgetTokens });
  };
  return [
    {
      name: 'imported by name, bodies',
      prepare: (situation) => {
        const chunks = importedByName(source, situation).map((definition) => {
          const lines = (options.repository.files.get(definition.path) as string).split('\n').slice(definition.startLine, definition.endLine + 1);
          return { path: definition.path, startLine: definition.startLine, endLine: definition.endLine, text: lines.join('\n') };
        });
        return (budgetTokens) => packChunks(chunks, { ...options, budgetTokens });
      },
    },
    { name: 'imported by name, signatures', prepare: (situation) => signatures(importedByName(source, situation)) },
    { name: skeletonNames[0], prepare: (situation) => signatures(skeleton(source, situation, { visibleFirst: false })) },
    { name: skeletonNames[1], prepare: (situation) => signatures(skeleton(source, situation, { visibleFirst: true })) },
    {
      name: oursName,
      prepare: (situation) => {
        const startedAt = performance.now();
        const evidence = collectFileEvidence(source, usage, situation.path);
        if (!evidence) return () => ({ definitions: [] });
        const prepared = prepareEvidence(evidence, options.countTokens);
        options.timings.fileMs.push(performance.now() - startedAt);
        const cursor = { line: situation.line, nearText: situation.nearText };
        options.timings.keystrokeMs.push(shortestMs(() => packDefinitions(rankDefinitions(prepared, cursor), { ...options, budgetTokens: 2000 })));
        const ranked = rankDefinitions(prepared, cursor);
        return (budgetTokens) => packDefinitions(ranked, { ...options, budgetTokens });
      },
    },
    {
      name: shownName,
      prepare: (situation) => {
        const evidence = collectFileEvidence(source, usage, situation.path);
        if (!evidence) return () => ({ definitions: [] });
        const cursor = { line: situation.line, nearText: situation.nearText };
        const base = { ...options, source, evidence: prepareEvidence(evidence, options.countTokens), cursor, recentEdits: [], openTexts: [] };
        const nearLines = situation.nearText.split('\n');
        const query = tailQuery(nearLines, Math.min(situation.line, linesAbove));
        const show = (budgetTokens: number) =>
          selectContext({
            ...base,
            budgetTokens,
            findMore: (isShown) => textTail(source, options.search(query, tailHits), { path: situation.path, nearText: situation.nearText, isShown }),
          });
        options.timings.shownMs.push(shortestMs(() => show(2000)));
        return (budgetTokens) => {
          const { definitions, found } = show(budgetTokens);
          const signatures = definitions.packs.flatMap((pack) => pack.definitions);
          return { definitions: [...signatures, ...found.flatMap((piece) => definitionsIn(source, piece))] };
        };
      },
    },
  ];
}

const linesAbove = 30;
const tailHits = 12;

/** Of the tail's signatures: only what its text names counts. */
function definitionsIn(source: SymbolSource, { path, startLine, endLine, text }: Snippet): Definition[] {
  const lines = new Set(text.split('\n'));
  const inside = (source.file(path)?.definitions ?? []).filter((one) => startLine <= one.startLine && one.startLine <= endLine);
  return inside.filter((one) => lines.has(signatureText(one)) || lines.has(`${one.container}: ${signatureText(one)}`));
}

/** Of five: the clock of processor time is too coarse for this, and other programs' time must not count. */
function shortestMs(work: () => void): number {
  let shortest = Infinity;
  for (let run = 0; run < 5; run++) {
    const startedAt = performance.now();
    work();
    shortest = Math.min(shortest, performance.now() - startedAt);
  }
  return shortest;
}

function distancesOf(source: SymbolSource, situation: Situation): Map<string, number> {
  const distances = new Map<string, number>();
  for (const { name, line } of source.file(situation.path)?.references ?? []) {
    const distance = Math.abs(line - situation.line);
    if (distance < (distances.get(name) ?? Infinity)) distances.set(name, distance);
  }
  return distances;
}

/** The nearest use first; unused ones last. */
function importedByName(source: SymbolSource, situation: Situation): Definition[] {
  const distances = distancesOf(source, situation);
  const bindings = (source.file(situation.path)?.imports ?? []).filter((binding) => binding.imported !== '*' && binding.resolvedPaths.length > 0);
  const ordered = bindings.toSorted((a, b) => (distances.get(a.local) ?? Infinity) - (distances.get(b.local) ?? Infinity) || a.line - b.line);
  return distinct(ordered.flatMap((binding) => source.definitionsOfImport(binding)));
}

function skeleton(source: SymbolSource, situation: Situation, { visibleFirst }: { readonly visibleFirst: boolean }): Definition[] {
  const facts = source.file(situation.path);
  if (!facts) return [];
  const distances = distancesOf(source, situation);
  const near = new Set((situation.nearText.match(/[A-Za-z_$][\w$]*/g) ?? []).flatMap(subWordsOf));
  const overlap = (definition: Definition) => subWordsOf(definition.name).filter((word) => near.has(word)).length;
  const byName = importedByName(source, situation);
  const files = new Set([...facts.imports.flatMap((binding) => binding.resolvedPaths), ...byName.map((definition) => definition.path)]);
  const beside = [...files]
    .flatMap((path) => source.file(path)?.definitions ?? [])
    .map((definition) => ({ definition, distance: distances.get(definition.name) ?? Infinity, words: overlap(definition) }))
    .sort((a, b) => compareNumbers(a.distance, b.distance) || b.words - a.words);
  const visible = [...distances]
    .sort((a, b) => a[1] - b[1])
    .flatMap(([name]) => {
      const definitions = source.definitionsNamed(name);
      return definitions.length <= maxVisibleDefinitions ? definitions : [];
    });
  const besideVisible = beside.filter(({ distance }) => distance < Infinity).map(({ definition }) => definition);
  const besideRest = beside.filter(({ distance }) => distance === Infinity).map(({ definition }) => definition);
  const order = visibleFirst ? [byName, besideVisible, visible, besideRest] : [byName, besideVisible, besideRest, visible];
  return distinct(order.flat()).filter((definition) => definition.path !== situation.path);
}

const compareNumbers = (a: number, b: number) => (a === b ? 0 : a < b ? -1 : 1);

function distinct(definitions: readonly Definition[]): Definition[] {
  return [...new Map(definitions.map((definition) => [`${definition.path}:${definition.startLine}:${definition.name}`, definition])).values()];
}
