// Runs oxlint over an overlay and sorts what it found by file and line. It must not know which rules are expected.
import assert from 'node:assert/strict';
import type { Overlay } from './overlay.ts';

export interface Finding {
  /** For example `eslint(no-console)`. */
  readonly rule: string;
  readonly line: number;
  readonly message: string;
}

interface Diagnostic {
  readonly code?: string;
  readonly message: string;
  readonly filename: string;
  readonly labels: readonly { readonly span: { readonly line: number } }[];
}

export interface LintRun {
  readonly exitCode: number;
  readonly findings: ReadonlyMap<string, readonly Finding[]>;
}

export async function lint(overlay: Overlay): Promise<LintRun> {
  const { exitCode, output } = await overlay.run('node_modules/oxlint/bin/oxlint', ['--type-aware', '--format=json']);
  let report: { diagnostics: readonly Diagnostic[]; number_of_files: number };
  try {
    report = JSON.parse(output) as typeof report;
  } catch {
    assert.fail(`oxlint gave no report: ${output}`);
  }
  assert.ok(report.number_of_files > 0, 'oxlint looked at no file');
  const findings = new Map<string, Finding[]>();
  for (const diagnostic of report.diagnostics) {
    const file = diagnostic.filename.replaceAll('\\', '/');
    const list = findings.get(file) ?? [];
    list.push({ rule: diagnostic.code ?? '', line: diagnostic.labels[0]?.span.line ?? 0, message: diagnostic.message });
    findings.set(file, list);
  }
  return { exitCode, findings };
}
