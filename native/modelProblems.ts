// What a person reads when a model file cannot be used: the file, the cause, one action.
// It knows sentences. It must not know how files are read.
import type { ModelProblem } from './protocol/messages.ts';
import type { HeaderVerdict } from './ggufHeader.ts';

const chooseAnother = 'Choose another model file.';
const getAgain = "Download the file again and compare its size and checksum with the publisher's.";

function problemOf(path: string, kind: ModelProblem['kind'], cause: string, action: string): ModelProblem {
  return { kind, path, cause: `${path}: ${cause}`, action, ...(action === chooseAnother ? { isChoice: true } : {}) };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** @returns undefined when the header is fine */
export function headerProblem(path: string, verdict: HeaderVerdict): ModelProblem | undefined {
  switch (verdict.verdict) {
    case 'ok':
      return undefined;
    case 'missing':
      return problemOf(path, 'missing', 'there is no such file.', chooseAnother);
    case 'unreadable':
      return problemOf(path, 'unreadable', `the file cannot be read (${verdict.detail}).`, 'Check its permissions and the disk.');
    case 'notGguf':
      return problemOf(path, 'notGguf', `this is not a GGUF model file: ${verdict.detail}.`, chooseAnother);
    case 'truncated': {
      const needed = verdict.neededBytes > 0 ? `; its tensors need ${megabytes(verdict.neededBytes)}` : '';
      return problemOf(path, 'truncated', `the file is cut short: it has ${megabytes(verdict.sizeBytes)}${needed}.`, getAgain);
    }
    case 'corrupt':
      return problemOf(path, 'corrupt', `the file is damaged: ${verdict.detail}.`, getAgain);
  }
}

export function checksumProblem(path: string, listedIn: string): ModelProblem {
  return problemOf(path, 'corrupt', `the file is damaged: its SHA-256 is not the one in ${listedIn}.`, getAgain);
}

export function loadProblem(path: string, detail: string): ModelProblem {
  return problemOf(path, 'unsupported', `the model cannot be loaded (${detail}).`, chooseAnother);
}

/** It ended the process again and again, and no other way to load it is left. */
export function crashProblem(path: string): ModelProblem {
  return problemOf(path, 'failed', 'loading this model ended the engine twice.', chooseAnother);
}

/** The smallest plan is larger than what is there; said before the library is touched. */
export function tooLargeProblem(path: string, { neededBytes, freeBytes }: { readonly neededBytes: number; readonly freeBytes: number }): ModelProblem {
  return problemOf(
    path,
    'outOfMemory',
    `there is not enough memory for this model: even with the smallest context it needs ${megabytes(neededBytes)}, and ${megabytes(freeBytes)} are free.`,
    'Close other programs or choose a smaller model.',
  );
}

/** `detail`: the end of a sentence that begins with the adapter's path. */
export function adapterProblem(path: string, detail: string, kind: ModelProblem['kind'] = 'unsupported'): ModelProblem {
  return problemOf(path, kind, detail, 'Remove it with the command "Tramontane: Choose LoRA Adapter", or choose one that was made for this model.');
}

/** `detail`: why the library does not take it. */
export function draftProblem(path: string, detail: string): ModelProblem {
  const action = 'Clear the setting "tramontane.model.draftPath", or choose a small model of the same family.';
  return problemOf(path, 'unsupported', `this model cannot draft for the chosen one (${detail}).`, action);
}

/** The back end refused every configuration. */
export function memoryProblem(path: string, detail: string): ModelProblem {
  return problemOf(path, 'outOfMemory', `there is not enough memory for this model (${detail}).`, 'Close other programs or choose a smaller model.');
}
