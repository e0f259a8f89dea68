// Ghost text as its user sees it: the packed extension in a real editor, with the starter model. What the model suggests is its own affair;
// that something comes, and that accepting it by word and whole types exactly what was shown, is ours.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { type Editor, startEditor } from '../harness/editor.ts';
import { fromEnvironment } from '../harness/environment.ts';
import { editorText, ghostText, goToEndOfLine, openFile, openWorkbench, screenshot, showingFailure, until, wordModifier } from '../harness/workbench.ts';

let editor: Editor;
let page: Page;

before(async () => {
  editor = await startEditor({ vsix: fromEnvironment('vsix') });
  page = await openWorkbench(editor);
});
after(() => editor.close());

test('typing shows ghost text, of which one word and then the rest can be accepted', async () => {
  await showingFailure(page, 'suggestions', async () => {
    await openFile(page, 'inventory.ts');
    const typed = await typeUntilGhostText();
    await screenshot(page, 'ghost-text');
    const before = await editorText(page);
    const suggestion = await ghostText(page);
    assert.ok(before.includes(typed));

    await page.keyboard.press(`${wordModifier}+ArrowRight`);
    const oneWord = await until('the first word', async () => {
      const text = await editorText(page);
      return text !== before ? text : undefined;
    });
    const rest = await ghostText(page);
    const word = suggestion.slice(0, suggestion.length - rest.length);
    assert.ok(rest === '' || (suggestion.endsWith(rest) && word.length > 0), `${JSON.stringify(suggestion)} lost its head to ${JSON.stringify(rest)}`);
    assert.ok(oneWord.includes(typed + word.split('\n')[0]));

    if (rest === '') return;
    await page.keyboard.press('Tab');
    const accepted = await until('the accepted suggestion', async () => {
      const text = await editorText(page);
      return text.includes(typed + suggestion.split('\n')[0]) ? text : undefined;
    });
    assert.ok(accepted.length > oneWord.length);
  });
});

/** Types lines that ask to be continued until ghost text of two words and more stands after one; returns the line. */
async function typeUntilGhostText(): Promise<string> {
  const lines = [
    '  count(): number { return this',
    '  names(): string[] { return this.all().map((product) =>',
    '  has(name: string): boolean { return ',
    '  get size() { return ',
  ];
  let attempt = 0;
  return until('ghost text', async () => {
    const line = lines[attempt++ % lines.length] ?? '';
    await goToEndOfLine(page, 32);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Home');
    await page.keyboard.type(line, { delay: 30 });
    for (let wait = 0; wait < 50; wait++) {
      if (/\S\s+\S|\w\W+\w/.test(await ghostText(page))) return line;
      await page.waitForTimeout(100);
    }
    return undefined;
  });
}
