// A block as its user sees it grow: the first line of an answer is shown while the rest is still being written, and the rest joins it by itself. The answer
// comes from a scripted engine behind the real socket, so that its rest can be held back.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { startEditor } from '../harness/editor.ts';
import { fromEnvironment } from '../harness/environment.ts';
import { installedEngine, startScriptedEngine } from '../harness/scriptedEngine.ts';
import { editorText, ghostText, goToEndOfLine, openFile, openWorkbench, screenshot, showingFailure, until } from '../harness/workbench.ts';

const head = 'export function total(prices: readonly number[]) {';
const firstLine = '\n  let sum = 0;\n';
const block = `${firstLine}  for (const price of prices) sum += price;\n  return sum;\n}`;

test('the rest of a block joins its first line on the screen without a key, and Tab takes all of it', async () => {
  const runtimeDirectory = mkdtempSync(path.join(os.tmpdir(), 'tms-'));
  const editor = await startEditor({ vsix: fromEnvironment('vsix'), env: { TRAMONTANE_RUNTIME_DIR: runtimeDirectory } });
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const engine = await startScriptedEngine({
    runtimeDirectory,
    engineModule: installedEngine(editor),
    answer: ({ prompt, isAhead }) => (!isAhead && JSON.stringify(prompt).includes('total(prices: readonly number[]) {"') ? `${block}\n` : ''),
    beforePiece: async (at) => {
      if (at > firstLine.length) await held;
    },
  });
  try {
    const page = await openWorkbench(editor);
    await showingFailure(page, 'rest', async () => {
      await openFile(page, 'pricing.ts');
      await goToEndOfLine(page, 1);
      await page.keyboard.press('Home');
      await page.keyboard.press('Enter');
      await page.keyboard.press('ArrowUp');
      await page.keyboard.type(head, { delay: 20 });
      const first = await until('the first line', async () => (await ghostText(page)) || undefined);
      assert.equal(first.trim(), 'let sum = 0;');
      await screenshot(page, 'rest-held');
      release();
      const whole = await until('the rest', async () => {
        const text = await ghostText(page);
        return text.includes('return sum;') ? text : undefined;
      });
      assert.ok(whole.startsWith(first.trimEnd()), `${JSON.stringify(first)} became ${JSON.stringify(whole)}`);
      await screenshot(page, 'rest-joined');
      await page.keyboard.press('Tab');
      await until('the whole block in the text', async () => (await editorText(page)).includes(`${head}${block}`));
    });
  } finally {
    release();
    await editor.close();
    await engine.end();
    rmSync(runtimeDirectory, { recursive: true, force: true });
  }
});
