// An engine's place taken by a script: it listens where the real one would, keeps to the same protocol, and answers as a test says.
import { buildIdOf, readOrCreateSecret, socketPathFor } from '../../native/channel/runtimeDirectory.ts';
import { EngineServer, type EngineWork } from '../../native/engineServer.ts';
import { engineProtocolVersion } from '../../native/protocol/messages.ts';
import { engineModule, type TestEngine, testEngine } from '../native/localEngine.ts';

/** What the script does not know is refused. */
export async function scripted(work: Partial<EngineWork>): Promise<{ readonly engine: TestEngine; readonly end: () => Promise<void> }> {
  const engine = testEngine();
  const unasked = () => Promise.reject(new Error('nobody asks for this'));
  const server = new EngineServer({
    engine: { generate: unasked, describeModel: unasked, countTokens: unasked, embed: unasked, status: unasked, deleteSavedStates: unasked, ...work },
    secret: await readOrCreateSecret(engine.runtimeDirectory),
    age: { protocolVersion: engineProtocolVersion, writtenAtMs: 0 },
    inForce: { gpu: 'off', threads: 1, keepAliveMs: 0 },
    log: () => undefined,
    onClientCame: () => undefined,
    onClientLeft: () => undefined,
    onShutdown: () => undefined,
    onDrained: () => undefined,
  });
  await server.listen(socketPathFor(engine.runtimeDirectory, await buildIdOf(engineModule, engineProtocolVersion)));
  return {
    engine,
    end: async () => {
      await engine.end();
      await server.close();
    },
  };
}
