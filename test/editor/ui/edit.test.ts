// Edit with Instruction as its user sees it, in the packed extension. The first test takes the answer from a scripted engine behind the
// real socket, since the content must be known: two files change after the preview, and one undo takes each back. The second one asks the
// real starter model for form: an answer comes, and it ends in a preview or in a refusal that says why; nothing changes by itself.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { startEditor } from '../harness/editor.ts';
import { fromEnvironment } from '../harness/environment.ts';
import { installedEngine, startScriptedEngine } from '../harness/scriptedEngine.ts';
import { editorText, focusEditor, modifier, openFile, openWorkbench, runCommand, screenshot, showingFailure, until } from '../harness/workbench.ts';

const command = 'Tramontane: Edit with Instruction…';
const preview = '.bulk-edit-panel';

test('an instruction that names a second file changes both after the preview, and one undo takes each back', async () => {
  const runtimeDirectory = mkdtempSync(path.join(os.tmpdir(), 'tms-'));
  const editor = await startEditor({ vsix: fromEnvironment('vsix'), env: { TRAMONTANE_RUNTIME_DIR: runtimeDirectory } });
  const engine = await startScriptedEngine({ runtimeDirectory, engineModule: installedEngine(editor), answer: () => renameInBothFiles });
  try {
    const page = await openWorkbench(editor);
    await showingFailure(page, 'edit', async () => {
      await openFile(page, 'pricing.ts');
      await giveInstruction(page, 'Rename discountPercent to discountFor in pricing.ts and report.ts');
      await page.locator(preview).waitFor();
      const files = page.locator(`${preview} .monaco-list-row[aria-level="1"]`);
      await until('both files in the preview', async () => (await files.count()) >= 2);
      await screenshot(page, 'edit-preview');
      // Changes that need confirmation start unticked.
      for (const box of await page
        .locator(`${preview} .monaco-list-row[aria-level="1"] input[type=checkbox], ${preview} .monaco-list-row[aria-level="1"] .monaco-checkbox`)
        .all())
        await box.click();
      await page.getByRole('button', { name: 'Apply' }).click();
      await until('the change in pricing.ts', async () => {
        await openFile(page, 'pricing.ts');
        return (await editorText(page)).includes('function discountFor');
      });
      await openFile(page, 'report.ts');
      assert.ok((await editorText(page)).includes('discountFor'), 'report.ts was not changed');
      await screenshot(page, 'edit-applied');
      await runCommand(page, 'File: Save All Files');
      await until('both files on disk', () =>
        ['pricing.ts', 'report.ts'].every((name) => readFileSync(path.join(editor.folder, name), 'utf8').includes('discountFor')),
      );
      await undoOnce(page, 'report.ts', 'discountFor');
    });
  } finally {
    await editor.close();
    await engine.end();
    rmSync(runtimeDirectory, { recursive: true, force: true });
  }
});

test('with the starter model an edit ends in a preview or in a refusal that says why, and changes nothing by itself', async () => {
  const editor = await startEditor({ vsix: fromEnvironment('vsix') });
  try {
    const page = await openWorkbench(editor);
    await showingFailure(page, 'edit-starter', async () => {
      await openFile(page, 'pricing.ts');
      const before = readFileSync(path.join(editor.folder, 'pricing.ts'), 'utf8');
      await giveInstruction(page, 'Add a comment above discountPercent');
      const refusal = page.locator('.notifications-toasts .notification-list-item-message').filter({ hasText: /Nothing was changed|no change|answer/i });
      await until('a preview or a refusal', async () => (await page.locator(preview).isVisible()) || (await refusal.count()) > 0);
      await screenshot(page, 'edit-starter');
      assert.equal(readFileSync(path.join(editor.folder, 'pricing.ts'), 'utf8'), before);
    });
  } finally {
    await editor.close();
  }
});

const renameInBothFiles = [
  'pricing.ts',
  '<<<<<<< SEARCH',
  'export function discountPercent(quantity: number): number {',
  '=======',
  'export function discountFor(quantity: number): number {',
  '>>>>>>> REPLACE',
  '',
  'report.ts',
  '<<<<<<< SEARCH',
  "import { formatCents, type Price } from './pricing.ts';",
  '=======',
  "import { discountFor, formatCents, type Price } from './pricing.ts';",
  '>>>>>>> REPLACE',
].join('\n');

async function giveInstruction(page: Page, instruction: string): Promise<void> {
  await runCommand(page, command);
  // The palette's own input is the same element until the box takes its place.
  const input = page.locator('.quick-input-widget:visible .quick-input-box input[placeholder^="What should be changed"]');
  await input.waitFor();
  await input.fill(instruction);
  await page.keyboard.press('Enter');
}

async function undoOnce(page: Page, name: string, gone: string): Promise<void> {
  await openFile(page, name);
  await focusEditor(page);
  await page.keyboard.press(`${modifier}+KeyZ`);
  await until(`${name} without the change`, async () => {
    // VS Code asks whether to undo in all files or in this one.
    const only = page.getByRole('button', { name: 'Undo this File' });
    if (await only.isVisible()) await only.click();
    return !(await editorText(page)).includes(gone);
  });
}
