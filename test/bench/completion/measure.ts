// One run of the bench over one model: the parts that were asked for, in their order, with all sides that can be asked. It knows the parts; it must
// not know where the model is, or where figures go.
import type { Figure } from '../harness.ts';
import { ContinueDev } from '../peers/continueDev.ts';
import { LlamaVscode } from '../peers/llamaVscode.ts';
import type { SourceFile } from './corpus.ts';
import { drawEpisodes } from './history.ts';
import { drawMasks, type Mask } from './masks.ts';
import { nextEditFigures, nextEditNotes, replayNextEdits } from './nextEdits.ts';
import type { BenchOptions } from './options.ts';
import { OurSide } from './ours.ts';
import { fillHoles, holesAsText } from './quality.ts';
import { type FilledByAll, qualityFigures, qualityNotes } from './qualityFigures.ts';
import { repetitionFaults, repetitionFigures } from './repetitions.ts';
import type { CompletionSide } from './side.ts';
import { SimulatedClock } from './simulatedClock.ts';
import { replayAll, replayAlone, speedFigures, speedNotes, steadyFigures } from './speed.ts';
import type { Subject } from './subject.ts';
import type { Syntax } from './syntax.ts';

export interface Measuring {
  readonly subject: Subject;
  readonly files: readonly SourceFile[];
  readonly syntax: Syntax;
  readonly options: Pick<BenchOptions, 'parts' | 'holes' | 'keystrokes' | 'alone' | 'seed'>;
  /** Told after each part. */
  readonly onPart?: (what: string) => void;
  /** What is to be read by people one by one. */
  readonly onDump?: (text: string) => void;
}

/** A figure of this bench: in whichever order the prompts of the run were written. */
export interface CompletionFigure extends Figure {
  readonly tokenOrder: string;
}

export interface Measured {
  readonly figures: readonly CompletionFigure[];
  readonly notes: readonly string[];
}

export async function measure(measuring: Measuring): Promise<Measured> {
  const { subject, files, syntax, options, onPart, onDump } = measuring;
  const { parts, holes, seed } = options;
  const figures: Figure[] = [];
  const notes: string[] = [];
  const masks = parts.includes('holes') || parts.includes('repetitions') ? drawMasks({ files, syntax, count: holes, seed }) : [];
  if (parts.includes('repetitions')) {
    figures.push(...repetitionFigures({ masks, files, seed }));
    onDump?.(`${repetitionFaults({ masks, files, seed }).join('\n')}\n`);
    onPart?.('repetitions');
  }
  if (parts.includes('nextEdits')) {
    const tally = await replayNextEdits(files, subject.engine.inference);
    figures.push(...nextEditFigures(tally));
    notes.push(...nextEditNotes(tally));
    onDump?.(`${tally.examples.join('\n')}\n`);
    onPart?.('next edits');
  }
  if (parts.includes('holes')) {
    const filled = await fillWithAll(measuring, masks);
    figures.push(...qualityFigures(filled));
    notes.push(...qualityNotes(filled));
    onDump?.(holesAsText(filled.sides, masks, filled.holes));
    onPart?.('holes');
  }
  if (parts.includes('replay')) {
    const replayed = await replay(measuring);
    figures.push(...replayed.figures);
    notes.push(...replayed.notes);
    onPart?.(`replay and ${options.alone} keystrokes alone`);
  }
  const order = `Order of the prompts of all sides: ${subject.tokenOrder}`;
  return { figures: figures.map((figure) => ({ ...figure, tokenOrder: subject.tokenOrder })), notes: [...notes, order, ...subject.notes] };
}

function peersOf({ peers }: Subject, clock: SimulatedClock): CompletionSide[] {
  return peers ? [new LlamaVscode({ ...peers, clock }), new ContinueDev({ ...peers, clock })] : [];
}

async function fillWithAll({ subject, files, syntax, options: { seed } }: Measuring, masks: readonly Mask[]): Promise<FilledByAll> {
  const fill = (sides: readonly CompletionSide[], clock: SimulatedClock) => fillHoles({ sides, clock, masks, files, syntax });
  const ours = async (copies: 'on' | 'off') => {
    const clock = new SimulatedClock();
    const side = new OurSide(subject.engine, clock, { evenTimeSeed: seed, copies });
    return { side, holes: (await fill([side], clock))[0] ?? [] };
  };
  const own = async () => ({ whole: await ours('on'), alone: await ours('off') });
  const clock = new SimulatedClock();
  const peers = peersOf(subject, clock);
  const theirs = () => fill(peers, clock);
  // What is shown counts here and not when: engines of their own may work at the same time.
  const [filled, byPeers] = subject.isShared ? [await own(), await theirs()] : await Promise.all([own(), theirs()]);
  return { sides: [filled.whole.side, ...peers], holes: [filled.whole.holes, ...byPeers], byModelAlone: filled.alone.holes };
}

async function replay({ subject, files, options, onDump }: Measuring): Promise<{ readonly figures: readonly Figure[]; readonly notes: readonly string[] }> {
  const { keystrokes, alone, seed } = options;
  const clock = new SimulatedClock();
  const ours = new OurSide(subject.engine, clock);
  const sides = [ours, ...peersOf(subject, clock)];
  const tallies = await replayAll(sides, clock, drawEpisodes(files, keystrokes, seed));
  for (const sample of tallies[0]?.samples ?? []) onDump?.(`SAMPLE ${JSON.stringify(sample)}\n`);
  const even = new OurSide(subject.engine, clock, { evenTimeSeed: seed });
  const steady = await replayAlone(even, clock, { keystrokes: alone, files, seed: seed + 1000 });
  return {
    figures: [...speedFigures(sides, tallies), ...steadyFigures(steady)],
    notes: [...speedNotes(sides, tallies), ...(alone > 0 ? speedNotes([even], [steady]) : [])],
  };
}
