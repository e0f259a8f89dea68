// What the compiler refuses by itself: imports of rooms that no reference leads to, and names that a room's `types` and `lib` do not have.
import assert from 'node:assert/strict';
import path from 'node:path';
import { before, test } from 'node:test';
import { Overlay, projects, reachableFrom, type ToolRun } from './overlay.ts';
import { permissions, type Room, rooms } from './rooms.ts';

const compiledRooms = rooms.filter((room) => projects.includes(room));

interface Plant {
  readonly file: string;
  readonly text: string;
  readonly code: string;
}

const importPlants: (Plant & { readonly room: Room; readonly target: Room })[] = compiledRooms.flatMap((room) => {
  const reachable = reachableFrom(room);
  return compiledRooms
    .filter((target) => target !== room && !reachable.has(target))
    .map((target) => ({
      room,
      target,
      file: `${room}/planted${target.replaceAll(/\W/g, '')}.ts`,
      text: `import { door } from '${path.posix.join(path.posix.relative(room, target) || '.', 'door.ts').replace(/^(?!\.)/, './')}';\n\nexport const planted = door;\n`,
      code: 'TS6307',
    }));
});

/** Names that only an environment has: node's, the browser's, the editor's. */
const environments = { node: 'process.pid', timers: 'setTimeout(() => {}, 1)', network: "fetch('')", browser: 'document.title' } as const;
type Environment = keyof typeof environments;
const nodeHas: readonly Environment[] = ['node', 'timers', 'network'];
const environmentsOf: Readonly<Partial<Record<Room, readonly Environment[]>>> = {
  media: ['timers', 'network', 'browser'],
  client: nodeHas,
  server: nodeHas,
  'server/handlers': nodeHas,
  'server/features': nodeHas,
  'server/project': nodeHas,
  'server/inference': nodeHas,
  'server/models': nodeHas,
  'server/tools': nodeHas,
  'server/storage': nodeHas,
  native: nodeHas,
  'native/channel': nodeHas,
};

const namePlants: (Plant & { readonly room: Room; readonly environment: Environment })[] = compiledRooms.flatMap((room) =>
  (Object.keys(environments) as Environment[])
    .filter((environment) => !environmentsOf[room]?.includes(environment))
    .map((environment) => ({
      room,
      environment,
      file: `${room}/planted${environment}.ts`,
      text: `export const planted: unknown = ${environments[environment]};\n`,
      code: 'TS(2304|2552|2580|2584|2591)',
    })),
);

let run: ToolRun;
let clean: ToolRun;

function plantDoors(overlay: Overlay): void {
  for (const project of projects) overlay.plant(`${project}/door.ts`, 'export const door = 1;\n');
}

before(async () => {
  using overlay = new Overlay();
  plantDoors(overlay);
  for (const plant of [...importPlants, ...namePlants]) overlay.plant(plant.file, plant.text);
  run = await overlay.run('node_modules/typescript/bin/tsc', ['-b', '--pretty', 'false']);
  using harmless = new Overlay();
  plantDoors(harmless);
  for (const room of compiledRooms) {
    const targets = permissions[room].values.filter((target) => projects.includes(target));
    const imports = targets.map(
      (target, index) => `export { door as door${index} } from '${path.posix.relative(room, target).replace(/^(?!\.)/, './')}/door.ts';\n`,
    );
    const names = (environmentsOf[room] ?? []).map((environment, index) => `export const name${index}: unknown = ${environments[environment]};\n`);
    harmless.plant(`${room}/planted.ts`, `${imports.join('')}${names.join('')}export const width = 1;\n`);
  }
  clean = await harmless.run('node_modules/typescript/bin/tsc', ['-b', '--pretty', 'false']);
});

function assertRefused(plant: Plant): void {
  const expected = new RegExp(`^${plant.file.replaceAll('.', '\\.')}\\(\\d+,\\d+\\): error ${plant.code}:`, 'm');
  assert.match(run.output, expected);
}

for (const room of compiledRooms) {
  test(`tsc refuses what ${room} has no reference to`, () => {
    const plants = importPlants.filter((plant) => plant.room === room);
    assert.ok(plants.length > 0);
    for (const plant of plants) assertRefused(plant);
  });
}

test('no room reaches upward by its references', () => {
  const up = (room: Room) => ['native', 'server', 'client', 'media'].indexOf(room.split('/')[0] ?? '');
  const upward = compiledRooms.flatMap((room) =>
    [...reachableFrom(room)].filter((target) => up(target as Room) > up(room)).map((target) => `${room} -> ${target}`),
  );
  assert.deepEqual(upward, []);
  for (const room of compiledRooms) assert.ok(!reachableFrom(room).has(room), `${room} reaches itself`);
});

for (const plant of namePlants) test(`tsc refuses ${environments[plant.environment]} in ${plant.room}`, () => assertRefused(plant));

test('tsc ends with an error when a plant is there', () => assert.notEqual(run.exitCode, 0));

test('tsc accepts rooms that import what they may', () => assert.deepEqual(clean, { exitCode: 0, output: '' }));
