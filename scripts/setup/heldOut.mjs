// The source that completions are measured on: two published versions of packages that the starter model never saw, at pinned versions and
// checked against the digests below. It knows registries and archives; it must not know what is measured.
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { StepError, once, run, runNpm, toolsFolder } from './steps.mjs';
import { ensurePython } from './system.mjs';

/** Name, older and newer version, with the registry's integrity of each. */
const npmPackages = /** @type {const} */ ([
  [
    'immer',
    ['10.1.1', 'sha512-s2MPrmjovJcoMaHtx6K11Ra7oD05NT97w1IC5zpMkT6Atjr7H8LjaDd81iIxUYpMKSRRNMJE703M1Fhr/TctHw=='],
    ['11.2.10', 'sha512-pzANBj+0A9u+prdhBJ14DVi44vCvVUQzBa8DKt6I0AMCokPHtt722BK9IX5bFC70xUSU9TnzLRIJLTGqIzjEFw=='],
  ],
  [
    '@trpc/client',
    ['11.7.1', 'sha512-uOnAjElKI892/U6aQMcBHYs3x7mme3Cvv1F87ytBL56rBvs7+DyK7r43zgaXKf13+GtPEI6ex5xjVUfyDW8XcQ=='],
    ['11.25.2', 'sha512-x601Z/ZURzf+wMVk5LX3j/ujh/SrUy6D/ygN/YDq1WfQ2csSVTduMLLNnF0OD0FyszffUM5PoUnoabH3ZbLHJQ=='],
  ],
  [
    'koa',
    ['2.16.4', 'sha512-3An0GCLDSR34tsCO4H8Tef8Pp2ngtaZDAZnsWJYelqXUK5wyiHvGItgK/xcSkmHLSTn1Jcho1mRQs2ehRzvKKw=='],
    ['3.3.0', 'sha512-NdsWJYxVzUuYt718DtEQRhUXqqsAPA4VlaUGrlidjh/T2TP/4OQXqQg4ouUHfHD9f+tgmwLZWPm+JQLgqM9YbA=='],
  ],
  [
    'vscode-json-languageservice',
    ['5.3.11', 'sha512-WYS72Ymria3dn8ZbjtBbt5K71m05wY1Q6hpXV5JxUT0q75Ts0ljLmnZJAVpx8DjPgYbFD+Z8KHpWh2laKLUCtQ=='],
    ['5.7.2', 'sha512-WtKRDtJfFEmLrgtu+ODexOHm/6/krRF0k6t+uvkKIKW1Jh9ZIyxZQwJJwB3qhrEgvAxa37zbUg+vn+UyUK/U2w=='],
  ],
  [
    'cheerio',
    ['1.0.0', 'sha512-quS9HgjQpdaXOvsZz82Oz7uxtXiy6UIsIQcpBj7HRw2M63Skasm9qlDocAM7jNuaxdhpPU7c4kJN+gA5MCu4ww=='],
    ['1.2.0', 'sha512-WDrybc/gKFpTYQutKIK6UvfcuxijIZfMfXaYm8NMsPQxSYvf+13fXUJ4rztGGbJcBQ/GF55gvrZ0Bc0bj/mqvg=='],
  ],
  [
    'prosemirror-transform',
    ['1.7.5', 'sha512-U/fWB6frEzY7dzwJUo+ir8dU1JEanaI/RwL12Imy9js/527N0v/IRUKewocP1kTq998JNT18IGtThaDLwLOBxQ=='],
    ['1.12.6', 'sha512-Npot0uIQTDObbDLCiw3TUc08EIT1jNcqbuadG+y5T4jT+4NN8f46AP5h/x+6wE++q7NcW8++oBvc1M0wXvFD/g=='],
  ],
  [
    '@tanstack/table-core',
    ['8.16.0', 'sha512-dCG8vQGk4js5v88/k83tTedWOwjGnIyONrKpHpfmSJB8jwFHl8GSu1sBBxbtACVAPtAQgwNxl0rw1d3RqRM1Tg=='],
    ['8.21.3', 'sha512-ldZXEhOBb8Is7xLs01fR3YEc3DERiz5silj8tnGkFZytt1abEvl/GhUmCE0PMLaMPTa3Jk4HbKmRlHmu+gCftg=='],
  ],
  [
    'd3-hierarchy',
    ['2.0.0', 'sha512-SwIdqM3HxQX2214EG9GTjgmCc/mbSx4mQBn+DuEETubhOw6/U3fmnji4uCVrmzOydMHSO1nZle5gh6HB/wdOzw=='],
    ['3.1.2', 'sha512-FX/9frcub54beBdugHjDCdikxThEqjnR93Qt7PvQTOHxyiNCAlvMrHhclk3cD5VeAaq9fxmfRp+CnWw9rEMBuA=='],
  ],
  [
    '@noble/hashes',
    ['1.7.2', 'sha512-biZ0NUSxyjLLqo6KxEJ1b+C2NAx0wtDoFvCaXHGgUkeHzf3Xc1xKumFKREuT7f7DARNZ/slvYUwFG6B0f2b6hQ=='],
    ['2.4.0', 'sha512-X5XaVWZIBCT7HHZGm5I7ZQXDwLG+bGXuSrMQAW+7Zvl87h1kmc1ZB1VSRJcpUfoUrGQp4Fkoxm5kZ+Ms+aW+eA=='],
  ],
]);

