// What counts as free RAM: from the texts of /proc and of control groups.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linuxRam } from '../../native/machineMemory.ts';

const meminfo = 'MemTotal:       16000000 kB\nMemFree:          300000 kB\nMemAvailable:    9000000 kB\n';
const kilobyte = 1024;

async function check(files: Record<string, string>, free: number, total: number): Promise<void> {
  const ram = await linuxRam(async (file) => ({ '/proc/meminfo': meminfo, ...files })[file]);
  assert.deepEqual(ram, { freeBytes: free, totalBytes: total });
}

test('available memory counts, not what nobody has touched yet', () => check({}, 9_000_000 * kilobyte, 16_000_000 * kilobyte));

test('the limit of a container counts, less what it uses and cannot drop', () =>
  check(
    {
      '/proc/self/cgroup': '0::/\n',
      '/sys/fs/cgroup/memory.max': '4000000000\n',
      '/sys/fs/cgroup/memory.current': '3000000000\n',
      '/sys/fs/cgroup/memory.stat': 'anon 900000000\ninactive_file 2000000000\nactive_file 1\n',
    },
    3_000_000_000,
    4_000_000_000,
  ));

test('the tightest limit on the way to the root counts', () =>
  check(
    {
      '/proc/self/cgroup': '0::/user.slice/editor.scope\n',
      '/sys/fs/cgroup/user.slice/memory.max': '2000000000\n',
      '/sys/fs/cgroup/user.slice/memory.current': '500000000\n',
      '/sys/fs/cgroup/user.slice/editor.scope/memory.max': 'max\n',
      '/sys/fs/cgroup/user.slice/editor.scope/memory.current': '100000000\n',
    },
    1_500_000_000,
    2_000_000_000,
  ));

test('the first version of control groups counts too', () =>
  check(
    {
      '/proc/self/cgroup': '5:cpu,cpuacct:/x\n4:memory:/docker/abc\n',
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': '1000000000\n',
      '/sys/fs/cgroup/memory/memory.usage_in_bytes': '400000000\n',
      '/sys/fs/cgroup/memory/memory.stat': 'inactive_file 7\ntotal_inactive_file 100000000\n',
    },
    700_000_000,
    1_000_000_000,
  ));

test('no limit, and one beyond all memory, change nothing', () =>
  check(
    {
      '/proc/self/cgroup': '4:memory:/\n0::/\n',
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
      '/sys/fs/cgroup/memory/memory.usage_in_bytes': '1\n',
      '/sys/fs/cgroup/memory.max': 'max\n',
      '/sys/fs/cgroup/memory.current': '1\n',
    },
    9_000_000 * kilobyte,
    16_000_000 * kilobyte,
  ));

test('a system without /proc is left to others', async () => {
  assert.equal(await linuxRam(async () => undefined), undefined);
});
