// Installs node_modules exactly as package-lock.json says, but without the engine's GPU variants: a plain `npm ci` would bring all of them
// for this platform (669 MB).
// npm cannot leave single optional packages out, so all are left out and those of this machine added by name.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { StepError, once, root, runNpm } from './steps.mjs';

/** @typedef {{version?: string, optional?: boolean, os?: string[], cpu?: string[], libc?: string[], optionalDependencies?: Record<string, string>}} LockedPackage */
/** @typedef {{platform: string, arch: string, libc?: string}} Machine */

/** @returns {Machine} */
function thisMachine() {
  const report = /** @type {{header: {glibcVersionRuntime?: string}}} */ (process.report?.getReport());
  const libc = process.platform === 'linux' ? (report?.header.glibcVersionRuntime ? 'glibc' : 'musl') : undefined;
  return { platform: process.platform, arch: process.arch, ...(libc ? { libc } : {}) };
}

/** The engine's one binary package for each platform without a GPU toolkit; on Apple silicon that one brings Metal along. */
export const enginePackages = /** @type {Readonly<Record<string, string>>} */ ({
  'linux-x64': '@node-llama-cpp/linux-x64',
  'linux-arm64': '@node-llama-cpp/linux-arm64',
  'darwin-arm64': '@node-llama-cpp/mac-arm64-metal',
  'darwin-x64': '@node-llama-cpp/mac-x64',
  'win32-x64': '@node-llama-cpp/win-x64',
});

export async function ensureDependencies() {
  const lock = readFileSync(path.join(root, 'package-lock.json'), 'utf8');
  const machine = thisMachine();
  const stamp = createHash('sha256').update(lock).update(JSON.stringify(machine)).digest('hex');
  const step = { stampFile: path.join(root, 'node_modules/.tramontane-dependencies'), stamp, title: 'Installing the development packages (about 25 s)' };
  await once(step, async () => {
    const parsed = JSON.parse(lock);
    const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
    // Not `npm ci`: it refuses a lock file that leaves out other platforms' optional packages, as npm itself writes it when the registry lacks one
    // of them (npm/cli issue 4828). What `npm ci` is for, that nothing but the locked versions comes, is checked here.
    for (const kind of ['dependencies', 'devDependencies']) {
      if (!isDeepStrictEqual(parsed.packages[''][kind], manifest[kind]))
        throw new StepError(`package-lock.json does not fit the ${kind} of package.json. Run "npm install --package-lock-only" and look at the difference.`);
    }
    const optional = optionalPackagesFor(parsed, machine);
    // --no-save leaves package.json and the lock file as they are.
    await runNpm(['install', '--no-save', '--omit=optional', '--ignore-scripts', ...optional]);
  });
}

/**
 * The optional packages that this machine needs, as `name@version`.
 * @param {{packages: Record<string, LockedPackage>}} lock
 * @param {Machine} machine
 */
function optionalPackagesFor(lock, machine) {
  /** @type {Map<string, string>} */
  const wanted = new Map();
  for (const owner of Object.values(lock.packages)) {
    for (const [name, range] of Object.entries(owner.optionalDependencies ?? {})) {
      const locked = lock.packages[`node_modules/${name}`];
      if (runsOn(name, locked, machine)) wanted.set(name, locked?.version ?? range);
    }
  }
  return [...wanted].map(([name, version]) => `${name}@${version}`);
}

/** @param {string} name @param {LockedPackage | undefined} locked @param {Machine} machine */
function runsOn(name, locked, machine) {
  // The engine's linux-arm64 and linux-armv7l packages claim to run on x64 too, and its GPU variants are not wanted: only the name decides.
  if (name.startsWith('@node-llama-cpp/')) return name === enginePackages[`${machine.platform}-${machine.arch}`];
  // npm leaves packages of other platforms out of a lock file at times (npm/cli issue 4828); their names still tell the platform.
  if (!locked) return new RegExp(`[-/]${machine.platform}-${machine.arch}(-gnu|-msvc)?$`).test(name);
  const allows = (/** @type {string[] | undefined} */ list, /** @type {string | undefined} */ value) => !list || (value !== undefined && list.includes(value));
  return (
    Boolean(locked.optional) &&
    allows(locked.os, machine.platform) &&
    allows(locked.cpu, machine.arch) &&
    (machine.libc === undefined || allows(locked.libc, machine.libc))
  );
}
