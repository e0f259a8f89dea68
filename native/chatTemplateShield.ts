// Keeps what people wrote from becoming special tokens while a template may still read, trim, cut and quote it. It knows the texts of the
// special tokens and characters of Unicode's private use area; it must not know Jinja, roles or models.
//
// Every character with which a special token begins or ends (mostly < > [ ]) is exchanged for a private-use character in all texts of
// people before the template runs. So no spelling of a special token can begin or end inside such a text, whatever the template does with
// it, and in the result every spelling that is left is the template's own. Then the characters are exchanged back. Placeholders for whole
// texts would be simpler, but templates trim, split, test and JSON-quote contents; this way they see nearly the true text.
import type { RenderedPart, TemplateVocabulary } from './chatTemplateRequest.ts';

const privateUseFirst = 0xe000;
const privateUseLast = 0xf8ff;
/** Not exchanged: JSON quoting must see them, and no sensible special token begins or ends with a letter, a quote or a blank. */
const kept = /[\s\p{L}\p{N}"'\\]/u;
/** A piece of JSON as `tojson(ensure_ascii=True)` writes a private-use character. */
const escapedPrivateUse = /\\u(e[0-9a-f]{3}|f[0-8][0-9a-f]{2})/giu;

/** What one vocabulary and one template need again and again. */
export interface ShieldPlan {
  readonly edges: RegExp | undefined;
  /** Special tokens that begin or end with a character that is kept: their spellings are looked for one by one. */
  readonly odd: readonly string[];
  readonly inside: string;
  readonly specials: RegExp | undefined;
  readonly guarded: RegExp | undefined;
}

/** @param source the template: user-defined tokens count only where the template itself spells them */
export function planShield(source: string, vocabulary: TemplateVocabulary): ShieldPlan {
  const guarded = vocabulary.userDefinedTexts.filter((text) => text.trim().length > 2 && source.includes(text));
  const control = [...new Set([...vocabulary.controlTexts, vocabulary.bos, vocabulary.eos])].filter((text) => text.trim() !== '');
  const all = [...new Set([...control, ...guarded])];
  const edges = new Set<string>();
  const odd: string[] = [];
  for (const text of all) {
    const characters = [...text];
    const outer = [characters[0] ?? '', characters.at(-1) ?? ''];
    if (outer.some((character) => kept.test(character))) odd.push(text);
    for (const character of outer) if (!kept.test(character)) edges.add(character);
  }
  return {
    edges: alternation([...edges]),
    odd,
    inside: all.map((text) => text.slice(1, -1)).join('\n'),
    specials: alternation(all),
    guarded: alternation(guarded),
  };
}

function alternation(texts: readonly string[]): RegExp | undefined {
  if (texts.length === 0) return undefined;
  // The longest first, as the tokenizer prefers it.
  const sorted = [...texts].sort((a, b) => b.length - a.length);
  return new RegExp(sorted.map((text) => text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&')).join('|'), 'g');
}

/** One rendering: the same character is exchanged for the same one in all texts, so that a template may compare texts. */
export class Shield {
  readonly #plan: ShieldPlan;
  readonly #stands = new Map<string, string>();
  readonly #original = new Map<string, string>();
  readonly #shielded = new Map<string, string>();
  readonly #taken: string;
  #next = privateUseFirst;

  /** @param texts everything that goes into the rendering: private-use characters that occur in it keep their own meaning */
  constructor(plan: ShieldPlan, texts: Iterable<string>) {
    this.#plan = plan;
    let taken = '';
    for (const text of texts) taken += `${(text.match(/[\ue000-\uf8ff]|\\u[ef][0-9a-f]{3}/gi) ?? []).join('')} `;
    this.#taken = taken.toLowerCase();
  }

  /** @returns the text with every character exchanged that could be an end of a special token */
  text(text: string): string {
    const known = this.#shielded.get(text);
    if (known !== undefined) return known;
    const shielded = this.#exchange(text);
    this.#shielded.set(text, shielded);
    return shielded;
  }

  #exchange(text: string): string {
    let exchanged = this.#plan.edges ? text.replaceAll(this.#plan.edges, (character) => this.#standIn(character)) : text;
    for (const odd of this.#plan.odd) {
      if (text.includes(odd)) exchanged = exchanged.replaceAll([...odd].map((one) => this.#stands.get(one) ?? one).join(''), (found) => this.#first(found));
    }
    const trimmed = text.trim();
    // A name like `s` between the template's `<` and `>` must not become a token, nor a half one at the seam.
    const mayBeSeam = this.#plan.odd.length > 0 || (trimmed !== '' && this.#plan.inside.includes(trimmed));
    return mayBeSeam ? this.#ends(exchanged) : exchanged;
  }

  /** @returns the value with all its texts and the names of its members exchanged */
  value(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value);
    if (Array.isArray(value)) return value.map((one: unknown) => this.value(one));
    if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([name, one]) => [this.text(name), this.value(one)]));
    return value;
  }

  /** @returns the rendering cut at the template's own special tokens, with the true characters again */
  restore(rendered: string): RenderedPart[] {
    const parts: RenderedPart[] = [];
    const unescaped = this.#original.size === 0 ? rendered : this.#unescape(rendered);
    let from = 0;
    for (const found of this.#plan.specials ? unescaped.matchAll(this.#plan.specials) : []) {
      this.#pushContent(parts, unescaped.slice(from, found.index));
      parts.push({ kind: 'template', text: found[0] });
      from = found.index + found[0].length;
    }
    this.#pushContent(parts, unescaped.slice(from));
    return parts;
  }

  /** @returns true text again, for comparing */
  plain(text: string): string {
    return this.#original.size === 0 ? text : text.replaceAll(/[\ue000-\uf8ff]/g, (character) => this.#original.get(character) ?? character);
  }

  #pushContent(parts: RenderedPart[], exchanged: string): void {
    if (exchanged === '') return;
    const text = this.plain(exchanged);
    let from = 0;
    for (const found of this.#plan.guarded ? text.matchAll(this.#plan.guarded) : []) {
      const cut = found.index + ([...found[0]][0]?.length ?? 1);
      parts.push({ kind: 'content', text: text.slice(from, cut) });
      from = cut;
    }
    parts.push({ kind: 'content', text: text.slice(from) });
  }

  #unescape(rendered: string): string {
    return rendered.replaceAll(escapedPrivateUse, (whole, hex: string) => {
      const standIn = String.fromCharCode(Number.parseInt(hex, 16));
      const original = this.#original.get(standIn);
      if (original === undefined) return whole;
      // ASCII is not escaped in JSON; anything else must stay escaped, and then spells no token.
      return original < '\u007f'
        ? standIn
        : [...original]
            .flatMap((one) => one.split(''))
            .map((unit) => `\\u${hexOf(unit)}`)
            .join('');
    });
  }

  #first(text: string): string {
    const character = [...text][0] ?? '';
    return this.#standIn(character) + text.slice(character.length);
  }

  #ends(text: string): string {
    const start = text.search(/[^\s"\\]/u);
    if (start < 0) return text;
    const end = text.search(/[^\s"\\](?=[\s"\\]*$)/u);
    const characters = [...text.slice(start)];
    const first = characters[0] ?? '';
    let shielded = text.slice(0, start) + this.#standIn(first) + text.slice(start + first.length);
    if (end > start) {
      const last = [...text.slice(end)][0] ?? '';
      const at = end - first.length + 1;
      shielded = shielded.slice(0, at) + this.#standIn(last) + shielded.slice(at + last.length);
    }
    return shielded;
  }

  #standIn(character: string): string {
    const known = this.#stands.get(character);
    if (known !== undefined) return known;
    if (this.#original.has(character)) return character;
    while (this.#next <= privateUseLast) {
      const candidate = String.fromCharCode(this.#next++);
      if (this.#taken.includes(candidate) || this.#taken.includes(`\\u${hexOf(candidate)}`)) continue;
      this.#stands.set(character, candidate);
      this.#original.set(candidate, character);
      return candidate;
    }
    throw new RangeError('The conversation uses every private-use character of Unicode.');
  }
}

function hexOf(unit: string): string {
  return unit.charCodeAt(0).toString(16).padStart(4, '0');
}
