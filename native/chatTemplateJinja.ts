// Evaluates one template with given values. It knows the Jinja interpreter and which functions a template may call; it must not know
// conversations. It has no limit of time or memory of its own: unknown templates are evaluated in a process that has (renderProcess.ts).
import * as jinja from '@huggingface/jinja';
import { messageOf } from './messageOf.ts';

export interface TemplateValues {
  readonly [name: string]: unknown;
}

/** `refused`: the template itself raised, in its own words; `broken`: it cannot be evaluated. */
export type Evaluation = { readonly outcome: 'ok'; readonly text: string } | { readonly outcome: 'refused' | 'broken'; readonly cause: string };

/** Longest template that is evaluated, in characters: the longest published ones have about 30,000. */
const maxTemplateCharacters = 200_000;
/** Longest result, in characters: four times the text of a context of 256k tokens. */
const maxRenderedCharacters = 4_000_000;
const maxRange = 100_000;
const parsedTemplates = 8;

/** What is used of the interpreter: its published types cannot be resolved by the compiler. */
interface JinjaInterpreter {
  readonly Environment: new () => { set(name: string, value: unknown): unknown };
  readonly Interpreter: new (environment: unknown) => { run(program: Program): { readonly value: unknown } };
  readonly tokenize: (source: string, options: { readonly lstrip_blocks: boolean; readonly trim_blocks: boolean }) => unknown;
  readonly parse: (tokens: unknown) => Program;
}
interface Program {
  readonly type: string;
}
const { Environment, Interpreter, parse, tokenize } = jinja as unknown as JinjaInterpreter;

const parsed = new Map<string, Program>();

class Refusal extends Error {}

/** @param date `2026-01-31T12:00`: what `strftime_now` says, so that a prompt does not depend on the clock of a second rendering */
export function evaluateTemplate(source: string, values: TemplateValues, date: string): Evaluation {
  if (source.length > maxTemplateCharacters) return { outcome: 'broken', cause: 'it is too long' };
  try {
    const environment = new Environment();
    const globals: TemplateValues = {
      true: true,
      false: false,
      none: null,
      True: true,
      False: false,
      None: null,
      raise_exception: (cause: unknown) => {
        throw new Refusal(String(cause));
      },
      range: boundedRange,
      strftime_now: (format: unknown) => formatDate(date, String(format)),
      ...values,
    };
    for (const [name, value] of Object.entries(globals)) environment.set(name, value);
    const text = String(new Interpreter(environment).run(program(source)).value);
    if (text.length > maxRenderedCharacters) return { outcome: 'broken', cause: 'it writes too much text' };
    return { outcome: 'ok', text };
  } catch (error) {
    const cause = messageOf(error);
    return { outcome: error instanceof Refusal ? 'refused' : 'broken', cause };
  }
}

function program(source: string): Program {
  const known = parsed.get(source);
  if (known) return known;
  const fresh = parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true }));
  if (parsed.size >= parsedTemplates) parsed.delete([...parsed.keys()][0] ?? '');
  parsed.set(source, fresh);
  return fresh;
}

/** Python's range. The interpreter's own builds any length at once. */
function boundedRange(first: unknown, second?: unknown, third?: unknown): number[] {
  const step = third === undefined || third === null ? 1 : Number(third);
  const hasStop = second !== undefined && second !== null;
  const start = hasStop ? Number(first) : 0;
  const stop = hasStop ? Number(second) : Number(first);
  if (!Number.isFinite(start) || !Number.isFinite(stop) || !Number.isFinite(step) || step === 0) throw new Error('range() needs numbers.');
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (length > maxRange) throw new Error(`range() of ${length} steps is refused.`);
  return Array.from({ length }, (_, index) => start + index * step);
}

const months = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** The part of Python's strftime that templates use, in English whatever the machine's locale: models were trained so. */
function formatDate(date: string, format: string): string {
  const at = new Date(`${date}Z`);
  const two = (value: number) => String(value).padStart(2, '0');
  const month = months[at.getUTCMonth()] ?? '';
  const day = days[at.getUTCDay()] ?? '';
  const hour = at.getUTCHours();
  const written: Readonly<Record<string, string>> = {
    Y: String(at.getUTCFullYear()),
    m: two(at.getUTCMonth() + 1),
    d: two(at.getUTCDate()),
    e: String(at.getUTCDate()).padStart(2, ' '),
    B: month,
    b: month.slice(0, 3),
    A: day,
    a: day.slice(0, 3),
    H: two(hour),
    I: two(hour % 12 || 12),
    p: hour < 12 ? 'AM' : 'PM',
    M: two(at.getUTCMinutes()),
    S: two(at.getUTCSeconds()),
    y: two(at.getUTCFullYear() % 100),
    '%': '%',
  };
  return format.replaceAll(/%-?([A-Za-z%])/g, (whole, letter: string) => {
    const value = written[letter];
    if (value === undefined) return whole;
    return whole.startsWith('%-') ? value.replace(/^[0 ](?=\d)/, '') : value;
  });
}
