// Why no suggestion is shown, as one word. What a person reads of it is said where it is shown.
import type { Hidden } from './postprocess/postprocess.ts';
import type { TriggerVerdict } from './trigger.ts';
import type { WorthVerdict } from './worthShowing.ts';

export type QuietReason =
  | Exclude<TriggerVerdict, 'ask'>
  | Exclude<Hidden, 'empty'>
  | Exclude<WorthVerdict, 'show'>
  | 'paused'
  | 'switchedOff'
  | 'notOpen'
  /** Not asked yet: somebody types, or several suggestions were turned down a moment ago. */
  | 'waiting'
  /** The model had nothing to add. */
  | 'modelEnded'
  /** A chat model talked instead of writing code. */
  | 'chat'
  /** The engine is not there, or the model cannot fill holes. */
  | 'unavailable';
