// One rendering of any template in this process, for tests of what is done around the template.
import assert from 'node:assert/strict';
import { evaluateTemplate } from '../../native/chatTemplateJinja.ts';
import { prepareRendering } from '../../native/chatTemplateRender.ts';
import type { RenderedPart, RenderedRequest, TemplateRequest, TemplateVocabulary } from '../../native/chatTemplateRequest.ts';
import { planShield, Shield } from '../../native/chatTemplateShield.ts';
import { probeTemplate } from '../../native/chatTemplateTraits.ts';
import { date } from './chatTemplateGoldens.ts';

/** One shielded question through a template, which may drop or rewrite it. */
export function shielded(source: string, vocabulary: TemplateVocabulary, text: string): readonly RenderedPart[] {
  const shield = new Shield(planShield(source, vocabulary), [source, text]);
  const evaluation = evaluateTemplate(source, { messages: [{ role: 'user', content: shield.text(text) }] }, date);
  assert.ok(evaluation.outcome === 'ok', JSON.stringify(evaluation));
  return shield.restore(evaluation.text);
}

/** With the trial, as the engine does it. */
export function tried(source: string, vocabulary: TemplateVocabulary, request: Omit<TemplateRequest, 'date'>, at = date): RenderedRequest {
  const probed = probeTemplate(source, vocabulary);
  if (probed.outcome === 'failed') return probed;
  const dated = { ...request, date: at };
  const prepared = prepareRendering(dated, { source, traits: probed.traits, plan: planShield(source, vocabulary) }, vocabulary);
  return prepared.finish(evaluateTemplate(source, prepared.values, at));
}
