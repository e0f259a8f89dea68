// Programs that npm cannot bring: a browser for the tests, git, Python. On Debian and its kin as root (a container, a CI machine) they are
// installed; anywhere else one sentence says what to install, since a script must not change a person's system.
import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import { StepError, heading, run, withLock } from './steps.mjs';

/** @returns {Promise<string>} the path of a Chromium or Chrome */
export async function ensureChromium() {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const find = () => process.env.CHROMIUM ?? findProgram(names) ?? appleBrowsers.find((file) => existsSync(file));
  return (
    find() ?? installFor(find, { packages: ['chromium', 'fonts-dejavu-core'], program: 'Chromium or Chrome', advice: 'or set CHROMIUM to the path of one' })
  );
}

/** @returns {Promise<string>} */
export async function ensureGit() {
  const find = () => findProgram(['git']);
  return find() ?? installFor(find, { packages: ['git'], program: 'git' });
}

/** @returns {Promise<string>} the path of a Python that can make virtual environments */
export async function ensurePython() {
  const find = () => findProgram(['python3', 'python']);
  const python = find();
  if (python && (await canMakeEnvironments(python))) return python;
  return installFor(find, { packages: ['python3', 'python3-venv'], program: 'Python 3.10 or newer with its venv module' });
}

/** @returns {Promise<string>} the file by which Vulkan finds Mesa's software driver */
export async function ensureSoftwareVulkanDriver() {
  const find = () => {
    const hasLoader = ['/usr/lib/x86_64-linux-gnu', '/usr/lib64', '/usr/lib'].some((folder) => existsSync(path.join(folder, 'libvulkan.so.1')));
    const drivers = ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d'].flatMap((folder) =>
      ['lvp_icd.x86_64.json', 'lvp_icd.json'].map((name) => path.join(folder, name)),
    );
    return hasLoader ? drivers.find((file) => existsSync(file)) : undefined;
  };
  return find() ?? installFor(find, { packages: ['mesa-vulkan-drivers', 'libvulkan1'], program: "Mesa's software Vulkan driver" });
}

const appleBrowsers = ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', '/Applications/Chromium.app/Contents/MacOS/Chromium'];

/** @param {readonly string[]} names */
function findProgram(names) {
  const extension = process.platform === 'win32' ? '.exe' : '';
  for (const name of names) {
    for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
      const file = path.join(folder, name + extension);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        // Not in this folder; the next may have it.
      }
    }
  }
  return undefined;
}

/** @param {string} python Debian splits ensurepip off into python3-venv, so only a look at it tells. */
async function canMakeEnvironments(python) {
  try {
    await run(python, ['-c', 'import venv, ensurepip, sys; sys.exit(sys.version_info < (3, 10))'], { quiet: true, timeoutMs: 60_000 });
    return true;
  } catch (error) {
    if (error instanceof StepError) return false;
    throw error;
  }
}

/**
 * @param {() => string | undefined} find
 * @param {{packages: readonly string[], program: string, advice?: string}} what
 * @returns {Promise<string>}
 */
async function installFor(find, { packages, program, advice }) {
  const howElse = `Install ${program}${advice ? `, ${advice},` : ''} and run this again.`;
  if (process.getuid?.() !== 0 || !findProgram(['apt-get'])) throw new StepError(`${program} is missing. ${howElse}`);
  await withLock('apt', async () => {
    heading(`Installing ${packages.join(', ')} with apt-get (up to a minute)`);
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    await run('apt-get', ['update', '-qq'], { env, quiet: true, whenItFails: howElse });
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { env, quiet: true, whenItFails: howElse });
  });
  const found = find();
  if (!found) throw new StepError(`apt-get brought no ${program}. ${howElse}`);
  return found;
}
