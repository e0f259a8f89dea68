// Drives the VS Code workbench as a person does, by keyboard and by what is on the screen. Every wait is for a state, none for a time alone.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Frame, Locator, Page } from 'playwright-core';
import { workbenchUrl } from '../../../scripts/editor/codeServer.mjs';
import type { Editor } from './editor.ts';
import { root } from './environment.ts';

/** How long anything may take on a machine that does much else. */
const patienceMs = 60_000;

/** The modifier of the editor's own shortcuts; code-server in a browser asks for the platform of the browser. */
export const modifier = process.platform === 'darwin' ? 'Meta' : 'Control';
/** The modifier of moving by words, and so of accepting the next word of a suggestion. */
export const wordModifier = process.platform === 'darwin' ? 'Meta' : 'Control';

export async function openWorkbench({ server, context, folder }: Pick<Editor, 'server' | 'context' | 'folder'>): Promise<Page> {
  const page = await context.newPage();
  page.setDefaultTimeout(patienceMs);
  await page.goto(workbenchUrl(server.url, { folder }), { waitUntil: 'domcontentloaded' });
  await page.locator('.monaco-workbench .explorer-folders-view .monaco-list-row').first().waitFor();
  return page;
}

/** Runs a command by its title in the palette, which is opened again until the entry is there: an extension that is starting brings its own late. */
export async function runCommand(page: Page, title: string): Promise<void> {
  const input = page.locator('.quick-input-widget:visible .quick-input-box input');
  await until(`the command "${title}"`, async () => {
    await page.keyboard.press('F1');
    await input.waitFor();
    await input.fill(`>${title}`);
    const row = page.locator('.quick-input-widget .monaco-list-row').filter({ hasText: title }).first();
    if (await shows(row, 3000)) {
      await row.click();
      return true;
    }
    await page.keyboard.press('Escape');
    return false;
  });
}

export async function openFile(page: Page, name: string): Promise<void> {
  await page.keyboard.press(`${modifier}+KeyP`);
  const input = page.locator('.quick-input-widget:visible .quick-input-box input');
  await input.waitFor();
  await input.fill(name);
  await page.locator('.quick-input-widget .monaco-list-row').filter({ hasText: name }).first().click();
  await page.locator(`.tab.active[data-resource-name="${path.basename(name)}"]`).waitFor();
  await activeEditor(page).locator('.view-line').first().waitFor();
  await focusEditor(page);
}

export async function focusEditor(page: Page): Promise<void> {
  await runCommand(page, 'View: Focus Active Editor Group');
  await page.locator('.editor-group-container.active .monaco-editor.focused').waitFor();
}

/** Puts the cursor at a line's end; lines count from 1. */
export async function goToEndOfLine(page: Page, line: number): Promise<void> {
  await page.keyboard.press('Control+KeyG');
  const input = page.locator('.quick-input-widget:visible .quick-input-box input');
  await input.waitFor();
  await input.fill(`:${line}`);
  await page.keyboard.press('Enter');
  await input.waitFor({ state: 'hidden' });
  await page.keyboard.press('End');
}

const activeEditor = (page: Page): Locator => page.locator('.editor-group-container.active .editor-instance .monaco-editor').first();

/** The text of the active editor that is on the screen. Ghost text is drawn inside the lines, so it is cut out. */
export async function editorText(page: Page): Promise<string> {
  const lines = await activeEditor(page)
    .locator('.view-lines > .view-line')
    .evaluateAll((elements) =>
      elements
        .map((element) => {
          const line = element.cloneNode(true) as typeof element;
          for (const ghost of line.querySelectorAll('.ghost-text, .ghost-text-decoration, .ghost-text-decoration-preview')) ghost.remove();
          // Lines are placed by their top; their order in the document is that of drawing.
          return { top: Number.parseFloat((element as unknown as { style: { top: string } }).style.top) || 0, text: line.textContent ?? '' };
        })
        .sort((a, b) => a.top - b.top)
        .map((line) => line.text),
    );
  return asTyped(lines.join('\n'));
}

/** The ghost text on the screen, '' when there is none. Its first line is several spans in the editor's line, the rest is a block of its own below. */
export async function ghostText(page: Page): Promise<string> {
  const lines = await activeEditor(page).evaluate((editor) => {
    const kinds = '.ghost-text-decoration, .ghost-text-decoration-preview, .ghost-text';
    const first = [...editor.querySelectorAll('.view-lines .view-line')].map((line) => {
      const spans = [...line.querySelectorAll(kinds)];
      return spans
        .filter((span) => !spans.some((other) => other !== span && other.contains(span)))
        .map((span) => span.textContent)
        .join('');
    });
    const further = [...editor.querySelectorAll('.suggest-preview-text .view-line')].map((line) => line.textContent ?? '');
    return [...first.filter((text) => text !== ''), ...further];
  });
  return asTyped(lines.join('\n'));
}

/** Monaco draws blanks as no-break spaces and puts zero-width characters where a line would be empty. */
const asTyped = (text: string): string => text.replaceAll('\u00a0', ' ').replace(/[\u200b\u200c]/g, '');

/** The frame of the webview whose document holds `selector`: VS Code nests it two frames deep, under names that change. */
export async function webview(page: Page, selector: string): Promise<Frame> {
  const frame = await until(`a webview with ${selector}`, async () => {
    for (const candidate of page.frames()) {
      if (candidate !== page.mainFrame() && (await holds(candidate, selector))) return candidate;
    }
    return undefined;
  });
  return frame;
}

async function holds(frame: Frame, selector: string): Promise<boolean> {
  try {
    return (await frame.locator(selector).count()) > 0;
  } catch (error) {
    // Frames come and go while the workbench draws.
    if (frame.isDetached() || /navigat|detached|context was destroyed/i.test(String(error))) return false;
    throw error;
  }
}

async function shows(locator: Locator, timeoutMs: number): Promise<boolean> {
  try {
    await locator.waitFor({ timeout: timeoutMs });
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'TimeoutError') return false;
    throw error;
  }
}

/**
 * Asks again and again until the answer is truthy, and returns it.
 * @param what names the awaited state in the error
 */
export async function until<Answer>(what: string, ask: () => Answer | Promise<Answer>, timeoutMs = patienceMs): Promise<NonNullable<Answer>> {
  const endMs = Date.now() + timeoutMs;
  let last: Answer;
  do {
    last = await ask();
    if (last) return last;
    await sleep(100);
  } while (Date.now() < endMs);
  throw new Error(`${what} did not come in ${timeoutMs / 1000} s; seen last: ${JSON.stringify(last)}`);
}

/** Saves what is on the screen to test/editor/screenshots, for people to look at. */
export async function screenshot(page: Page, name: string): Promise<string> {
  const folder = path.join(root, 'test/editor/screenshots');
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${name}.png`);
  await page.screenshot({ path: file });
  return file;
}

/** Runs a test's steps and leaves a screenshot of where they ended if they fail. */
export async function showingFailure(page: Page, name: string, steps: () => Promise<void>): Promise<void> {
  try {
    await steps();
  } catch (error) {
    const file = await screenshot(page, `failed-${name}`);
    throw new Error(`The screen at that moment: ${path.relative(root, file)}`, { cause: error });
  }
}
