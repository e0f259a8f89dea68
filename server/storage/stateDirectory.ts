// Where this user's state is kept from one start to the next. It knows paths of platforms; it must not know what is kept.
import os from 'node:os';
import path from 'node:path';

/**
 * `TRAMONTANE_STATE_DIR`, else beside a runtime directory of one's own, so that a server of its own shares nothing; else where the platform
 * keeps such files.
 */
export function stateDirectoryFor(env: NodeJS.ProcessEnv): string {
  if (env['TRAMONTANE_STATE_DIR']) return path.resolve(env['TRAMONTANE_STATE_DIR']);
  if (env['TRAMONTANE_RUNTIME_DIR']) return path.join(path.resolve(env['TRAMONTANE_RUNTIME_DIR']), 'state');
  if (process.platform === 'win32') return path.join(env['LOCALAPPDATA'] ?? os.homedir(), 'tramontane', 'state');
  if (process.platform === 'darwin') return path.join(os.homedir(), 'Library', 'Application Support', 'tramontane');
  return path.join(env['XDG_STATE_HOME'] ?? path.join(os.homedir(), '.local', 'state'), 'tramontane');
}
