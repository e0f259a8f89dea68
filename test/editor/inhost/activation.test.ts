// How long the extension holds the editor up when it activates. The figure goes where the bench finds it; nothing is asserted on it here.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { suite, test } from 'mocha';
import * as vscode from 'vscode';

// Taken when this file is loaded, which is before any test and as early as a suite can be.
const extension = vscode.extensions.getExtension('tramontane.tramontane');
const wasActive = extension?.isActive;
const startedAt = performance.now();
const activated = extension?.activate();

suite('Activation', () => {
  test('is measured', async () => {
    assert.ok(extension);
    await activated;
    const activationMs = performance.now() - startedAt;
    if (wasActive !== false) return;
    const out = path.join(extension.extensionPath, 'out');
    mkdirSync(out, { recursive: true });
    writeFileSync(path.join(out, 'activation.json'), JSON.stringify({ activationMs: [activationMs] }));
  });
});
