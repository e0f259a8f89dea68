// Ghost text as people meet it: holes in source that the model never saw, and real changes typed by a simulated user, beside the request patterns
// of two other extensions on the same model.
// usage: npm run bench -- completion [--half=development|reporting] [--quick] [--only=holes,replay,...] [--holes=N] [--keystrokes=N] [--alone=N]
//        [--seed=N] [--ours-only] [--dump]    thresholds are fitted to the development half; figures are told of the reporting half
import { parseArgs } from 'node:util';
import { sourceFiles } from './completion/corpus.ts';
import { drawEpisodes } from './completion/history.ts';
import { drawMasks } from './completion/masks.ts';
import { OurSide } from './completion/ours.ts';
import { nextEditFigures, nextEditNotes, replayNextEdits } from './completion/nextEdits.ts';
import { fillHoles, holesAsText, qualityFigures, qualityNotes } from './completion/quality.ts';
import { repetitionFaults, repetitionFigures } from './completion/repetitions.ts';
import { SimulatedClock } from './completion/simulatedClock.ts';
import { replayAll, replayAlone, speedFigures, speedNotes, steadyFigures } from './completion/speed.ts';
import { Syntax } from './completion/syntax.ts';
import { type Figure, report } from './harness.ts';
import { LocalEngine, starterModel } from './localEngine.ts';
import { ContinueDev } from './peers/continueDev.ts';
import { LlamaServer } from './peers/llamaServer.ts';
import { LlamaVscode } from './peers/llamaVscode.ts';
import { StarterPrompts } from './peers/starterPrompt.ts';

const allParts = 'repetitions,nextEdits,holes,replay';
const { values: options } = parseArgs({
  options: {
    half: { type: 'string', default: 'reporting' },
    quick: { type: 'boolean', default: false },
    holes: { type: 'string' },
    keystrokes: { type: 'string' },
    alone: { type: 'string' },
    only: { type: 'string', default: allParts },
    seed: { type: 'string' },
    'ours-only': { type: 'boolean', default: false },
    dump: { type: 'boolean', default: false },
  },
});
const half = options.half === 'development' ? 'development' : 'reporting';
const seed = Number(options.seed ?? (half === 'development' ? 1 : 2));
const holes = Number(options.holes ?? (options.quick ? 60 : 320));
const keystrokes = Number(options.keystrokes ?? (options.quick ? 300 : 1500));
/** Of ours alone, to be counted for flickering. */
const alone = Number(options.alone ?? (options.quick ? 0 : 10_000));
const parts = options.only.split(',');
const threads = 1;
const contextSize = 1024;

const startedAt = performance.now();
const files = sourceFiles(half);
const syntax = await Syntax.load();
const clock = new SimulatedClock();
const engine = await LocalEngine.start({ threads, contextSize });
const figures: Figure[] = [];
const notes: string[] = [];
try {
  const server = await LlamaServer.start({ model: starterModel, threads, contextSize });
  try {
    const prompts = await StarterPrompts.for(server);
    const peersWith = (own: SimulatedClock) => {
      const tools = { server, prompts, clock: own };
      return options['ours-only'] ? [] : [new LlamaVscode(tools), new ContinueDev(tools)];
    };
    const ours = new OurSide(engine, clock);
    const sides = [ours, ...peersWith(clock)];
    const masks = parts.includes('holes') || parts.includes('repetitions') ? drawMasks({ files, syntax, count: holes, seed }) : [];
    if (parts.includes('repetitions')) {
      figures.push(...repetitionFigures({ masks, files, seed }));
      if (options.dump) process.stdout.write(`${repetitionFaults({ masks, files, seed }).join('\n')}\n`);
      process.stderr.write(`repetitions: ${Math.round((performance.now() - startedAt) / 1000)} s\n`);
    }
    if (parts.includes('nextEdits')) {
      const tally = await replayNextEdits(files, engine.inference);
      figures.push(...nextEditFigures(tally));
      notes.push(...nextEditNotes(tally));
      if (options.dump) process.stdout.write(`${tally.examples.join('\n')}\n`);
      process.stderr.write(`next edits: ${Math.round((performance.now() - startedAt) / 1000)} s\n`);
    }
    if (parts.includes('holes')) {
      // What is shown counts here and not when: the two engines may work at the same time, each with a clock of its own.
      const [ownClock, peerClock, asked] = [new SimulatedClock(), new SimulatedClock(), { masks, files, syntax }];
      const own = fillHoles({ ...asked, sides: [new OurSide(engine, ownClock, { evenTimeSeed: seed })], clock: ownClock });
      const theirs = fillHoles({ ...asked, sides: peersWith(peerClock), clock: peerClock });
      const filled = (await Promise.all([own, theirs])).flat();
      figures.push(...qualityFigures(sides, filled));
      notes.push(...qualityNotes(sides, filled));
      if (options.dump) process.stdout.write(holesAsText(sides, masks, filled));
      process.stderr.write(`holes: ${Math.round((performance.now() - startedAt) / 1000)} s\n`);
    }
    if (parts.includes('replay')) {
      const episodes = drawEpisodes(files, keystrokes, seed);
      const tallies = await replayAll(sides, clock, episodes);
      process.stderr.write(`replay: ${Math.round((performance.now() - startedAt) / 1000)} s, ${episodes.length} files\n`);
      const even = new OurSide(engine, clock, { evenTimeSeed: seed });
      const steady = await replayAlone(even, clock, { keystrokes: alone, files, seed: seed + 1000 });
      figures.push(...speedFigures(sides, tallies), ...steadyFigures(steady));
      notes.push(...speedNotes(sides, tallies), ...speedNotes([ours], [steady]));
      if (options.dump) for (const sample of tallies[0]?.samples ?? []) process.stdout.write(`SAMPLE ${JSON.stringify(sample)}\n`);
      process.stderr.write(`${alone} keystrokes alone: ${Math.round((performance.now() - startedAt) / 1000)} s\n`);
    }
  } finally {
    await server.stop();
  }
} finally {
  await engine.stop();
}
const isWhole = options.only === allParts && !options.quick && !options['ours-only'];
report(half === 'reporting' && isWhole ? 'completion' : 'completion.development', figures, {
  model: 'starter',
  notes: [
    ...notes,
    `Files of the ${half} half, seed ${seed}; ${threads} evaluation thread on each side; greedy; the starter model's token order, rendered anew for the peers.`,
  ],
});
