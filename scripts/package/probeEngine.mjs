// Shows that an engine without everything that was left out still works: loads it and the starter model and evaluates one token.
// usage: node probeEngine.mjs FOLDER    FOLDER must lie outside the checkout, whose node_modules would stand in for what is missing
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const folder = process.argv[2] ?? '';
const { getLlama, LlamaLogLevel } = await import(pathToFileURL(path.join(folder, 'node_modules/node-llama-cpp/dist/index.js')).href);
const llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, progressLogs: false, logLevel: LlamaLogLevel.error, maxThreads: 2 });
const model = await llama.loadModel({ modelPath: path.join(folder, 'native/starter-model/starter-fim.gguf') });
const context = await model.createContext({ contextSize: 128 });
const tokens = model.tokenize('const answer = ');
for await (const token of context.getSequence().evaluate(tokens, { temperature: 0 })) {
  process.stdout.write(`The packaged engine answers ${JSON.stringify(model.detokenize([token]))}.\n`);
  break;
}
await llama.dispose();
