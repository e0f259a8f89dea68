// Where what became of suggestions is kept from one start to the next. It knows paths of platforms; it must not know what is kept.
import os from 'node:os';
import path from 'node:path';

/**
 * `feedback` in `TRAMONTANE_STATE_DIR`, else in a runtime directory of one's own, so that a server of its own shares nothing; else where the
 * platform keeps such files.
 */
export function feedbackDirectoryFor(env: NodeJS.ProcessEnv): string {
  const own = env['TRAMONTANE_STATE_DIR'] ?? env['TRAMONTANE_RUNTIME_DIR'];
  if (own) return path.join(path.resolve(own), 'feedback');
  if (process.platform === 'win32') return path.join(env['LOCALAPPDATA'] ?? os.homedir(), 'tramontane', 'feedback');
  if (process.platform === 'darwin') return path.join(os.homedir(), 'Library', 'Application Support', 'tramontane', 'feedback');
  // A relative path there is invalid and to be ignored (XDG Base Directory Specification).
  const stateHome = env['XDG_STATE_HOME'];
  return path.join(stateHome && path.isAbsolute(stateHome) ? stateHome : path.join(os.homedir(), '.local', 'state'), 'tramontane', 'feedback');
}