/** With the sha256 of the wheel, which pip checks. */
const pythonPackages = /** @type {const} */ ([
  [
    'httpx',
    ['0.24.1', '06781eb9ac53cde990577af654bd990a4949de37a28bdb4a230d434f3a30b9bd'],
    ['0.28.1', 'd909fcccc110f8c7faf814ca82a9a4d816bc5a6dbfea25d6591d6985b8ba59ad'],
  ],
  [
    'click',
    ['8.1.7', 'ae74fb96c20a0277a1d615f1e4d73c8414f5a98db8b799a7931d1582f3390c28'],
    ['8.5.1', '8bb5376d2006950386f8c6427613334a2acadc5f559cb80e638d00b4df957e37'],
  ],
  [
    'poetry-core',
    ['1.9.1', '6f45dd3598e0de8d9b0367360253d4c5d4d0110c8f5c71120a14f0e0f116c1a0'],
    ['2.5.0', '98ee465b66f7e14bb9fbe68fb5e00d0cff184f036993ec94610ae4b5612f3add'],
  ],
  [
    'networkx',
    ['3.2.1', 'f18c69adc97877c42332c170849c96cefa91881c99a7cb3e95b7c659ebdc1ec2'],
    ['3.6.1', 'd47fbf302e7d9cbbb9e2555a0d267983d2aa476bac30e90dfbe5669bd57f3762'],
  ],
]);

const folder = path.join(toolsFolder, 'held-out');

/** @returns {Promise<string>} a folder with `old/NAME` and `new/NAME` for each package; a scope's slash is written `__` */
export async function ensureHeldOut() {
  const stamp = createHash('sha256')
    .update(JSON.stringify([npmPackages, pythonPackages]))
    .digest('hex');
  const step = {
    stampFile: path.join(toolsFolder, '.held-out-ready'),
    stamp,
    title: 'Fetching the source that completions are measured on (about 40 s, 10 MB)',
  };
  await once(step, async () => {
    rmSync(folder, { recursive: true, force: true });
    for (const [name, ...versions] of npmPackages) {
      for (const [index, [version, integrity]] of versions.entries()) await fetchFromNpm(name, { version, integrity, into: placeFor(name, index) });
    }
    const python = await ensurePython();
    for (const [name, ...versions] of pythonPackages) {
      for (const [index, [version, sha256]] of versions.entries()) await fetchFromPyPi(python, name, { version, sha256, into: placeFor(name, index) });
    }
  });
  return folder;
}

/** @param {string} name @param {number} index */
const placeFor = (name, index) => path.join(folder, index === 0 ? 'old' : 'new', name.replace('/', '__'));

/** @param {string} name @param {{version: string, integrity: string, into: string}} wanted */
async function fetchFromNpm(name, { version, integrity, into }) {
  mkdirSync(into, { recursive: true });
  await runNpm(['pack', `${name}@${version}`, '--ignore-scripts', '--pack-destination', into], { quiet: true });
  const archive = onlyFile(into);
  const digest = createHash('sha512');
  await pipeline(createReadStream(archive), digest);
  if (`sha512-${digest.digest('base64')}` !== integrity) throw new StepError(`${name} ${version} is not what it was: the registry's file has another digest.`);
  await run('tar', ['-xzf', archive, '-C', into], { whenItFails: 'Install tar and run this again.' });
  rmSync(archive);
}

/** @param {string} python @param {string} name @param {{version: string, sha256: string, into: string}} wanted */
async function fetchFromPyPi(python, name, { version, sha256, into }) {
  mkdirSync(into, { recursive: true });
  // pip takes digests from a file of requirements alone.
  const requirement = path.join(into, 'requirement.txt');
  writeFileSync(requirement, `${name}==${version} --hash=sha256:${sha256}\n`);
  const whenItFails = 'Check that this machine reaches the Python package index and run this again.';
  const args = ['download', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary', ':all:', '--python-version', '3.12', '--require-hashes'];
  await run(python, ['-m', 'pip', ...args, '--dest', into, '-r', requirement], { quiet: true, whenItFails });
  rmSync(requirement);
  const archive = onlyFile(into);
  await run(python, ['-m', 'zipfile', '-e', archive, into]);
  rmSync(archive);
}

/** @param {string} where */
function onlyFile(where) {
  const [file] = readdirSync(where);
  if (!file) throw new StepError(`Nothing was fetched into ${where}. Run this again.`);
  return path.join(where, file);
}
