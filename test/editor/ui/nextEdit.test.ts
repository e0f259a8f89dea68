// The next edit as its user sees it: the packed extension in a real editor. It comes from rules, so that its content is known.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { type Editor, startEditor } from '../harness/editor.ts';
import { fromEnvironment } from '../harness/environment.ts';
import { editorText, ghostText, goToEndOfLine, modifier, openFile, openWorkbench, screenshot, showingFailure, until } from '../harness/workbench.ts';

let editor: Editor;
let page: Page;

before(async () => {
  // Ghost text from the model would come first, as it should; here it is not wanted.
  editor = await startEditor({ vsix: fromEnvironment('vsix'), settings: { 'tramontane.completion.enabled': false } });
  page = await openWorkbench(editor);
  // What is edited before the server is there, it does not know.
  await page.locator('.statusbar-item').filter({ hasText: 'Starter model' }).waitFor();
});
after(() => editor.close());

/** What decorations put behind the text: generated content, which is no text of the page. */
async function besideTheCode(): Promise<string> {
  const contents = await page.evaluate(`[...document.querySelectorAll('.editor-instance .view-lines span span')]
    .map((span) => getComputedStyle(span, '::after').content)
    .filter((content) => content !== 'none' && content !== 'normal')
    .join(' ')`);
  return String(contents).replaceAll('\u00a0', ' ');
}

const cursorLine = async (): Promise<string> =>
  (await page
    .locator('.statusbar-item')
    .filter({ hasText: /^Ln \d+/ })
    .first()
    .textContent()) ?? '';

test('a renamed parameter: the next use is shown, Tab goes there and takes it, Esc ends it, and then Tab indents', async () => {
  await showingFailure(page, 'next-edit', async () => {
    await openFile(page, 'pricing.ts');
    await selectParameter();
    await page.keyboard.type('amount', { delay: 40 });
    await until('the next edit', async () => (await besideTheCode()).includes('amount'));
    assert.match(await besideTheCode(), /line 47/);
    await screenshot(page, 'next-edit');

    await page.keyboard.press('Tab');
    await until('the cursor in line 47', async () => (await cursorLine()).startsWith('Ln 47,'));
    assert.match(await editorText(page), /const sign = cents < 0/);

    await page.keyboard.press('Tab');
    await until('the taken edit', async () => (await editorText(page)).includes('const sign = amount < 0'));
    await until('the one after it', async () => (await besideTheCode()).includes('line 48'));
    assert.match(await editorText(page), /Math\.abs\(cents\) \/ 100/);

    await page.keyboard.press('Escape');
    await until('no next edit', async () => !(await besideTheCode()).includes('amount'));
    await goToEndOfLine(page, 48);
    await page.keyboard.press('Tab');
    await until('an indentation', async () => /Math\.abs\(cents\) \/ 100\); +\n/.test(await editorText(page)));
  });
});

test('in front of a line Tab indents even while something is offered', async () => {
  await showingFailure(page, 'next-edit-indentation', async () => {
    await openFile(page, 'inventory.ts');
    // For five seconds after one was dismissed nothing is offered.
    await page.waitForTimeout(5500);
    await goToEndOfLine(page, 38);
    await page.keyboard.press('Home');
    for (let count = 0; count < 'find(na'.length; count++) await page.keyboard.press('ArrowRight');
    await page.keyboard.press(`${modifier}+KeyD`);
    await page.keyboard.type('label', { delay: 40 });
    await until('the next edit', async () => (await besideTheCode()).includes('label'));
    await screenshot(page, 'next-edit-indentation');
    await goToEndOfLine(page, 37);
    await until('an empty line under the cursor', async () => (await cursorLine()).startsWith('Ln 37, Col 1'));
    await until('the next edit still', async () => (await besideTheCode()).includes('label'));
    await page.keyboard.press('Tab');
    await until('an indented cursor', async () => /^Ln 37, Col (?!1\b)\d+/.test(await cursorLine()));
  });
});

test('what only inserts in the line of the cursor is ghost text, and Tab takes it', async () => {
  await showingFailure(page, 'next-edit-ghost', async () => {
    await openFile(page, 'inventory.ts');
    await goToEndOfLine(page, 18);
    // constructor(product: Product, wanted: number) {
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.type(', reason: string', { delay: 20 });
    // In one step: where the cursor comes to rest it is asked. A click behind the text of a line goes to its end.
    await page
      .locator('.editor-group-container.active .view-line')
      .filter({ hasText: /this\.wanted\s=\swanted;/ })
      .click();
    await until('ghost text', async () => (await ghostText(page)).includes('this.reason = reason;'));
    await screenshot(page, 'next-edit-ghost');
    await page.keyboard.press('Tab');
    await until('the assignment', async () => (await editorText(page)).includes('    this.wanted = wanted;\n    this.reason = reason;'));
    // The field is offered next, above.
    await until('the field', async () => (await besideTheCode()).includes('readonly reason: string;'));
  });
});

test('Esc on ghost text is told, and what follows from the same change comes no more; with the popup open Esc is the popup’s', async () => {
  await showingFailure(page, 'next-edit-ghost-escape', async () => {
    await openFile(page, 'inventory.ts');
    await until('the constructor as it was', async () => {
      await page.keyboard.press(`${modifier}+KeyZ`);
      return !(await editorText(page)).includes('reason');
    });
    await goToEndOfLine(page, 18);
    for (let count = 0; count < 3; count++) await page.keyboard.press('ArrowLeft');
    await page.keyboard.type(', cause: string', { delay: 20 });
    await page
      .locator('.editor-group-container.active .view-line')
      .filter({ hasText: /this\.wanted\s=\swanted;/ })
      .click();
    await until('ghost text', async () => (await ghostText(page)).includes('this.cause = cause;'));
    await page.keyboard.press('Escape');
    await until('no ghost text', async () => (await ghostText(page)) === '');
    assert.doesNotMatch(await editorText(page), /this\.cause/);
    // As long as it takes to ask, and more: the field, which the same change asks for, is not offered either.
    await page.waitForTimeout(2500);
    assert.doesNotMatch(await besideTheCode(), /cause/);
    assert.equal(await ghostText(page), '');

    await page.keyboard.press('Control+Space');
    const popup = page.locator('.suggest-widget.visible');
    await popup.waitFor();
    await page.keyboard.press('Escape');
    await popup.waitFor({ state: 'hidden' });
  });
});

/** The name `cents` in `formatCents(cents: number)`. */
async function selectParameter(): Promise<void> {
  await goToEndOfLine(page, 46);
  await page.keyboard.press('Home');
  for (let count = 0; count < 'export function formatCents(ce'.length; count++) await page.keyboard.press('ArrowRight');
  await page.keyboard.press(`${modifier}+KeyD`);
}
