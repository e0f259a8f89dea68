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
  editor = await startEditor({ vsix: fromEnvironment('vsix') });
  page = await openWorkbench(editor);
});
after(() => editor.close());

test('a question in the chat is answered, with the open file as context', async () => {
  await showingFailure(page, 'chat', async () => {
    await openFile(page, 'pricing.ts');
    await runCommand(page, 'Tramontane: Open Chat');
    const chat = await webview(page, 'textarea[aria-label="Question"]');
    const question = chat.locator('textarea[aria-label="Question"]');
    await question.fill('What does discountPercent do?');
    await question.press('Enter');
    await chat.locator('article.question', { hasText: 'discountPercent' }).waitFor();
    // The buttons below an answer come when it has ended.
    await chat.locator('article.answer .answer-actions .retry').waitFor();
    const answer = await until('the text of the answer', () => chat.locator('article.answer .answer-body').textContent());
    assert.ok(answer.trim().length > 0);
    await screenshot(page, 'chat');

    await runCommand(page, 'Tramontane: New Chat');
    await until('an empty conversation', async () => (await chat.locator('article').count()) === 0);
  });
});
