// Ghost text as people meet it: holes in source that the model never saw, and real changes typed by a simulated user, beside the request patterns
// of two other extensions on the same model.
// usage: npm run bench -- completion [--model=FILE.gguf [--context=N] [--threads=N] | --endpoint=http://127.0.0.1:PORT [--endpoint-model=FAMILY]]
//        [--half=development|reporting] [--quick] [--only=holes,replay,...] [--holes=N] [--keystrokes=N] [--alone=N] [--seed=N] [--ours-only] [--dump]
// Thresholds are fitted to the development half; figures are told of the reporting half, and of the starter model unless another is named.
import { BenchProblem } from './benchProblem.ts';
import { sourceFiles } from './completion/corpus.ts';
import { measure } from './completion/measure.ts';
import { type BenchOptions, readOptions, resultName } from './completion/options.ts';
import { bringUp } from './completion/subject.ts';
import { Syntax } from './completion/syntax.ts';
import { report } from './harness.ts';

async function run(options: BenchOptions): Promise<void> {
  const startedAt = performance.now();
  const subject = await bringUp(options.wanted, options);
  try {
    const { figures, notes } = await measure({
      subject,
      options,
      files: sourceFiles(options.half),
      syntax: await Syntax.load(),
      onPart: (what) => void process.stderr.write(`${what}: ${Math.round((performance.now() - startedAt) / 1000)} s\n`),
      ...(options.dump ? { onDump: (text: string) => void process.stdout.write(text) } : {}),
    });
    const about = `Files of the ${options.half} half, seed ${options.seed}; greedy.`;
    report(resultName(options, subject.fileName), figures, { model: subject.name, notes: [...notes, about] });
  } finally {
    await subject.stop();
  }
}

try {
  await run(readOptions(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof BenchProblem)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
