// The chat template of one loaded model: chosen and tried once, then used for every conversation. It knows which template is used and
// where it is evaluated; it must not know tokens, requests or the model itself.
import { evaluateTemplate } from './chatTemplateJinja.ts';
import { hasImage, imagesRefused, prepareRendering } from './chatTemplateRender.ts';
import type { RenderedRequest, TemplateRequest, TemplateVocabulary } from './chatTemplateRequest.ts';
import { planShield, type ShieldPlan } from './chatTemplateShield.ts';
import { type ProbedTemplate, probeTemplate } from './chatTemplateTraits.ts';
import type { TemplateTraits } from './chatTemplateValues.ts';
import type { RenderProcess, RenderReply } from './renderProcess.ts';
import { builtInTemplate, isKnownTemplate, templateToUse } from './templates/knownTemplates.ts';

interface UsableTemplate {
  readonly source: string;
  readonly traits: TemplateTraits;
  readonly plan: ShieldPlan;
  /** Known templates are evaluated right here. */
  readonly here: boolean;
}

type Choice = { readonly outcome: 'ok'; readonly template: UsableTemplate } | Exclude<RenderedRequest, { outcome: 'ok' }>;

export class ChatTemplateOfModel {
  readonly #source: string | undefined;
  readonly #vocabulary: TemplateVocabulary;
  readonly #process: RenderProcess;
  #chosen: Choice | undefined;

  /** @param source the template that the model file brings, if it does */
  constructor(source: string | undefined, vocabulary: TemplateVocabulary, process: RenderProcess) {
    this.#source = source;
    this.#vocabulary = vocabulary;
    this.#process = process;
  }

  /** Whether a chat can be tried at all. */
  get exists(): boolean {
    return this.#source !== undefined || builtInTemplate(this.#vocabulary.controlTexts) !== undefined;
  }

  /** @returns `failed` with one sentence for the user where the conversation cannot be rendered */
  async render(request: TemplateRequest, signal: AbortSignal): Promise<RenderedRequest> {
    if (hasImage(request)) return { outcome: 'failed', ...imagesRefused };
    if (request.messages.length === 0) return { outcome: 'failed', cause: 'The conversation is empty.', action: 'Type a question and send it.' };
    const chosen = this.#chosen ?? (await this.#choose(signal));
    if (chosen.outcome !== 'cancelled') this.#chosen = chosen;
    if (chosen.outcome !== 'ok') return chosen;
    const rendered = await this.#renderWith(chosen.template, request, signal);
    const hasTools = (request.tools ?? []).length > 0 || request.messages.some((message) => message.role === 'tool' || 'toolCalls' in message);
    if (rendered.outcome !== 'failed' || !hasTools) return rendered;
    // A schema or a call of a kind that was not in the trial: in words every template can show it.
    const { calls: _calls, ...rest } = chosen.template.traits;
    const inWords = await this.#renderWith({ ...chosen.template, traits: { ...rest, tools: false } }, request, signal);
    return inWords.outcome === 'failed' ? rendered : inWords;
  }

  async #renderWith(template: UsableTemplate, request: TemplateRequest, signal: AbortSignal): Promise<RenderedRequest> {
    const prepared = prepareRendering(request, template, this.#vocabulary);
    const { date } = request;
    const evaluation = template.here
      ? evaluateTemplate(template.source, prepared.values, date)
      : await this.#process.evaluate(template.source, prepared.values, { date, signal });
    if (evaluation.outcome === 'stopped') return { ...evaluation, outcome: 'failed' };
    return evaluation.outcome === 'cancelled' ? evaluation : prepared.finish(evaluation);
  }

  async #choose(signal: AbortSignal): Promise<Choice> {
    const own = this.#source === undefined ? undefined : templateToUse(this.#source);
    const builtIn = builtInTemplate(this.#vocabulary.controlTexts);
    let failure: Choice = { outcome: 'failed', cause: 'This model has no chat template: it can complete code but not chat.' };
    if (own !== undefined) {
      const here = isKnownTemplate(own);
      const probed = here ? probeTemplate(own, this.#vocabulary) : await this.#process.probe(own, special(this.#vocabulary), signal);
      if (probed.outcome === 'cancelled') return probed;
      if (probed.outcome === 'ok') return this.#usable(own, probed.traits, here);
      failure = { ...probed, outcome: 'failed' };
    }
    if (!builtIn) return failure;
    const probed: RenderReply<ProbedTemplate> = probeTemplate(builtIn.source, this.#vocabulary);
    return probed.outcome === 'ok' ? this.#usable(builtIn.source, probed.traits, true) : { outcome: 'failed', cause: probed.cause };
  }

  #usable(source: string, traits: TemplateTraits, here: boolean): Choice {
    return { outcome: 'ok', template: { source, traits, plan: planShield(source, this.#vocabulary), here } };
  }
}

function special({ bos, eos }: TemplateVocabulary): { readonly bos: string; readonly eos: string } {
  return { bos, eos };
}
