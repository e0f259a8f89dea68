// What of an engine's options is another one than this window wishes: the process has one back end and one number of threads for all windows,
// and whoever started it decided. It knows options; it must not know how an engine is found.
import type { EngineOptions } from '../../native/protocol/messages.ts';
import { restartAction } from './failures.ts';

export interface OptionsInForce {
  /** As the engine was started. */
  readonly options: EngineOptions;
  /** What came of them on this machine: `cpu`, `cuda`, `vulkan` or `metal`. */
  readonly backend: string;
}

/** What `auto` tries first, so that whoever wishes `auto` has it. */
const firstChoices: readonly string[] = ['cuda', 'metal'];
const settingAction = 'Set "tramontane.engine.gpu" to "auto".';

/** Whether nothing can differ, whatever back end came of it. */
export function isSurelyAsWished(wished: EngineOptions, options: EngineOptions): boolean {
  const isOpen = wished.gpu === 'auto' || wished.gpu === 'off';
  return isOpen && wished.gpu === options.gpu && wished.threads === options.threads && listOf(wished.devices) === listOf(options.devices);
}

/** @returns for each option that differs a sentence and what to do; the time that an engine stays is the longest that any window wishes */
export function notesOnOptions(wished: EngineOptions, { options, backend }: OptionsInForce): readonly string[] {
  const backendNote = noteOnBackend(wished.gpu, { options, backend });
  const notes = backendNote === undefined ? [] : [backendNote];
  // Which GPUs matters where both sides use one.
  if (backend !== 'cpu' && wished.gpu !== 'off' && listOf(wished.devices) !== listOf(options.devices)) {
    const used = (options.devices ?? []).length > 0 ? `GPU ${listOf(options.devices)}` : 'all GPUs';
    notes.push(`The engine uses ${used}, as another window asked for. ${restartAction}`);
  }
  if (wished.threads !== options.threads) {
    const used =
      options.threads > 0 ? `the number of threads that another window asked for (${options.threads})` : 'its own choice of threads, as another window wished';
    notes.push(`The engine computes with ${used}. ${restartAction}`);
  }
  return notes;
}

function noteOnBackend(wished: EngineOptions['gpu'], { options, backend }: OptionsInForce): string | undefined {
  const isAsWished = wished === options.gpu;
  if (wished === 'auto') {
    if (isAsWished || firstChoices.includes(backend)) return undefined;
    return `The engine computes with ${backend}: another window chose it, where this one leaves the choice to the machine. ${restartAction}`;
  }
  const wanted = wished === 'off' ? 'cpu' : wished;
  if (backend === wanted) return undefined;
  const found = `The engine computes with ${backend}, not with ${wanted} as set`;
  // Another engine would not do better.
  return isAsWished ? `${found}: this machine cannot do the other. ${settingAction}` : `${found}: another window chose it. ${restartAction}`;
}

/** In the order of the setting: the first one is the main one. */
function listOf(devices: EngineOptions['devices']): string {
  return (devices ?? []).join(', ');
}
