// From what clients and files say to one resolved Settings value. It knows which settings are harmless and which name files or
// hardware of the machine; it must not know where they take effect.
import * as v from 'valibot';
import type { ClientSettings } from '../protocol/settings.ts';
import { harmlessSettingsSchema, machineSettingsSchema } from '../protocol/settings.ts';

export interface Settings {
  readonly completion: {
    readonly enabled: boolean;
    readonly multiLine: 'auto' | 'never' | 'always';
    readonly maxTokens: number;
    readonly delayMs: number;
    readonly excludedLanguages: readonly string[];
    readonly excludedScopes: readonly ('comment' | 'string')[];
  };
  readonly nextEdit: { readonly enabled: boolean; readonly useModel: 'auto' | 'on' | 'off' };
  readonly chat: { readonly temperature: number; readonly maxTokens: number };
  readonly edit: { readonly maxTokens: number };
  readonly context: { readonly enabled: boolean; readonly cpuShare: number };
  readonly model: {
    readonly path: string;
    readonly contextSize: number;
    readonly chatPath: string;
    readonly draftPath: string;
    readonly embeddingPath: string;
    readonly loraAdapters: readonly { readonly path: string; readonly scale: number }[];
    /** -1: as many as fit. */
    readonly gpuLayers: number;
    readonly flashAttention: 'auto' | 'on' | 'off';
    readonly kvCacheType: 'f16' | 'q8_0' | 'q4_0';
  };
  readonly engine: {
    readonly gpu: 'auto' | 'cuda' | 'vulkan' | 'metal' | 'off';
    /** Indexes of the GPUs to use; all when empty. */
    readonly devices: readonly number[];
    readonly threads: number;
    readonly keepAliveSeconds: number;
    readonly saveState: boolean;
  };
}

export const defaultSettings: Settings = {
  completion: { enabled: true, multiLine: 'auto', maxTokens: 96, delayMs: 300, excludedLanguages: [], excludedScopes: [] },
  nextEdit: { enabled: true, useModel: 'auto' },
  chat: { temperature: 0.2, maxTokens: 2048 },
  edit: { maxTokens: 4096 },
  context: { enabled: true, cpuShare: 0.5 },
  model: {
    path: '',
    contextSize: 0,
    chatPath: '',
    draftPath: '',
    embeddingPath: '',
    loraAdapters: [],
    gpuLayers: -1,
    flashAttention: 'auto',
    kvCacheType: 'f16',
  },
  engine: { gpu: 'auto', devices: [], threads: 0, keepAliveSeconds: 120, saveState: true },
};

/** Tokens of the state that every model has for writing, which one for vectors never uses. */
const embeddingContextSize = 256;

export interface SettingsSource {
  /** For messages: where these settings came from. */
  readonly name: string;
  readonly raw: unknown;
  /** Whether model paths and hardware settings of this source count. */
  readonly mayNameMachine: boolean;
}

export interface ResolvedSettings {
  readonly settings: Settings;
  /** One sentence for each thing that was ignored. */
  readonly warnings: readonly string[];
}

/** Later sources win; a part that is not valid is ignored as a whole and said. */
export function resolveSettings(sources: readonly SettingsSource[]): ResolvedSettings {
  let settings = defaultSettings;
  const warnings: string[] = [];
  for (const source of sources) {
    if (source.raw === undefined || source.raw === null) continue;
    const harmless = v.safeParse(harmlessSettingsSchema, source.raw);
    if (harmless.success) settings = merge(settings, harmless.output);
    else warnings.push(`Settings from ${source.name} were ignored: ${issueOf(harmless.issues)}.`);
    if (!namesMachine(source.raw)) continue;
    if (!source.mayNameMachine) {
      warnings.push(
        `"model" and "engine" settings from ${source.name} were ignored: they are taken from the --config file, or from the client with --trust-client-options.`,
      );
      continue;
    }
    const machine = v.safeParse(machineSettingsSchema, source.raw);
    if (machine.success) settings = merge(settings, machine.output);
    else warnings.push(`"model" and "engine" settings from ${source.name} were ignored: ${issueOf(machine.issues)}.`);
  }
  return { settings, warnings };
}

/** Whether a source itself asks for saved state, rather than leaving the default. */
export function saysSaveState(raw: unknown): boolean {
  const machine = v.safeParse(machineSettingsSchema, raw);
  return machine.success && machine.output.engine?.saveState === true;
}

function namesMachine(raw: unknown): boolean {
  return typeof raw === 'object' && raw !== null && ('model' in raw || 'engine' in raw);
}

function issueOf(issues: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): string {
  return `${v.getDotPath(issues[0]) ?? 'the value'}: ${issues[0].message}`;
}

/** Two levels deep is all the shape there is; undefined never overwrites. */
function merge(base: Settings, over: ClientSettings): Settings {
  const defined = (part: object | undefined) => Object.fromEntries(Object.entries(part ?? {}).filter(([, value]) => value !== undefined));
  return {
    completion: { ...base.completion, ...defined(over.completion) },
    nextEdit: { ...base.nextEdit, ...defined(over.nextEdit) },
    chat: { ...base.chat, ...defined(over.chat) },
    edit: { ...base.edit, ...defined(over.edit) },
    context: { ...base.context, ...defined(over.context) },
    model: { ...base.model, ...defined(over.model) },
    engine: { ...base.engine, ...defined(over.engine) },
  };
}

/** The model that chats and edits: the one that completes unless another is named, which then has the drafts to itself and no adapters. */
export function chatModelOf(model: Settings['model']): Settings['model'] {
  if (model.chatPath.trim() === '') return model;
  return { ...model, path: model.chatPath, contextSize: 0, loraAdapters: [] };
}

/** The model that completes. */
export function completionModelOf(model: Settings['model']): Settings['model'] {
  return model.chatPath.trim() === '' ? model : { ...model, draftPath: '' };
}

/** The model that gives vectors of texts; undefined where none is named. */
export function embeddingModelOf(model: Settings['model']): Settings['model'] | undefined {
  if (model.embeddingPath.trim() === '') return undefined;
  return { ...model, path: model.embeddingPath, contextSize: embeddingContextSize, chatPath: '', draftPath: '', loraAdapters: [], kvCacheType: 'f16' };
}
