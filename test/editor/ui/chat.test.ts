// The chat as its user sees it: the packed extension in a real editor, with the starter model, whose answers are fluent and wrong. That an answer
// comes, ends, and stays in the conversation is ours.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { type Editor, startEditor } from '../harness/editor.ts';
import { fromEnvironment } from '../harness/environment.ts';
import { openFile, openWorkbench, runCommand, screenshot, showingFailure, until, webview } from '../harness/workbench.ts';

let editor: Editor;
let page: Page;

before(async () => {
  // Greedy: with the dice of the default, the starter model ends some answers after five words, which can arrive in one piece.
  editor = await startEditor({ vsix: fromEnvironment('vsix'), settings: { 'tramontane.chat.temperature': 0 } });
  page = await openWorkbench(editor);
});
after(() => editor.close());

test('a question in the chat is answered piece by piece, with the open file as context, and survives a reload of the window', async () => {
  await showingFailure(page, 'chat', async () => {
    await openFile(page, 'pricing.ts');
    await runCommand(page, 'Tramontane: Open Chat');
    const chat = await webview(page, 'textarea[aria-label="Question"]');
    const question = chat.locator('textarea[aria-label="Question"]');
    await chat.evaluate(countAnswerLengths);
    await question.fill('What does discountPercent do?');
    await question.press('Enter');
    await chat.locator('article.question', { hasText: 'discountPercent' }).waitFor();
    // The buttons below an answer come when it has ended.
    await chat.locator('article.answer .answer-actions .retry').waitFor();
    const answer = await until('the text of the answer', () => chat.locator('article.answer .answer-body').textContent());
    assert.ok(answer.trim().length > 0);
    const lengths = await chat.evaluate(() => (globalThis as unknown as { answerLengths: Set<number> }).answerLengths.size);
    assert.ok(lengths > 2, `the answer did not grow: ${lengths} lengths were seen`);
    await screenshot(page, 'chat');

    await page.reload({ waitUntil: 'domcontentloaded' });
    await page.locator('.monaco-workbench .explorer-folders-view .monaco-list-row, .monaco-workbench .pane-body').first().waitFor();
    await runCommand(page, 'Tramontane: Open Chat');
    const reloaded = await webview(page, 'textarea[aria-label="Question"]');
    await reloaded.locator('article.question', { hasText: 'discountPercent' }).waitFor();
    assert.equal((await reloaded.locator('article.answer .answer-body').textContent())?.trim(), answer.trim());

    await runCommand(page, 'Tramontane: New Chat');
    await until('an empty conversation', async () => (await reloaded.locator('article').count()) === 0);
  });
});

/** Runs in the webview: notes how long the answer was each time it changed, which is how streaming looks from outside. */
function countAnswerLengths(): void {
  const page = globalThis as unknown as {
    answerLengths: Set<number>;
    document: { body: object; querySelector: (selector: string) => { textContent: string } | null };
    MutationObserver: new (callback: () => void) => { observe: (target: object, options: object) => void };
  };
  page.answerLengths = new Set();
  const note = () => page.answerLengths.add(page.document.querySelector('article.answer .answer-body')?.textContent.length ?? 0);
  new page.MutationObserver(note).observe(page.document.body, { childList: true, subtree: true, characterData: true });
}
