// Where the server keeps what outlives it, when nobody says where. It knows paths of platforms; it must not know what is kept.
import os from 'node:os';
import path from 'node:path';

/** What became of suggestions; the indexes of projects for a client that does not name a directory for them. */
export type Kept = 'feedback' | 'index';

/**
 * A folder of that name in `TRAMONTANE_STATE_DIR`, else in a runtime directory of one's own, so that a server of its own shares nothing; else where the
 * platform keeps such files.
 */
export function keptDirectoryFor(kept: Kept, env: NodeJS.ProcessEnv): string {
  const own = env['TRAMONTANE_STATE_DIR'] ?? env['TRAMONTANE_RUNTIME_DIR'];
  if (own) return path.join(path.resolve(own), kept);
  if (process.platform === 'win32') return path.join(env['LOCALAPPDATA'] ?? os.homedir(), 'tramontane', kept);
  if (process.platform === 'darwin') return path.join(os.homedir(), 'Library', 'Application Support', 'tramontane', kept);
  // A relative path there is invalid and to be ignored (XDG Base Directory Specification).
  const stateHome = env['XDG_STATE_HOME'];
  return path.join(stateHome && path.isAbsolute(stateHome) ? stateHome : path.join(os.homedir(), '.local', 'state'), 'tramontane', kept);
}
