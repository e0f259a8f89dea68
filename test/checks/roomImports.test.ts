// Every room is tried with every other room and every kind of package, by value and by type: oxlint must refuse exactly what the table does.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { before, test } from 'node:test';
import { lint, type LintRun } from './lint.ts';
import { Overlay, repositoryRoot } from './overlay.ts';
import { packageSpecimens, permissions, type Room, rooms } from './rooms.ts';

const ban = 'eslint(no-restricted-imports)';

/** Doors and the channel have no folders of their own; `server` is only its composition root. */
const flatRooms: readonly Room[] = ['client/protocol', 'native/protocol', 'native/channel', 'server'];

interface Trial {
  readonly statement: string;
  readonly isAllowed: boolean;
}

const nameOf = (room: Room) => path.posix.basename(room);

function pathFrom(directory: string, file: string): string {
  const relative = path.posix.relative(directory, file);
  return relative.startsWith('.') ? relative : `./${relative}`;
}

function trialsOf(room: Room, directory: string): Trial[] {
  const { values, types = [], interfaces = [], packages } = permissions[room];
  const trials: Trial[] = [];
  const addImport = (specifier: string, allowed: { readonly value: boolean; readonly type: boolean }) => {
    trials.push({ statement: `import { door as door${trials.length} } from '${specifier}';`, isAllowed: allowed.value });
    trials.push({ statement: `import type { Door as Door${trials.length} } from '${specifier}';`, isAllowed: allowed.type });
  };
  for (const target of rooms) {
    if (target === room) continue;
    const value = values.includes(target);
    // An engine client beside the interface file has a name that begins alike, on purpose.
    const file = target === 'server' ? 'main.ts' : `${nameOf(target)}Door.ts`;
    addImport(pathFrom(directory, `${target}/${file}`), { value, type: value || types.includes(target) });
    if (!target.startsWith('server/')) continue;
    const specifier = pathFrom(directory, `${target}/${nameOf(target)}.ts`);
    addImport(specifier, { value, type: value || types.includes(target) || interfaces.includes(target) });
  }
  for (const specimen of packageSpecimens) {
    const isAllowed = packages.includes(specimen);
    addImport(specimen, { value: isAllowed, type: isAllowed });
  }
  return trials;
}

interface Plant {
  readonly room: Room;
  readonly file: string;
  readonly trials: readonly Trial[];
}

const plants: Plant[] = rooms.flatMap((room) =>
  [room, `${room}/inner`]
    .filter((directory) => directory === room || !flatRooms.includes(room))
    .map((directory) => ({ room, file: `${directory}/planted.ts`, trials: trialsOf(room, directory) })),
);

let violations: LintRun;
let clean: LintRun;

before(async () => {
  using planted = new Overlay();
  for (const plant of plants) planted.plant(plant.file, plant.trials.map((trial) => `${trial.statement}\n`).join(''));
  violations = await lint(planted);

  using harmless = new Overlay();
  for (const room of rooms) {
    harmless.plant(`${room}/door.ts`, 'export interface Door {\n  readonly width: number;\n}\n\nexport const door: Door = { width: 1 };\n');
  }
  for (const room of rooms) {
    const allowed = permissions[room].values.map((target) => pathFrom(room, `${target}/door.ts`));
    const imports = allowed.map((specifier, index) => `import { door as door${index} } from '${specifier}';\n`);
    harmless.plant(`${room}/planted.ts`, `${imports.join('')}\nexport const doors = [${allowed.map((_, index) => `door${index}`).join(', ')}];\n`);
  }
  clean = await lint(harmless);
});

for (const plant of plants) {
  test(`oxlint refuses exactly the banned imports of ${plant.file}`, () => {
    const lines = new Set(violations.findings.get(plant.file)?.flatMap((finding) => (finding.rule === ban ? [finding.line] : [])));
    const slippedThrough = plant.trials.filter((trial, index) => !trial.isAllowed && !lines.has(index + 1));
    const refusedThoughAllowed = plant.trials.filter((trial, index) => trial.isAllowed && lines.has(index + 1));
    assert.deepEqual({ slippedThrough, refusedThoughAllowed }, { slippedThrough: [], refusedThoughAllowed: [] });
  });
}

test('oxlint ends with an error when an import is banned', () => assert.notEqual(violations.exitCode, 0));

test('oxlint accepts rooms that import what they may', () => {
  assert.deepEqual(Object.fromEntries(clean.findings), {});
  assert.equal(clean.exitCode, 0);
});

test('every folder of the server is a room of the table', () => {
  const folders = readdirSync(path.join(repositoryRoot, 'server'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  assert.deepEqual(
    folders.map((entry) => `server/${entry.name}`).filter((folder) => !(rooms as readonly string[]).includes(folder)),
    [],
  );
});

test('no folder inside a room is called like a room, since a ban goes by the name of the folder', () => {
  const names = new Set(rooms.map(nameOf));
  const mistaken = rooms
    .filter((room) => room !== 'server' && existsSync(path.join(repositoryRoot, room)))
    .flatMap((room) => readdirSync(path.join(repositoryRoot, room), { withFileTypes: true, recursive: true }))
    .filter((entry) => entry.isDirectory() && names.has(entry.name))
    .map((entry) => path.relative(repositoryRoot, path.join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
  assert.deepEqual(
    mistaken.filter((folder) => !(rooms as readonly string[]).includes(folder)),
    [],
  );
});
