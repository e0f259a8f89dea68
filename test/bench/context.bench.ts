// The project's context. Recall of the needed definition: of references whose definition, as a type checker says, stands in another file, how often does the
// packed context show it? Then what it costs: indexing, starts, saves, memory, questions, and how much of a prompt stays the same while somebody edits.
// usage: npm run bench -- context [--only=PART,...] [--holes=N] [--seed=N] [--repositories=NAME,NAME] [--aider-holes=N] [--no-aider] [--files=N]
//        npm run bench -- context --fit    prints new weights instead
import { parseArgs } from 'node:util';
import { type Answer, cellsOf, contextFigures, rareHoles, writeCells } from './context/figures.ts';
import { aiderName, askAider } from './context/aider.ts';
import { fitWeights } from './context/fitWeights.ts';
import { environment, readRepository, sampleHoles } from './context/holes.ts';
import { isHit } from './context/methods.ts';
import { readProjectFacts } from './context/projectFacts.ts';
import type { Language } from './context/sourceScan.ts';
import { situationOf } from './context/situations.ts';
import { symbolMethods, type Timings } from './context/symbolMethods.ts';
import { measureIndexSpeed } from './context/indexSpeed.ts';
import { measurePrefixReuse } from './context/prefixReuse.ts';
import { measureLargeServer, measurePackagesServer } from './context/serverProject.ts';
import { readTekken } from './context/tekken.ts';
import { textMethods } from './context/textMethods.ts';
import { type Figure, report } from './harness.ts';

/** rxjs, ethers, rich and Django were looked at with another seed while methods were made; of SQLAlchemy one report, after which one weight was changed. */
const repositories: readonly { readonly name: string; readonly language: Language; readonly isHeldOut?: boolean }[] = [
  { name: 'rxjs-7.8.2', language: 'typescript' },
  { name: 'ethers-6.17.0', language: 'typescript' },
  { name: 'fabric-7.4.0', language: 'typescript', isHeldOut: true },
  { name: 'rich-14.2.0', language: 'python' },
  { name: 'django-5.2.8', language: 'python' },
  { name: 'sqlalchemy-2.0.44', language: 'python' },
  { name: 'celery-5.7.0', language: 'python', isHeldOut: true },
];
const budgets = [500, 1000, 2000, 4000];
/** Drawn for each repository whatever `--holes` says, so that fewer holes are the first of the same ones. */
const drawnHoles = 800;
/** Of each repository and rare cell, if so many were drawn. */
const wantedOfRareCell = 60;

const { values: options } = parseArgs({
  options: {
    holes: { type: 'string', default: '400' },
    seed: { type: 'string', default: '7' },
    repositories: { type: 'string' },
    'aider-holes': { type: 'string', default: '20' },
    fit: { type: 'boolean', default: false },
    'no-aider': { type: 'boolean', default: false },
    only: { type: 'string' },
    files: { type: 'string', default: '100000' },
  },
});
const seed = Number(options.seed);
const wanted = options.repositories?.split(',');
const { count: countTokens, pieces: piecesOf } = readTekken(environment('TRAMONTANE_TEKKEN'));

const answers: Answer[] = [];
const timings: Timings = { fileMs: [], keystrokeMs: [], shownMs: [] };
const notes: string[] = [];

async function measureRecall(): Promise<Figure[]> {
  for (const { name, language, isHeldOut } of repositories) {
    if (wanted && !wanted.some((one) => name.startsWith(one))) continue;
    const repository = readRepository(name, language);
    const { holes: all, ...drawn } = await sampleHoles(repository, { count: drawnHoles, seed });
    const count = Number(options.holes);
    const rare = new Set(rareHoles(all, count, wantedOfRareCell));
    const holes = [...all.slice(0, count), ...rare];
    notes.push(
      `${name}${isHeldOut ? ' (held out)' : ''}: ${holes.length - rare.size} of ${all.length} holes and ${rare.size} more of rare cells, from ${drawn.asked} references asked for; ${drawn.sameFile} of the same file, ${drawn.outside} of other packages, ${drawn.modules} modules, ${drawn.unplaced} that the checker could not place.`,
    );
    const facts = await readProjectFacts(repository);
    const definitions = [...repository.files.keys()].flatMap((file) => facts.source.file(file)?.definitions ?? []);
    const common = { repository, definitions, commentSign: language === 'python' ? '#' : '//', countTokens };
    const text = textMethods(common);
    const methods = [...text.methods, ...symbolMethods({ ...common, facts, timings, search: text.search })];
    for (const [index, hole] of holes.entries()) {
      for (const isHidden of hole.hidden === undefined ? [false] : [false, true]) {
        const situation = situationOf(repository, hole, { hideImport: isHidden });
        await facts.withOpen(hole.path, situation.text, () => {
          for (const method of methods) {
            const pack = method.prepare(situation);
            const hits = budgets.map((budget) => isHit(hole, pack(budget)));
            answers.push({ repository: name, language, hole, isHidden, isForRareCell: rare.has(hole), method: method.name, hits });
          }
        });
      }
      if (index % 200 === 199) process.stderr.write(`${name}: ${index + 1} of ${holes.length} holes\n`);
    }
    if (options['no-aider']) continue;
    const asked = all
      .slice(0, Math.min(count, Number(options['aider-holes'])))
      .map((hole) => ({ hole, situation: situationOf(repository, hole, { hideImport: false }) }));
    const hits = await askAider(repository, asked, { seed, budgets });
    for (const [index, { hole }] of asked.entries())
      answers.push({ repository: name, language, hole, isHidden: false, isForRareCell: false, method: aiderName, hits: hits[index] as boolean[] });
  }

  const cells = cellsOf(answers);
  writeCells('context-cells', cells, budgets);
  return contextFigures(cells, { budgets, timings });
}

const parts: Readonly<Record<string, () => Promise<Figure[]>>> = {
  recall: measureRecall,
  index: () => measureIndexSpeed({ pairs: 9, starts: 7, saves: 60, seed, withAider: !options['no-aider'], notes }),
  server: () => measurePackagesServer({ seed, questions: 100 }),
  large: () => measureLargeServer({ seed, files: Number(options.files) }),
  prefix: () =>
    measurePrefixReuse({
      packages: [
        { name: 'ethers-6.17.0', language: 'typescript' },
        { name: 'rich-14.2.0', language: 'python' },
      ],
      steps: 1000,
      seed,
      piecesOf,
      notes,
    }),
};

async function measure(): Promise<void> {
  const wantedParts = options.only?.split(',') ?? Object.keys(parts);
  const figures: Figure[] = [];
  for (const name of wantedParts) {
    const startedAt = performance.now();
    const part = parts[name];
    if (!part) throw new Error(`There is no part "${name}". Choose from: ${Object.keys(parts).join(', ')}.`);
    figures.push(...(await part()));
    process.stderr.write(`${name}: ${Math.round((performance.now() - startedAt) / 1000)} s\n`);
  }
  report('context', figures, { model: `Tekken vocabulary; seed ${seed}`, notes, isPart: options.only !== undefined });
}

if (options.fit) process.stdout.write(`${JSON.stringify(await fitWeights(drawnHoles), null, 2)}\n`);
else await measure();
