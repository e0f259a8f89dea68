// What `npm test` tells the editor tests about this machine (scripts/test.mjs sets these after installing what they name).
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
export const sampleProject = path.join(root, 'test/fixtures/sample-project');

const names = {
  codeServer: 'TRAMONTANE_TEST_CODE_SERVER',
  codeServerNode: 'TRAMONTANE_TEST_CODE_SERVER_NODE',
  chromium: 'TRAMONTANE_TEST_CHROMIUM',
  vsix: 'TRAMONTANE_TEST_VSIX',
  result: 'TRAMONTANE_TEST_RESULT',
  runtimeFolder: 'TRAMONTANE_RUNTIME_DIR',
} as const;

export function fromEnvironment(what: keyof typeof names): string {
  const value = process.env[names[what]];
  if (!value) throw new Error(`${names[what]} is not set. Run these tests with "npm test -- ui" or "npm test -- inhost".`);
  return value;
}
