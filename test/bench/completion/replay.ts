// A simulated user: types the regions of an episode, sees what one side suggests, takes what is right, and counts. It knows the rules of the
// simulation; it must not know the sides from one another.
//
// After each key the side is asked, as editors do, and the request before is cancelled. Until the answer comes, the editor goes on showing the
// rest of what is being typed through. When the next key is due and a suggestion has stood for `readMs`, the user looks whether it begins with
// what will be typed: the longest right beginning in whole tokens, at least one and at least `leastTaken` characters, is taken instead of
// typing. What is deleted while correcting is followed by no taking.
import type { Episode, Region } from './history.ts';
import { rhythm } from './history.ts';
import { rightPrefix } from './scoring.ts';
import type { Answer, CompletionSide, Edit } from './side.ts';
import { applied, toldSource } from './side.ts';
import type { SimulatedClock } from './simulatedClock.ts';
import type { SourceTally, Tally } from './tally.ts';

const mostExamples = 30;
const reader = { readMs: 250, leastTaken: 3 } as const;

interface Visible {
  readonly text: string;
  readonly sinceMs: number;
  readonly source: string | undefined;
  readonly isRead: boolean;
}

export class Replay {
  readonly #side: CompletionSide;
  readonly #clock: SimulatedClock;
  readonly #tally: Tally;
  #text = '';
  #offset = 0;
  #visible: Visible | undefined;
  #request = new AbortController();
  /** What comes next; undefined while something is being corrected. */
  #future: string | undefined;

  constructor(side: CompletionSide, clock: SimulatedClock, tally: Tally) {
    this.#side = side;
    this.#clock = clock;
    this.#tally = tally;
  }

  async play({ document, others, regions }: Episode): Promise<void> {
    this.#text = document.text;
    this.#side.open(document, others);
    this.#visible = undefined;
    const before = await this.#side.tokens();
    for (const region of regions) await this.#type(region);
    this.#request.abort();
    await this.#side.quiet();
    this.#tally.tokens += (await this.#side.tokens()) - before;
  }

  async #type({ offset, removed, keys, moveMs }: Region): Promise<void> {
    this.#offset = offset;
    this.#visible = undefined;
    this.#future = keys.map((key) => key.text).join('');
    if (removed !== '') this.#edit({ start: offset, end: offset + removed.length, text: '' });
    this.#ask();
    await this.#clock.wait(moveMs);
    for (let at = 0; at < keys.length; ) {
      const taken = this.#take();
      if (taken > 0) {
        // Keys whose text was taken whole; a line break with its indentation may be taken in part, and then the rest is typed at once.
        let covered = 0;
        while (at < keys.length && covered < taken) covered += keys[at++]?.text.length ?? 0;
        const rest = this.#future?.slice(0, covered - taken) ?? '';
        if (rest !== '') this.#put(rest);
        this.#ask();
        await this.#clock.wait(keys[at]?.gapMs ?? 0);
        continue;
      }
      const key = keys[at++];
      if (!key) break;
      if (key.undone) await this.#undo(key.undone);
      if (key.slip) await this.#slip(key.slip);
      this.#put(key.text);
      this.#ask();
      await this.#clock.wait(keys[at]?.gapMs ?? 0);
    }
  }

  /** @returns how many characters were taken instead of being typed */
  #take(): number {
    const visible = this.#visible;
    if (!visible || this.#future === undefined || this.#clock.now() - visible.sinceMs < reader.readMs) return 0;
    const tally = this.#tally;
    const ofSource = this.#ofSource(visible.source);
    if (!visible.isRead) {
      tally.read++;
      ofSource.read++;
      this.#visible = { ...visible, isRead: true };
    }
    const right = rightPrefix(visible.text, this.#future);
    if (right < reader.leastTaken) return 0;
    tally.acceptances++;
    tally.acceptedCharacters += right;
    ofSource.acceptedCharacters += right;
    tally.characters += right;
    const lineEnd = visible.text.indexOf('\n');
    if (right >= (lineEnd < 0 ? visible.text.length : lineEnd)) tally.wholeLines++;
    const isWhole = right === visible.text.length;
    if (isWhole) this.#side.accepted(isWhole);
    this.#insert(visible.text.slice(0, right));
    this.#visible = isWhole ? undefined : { ...visible, text: visible.text.slice(right), isRead: true };
    return right;
  }

  async #slip(letters: string): Promise<void> {
    const future = this.#future;
    this.#future = undefined;
    for (const letter of letters) {
      this.#put(letter);
      this.#ask();
      await this.#clock.wait(rhythm.key.median);
    }
    await this.#clock.wait(rhythm.slip.pauseMs);
    for (let left = letters.length; left > 0; left--) {
      this.#back(1);
      this.#ask();
      await this.#clock.wait(rhythm.key.median);
    }
    this.#future = future;
  }

  async #undo(characters: number): Promise<void> {
    const word = this.#text.slice(this.#offset - characters, this.#offset);
    const future = this.#future;
    this.#future = undefined;
    this.#back(characters);
    this.#ask();
    await this.#clock.wait(rhythm.undo.pauseMs);
    this.#insert(word);
    this.#visible = undefined;
    this.#tally.keystrokes++;
    this.#future = future;
    this.#ask();
    await this.#clock.wait(rhythm.key.median);
  }

  /** A key: what is shown goes on with it, or disappears. */
  #put(text: string): void {
    const visible = this.#visible;
    this.#tally.keystrokes++;
    if (this.#future !== undefined) this.#tally.characters += text.length;
    this.#visible = visible?.text.startsWith(text) && visible.text.length > text.length ? { ...visible, text: visible.text.slice(text.length) } : undefined;
    this.#insert(text);
  }

  #back(characters: number): void {
    this.#tally.keystrokes++;
    this.#visible = undefined;
    this.#edit({ start: this.#offset - characters, end: this.#offset, text: '' });
    this.#offset -= characters;
  }

  #insert(text: string): void {
    this.#edit({ start: this.#offset, end: this.#offset, text });
    this.#offset += text.length;
    if (this.#future !== undefined) this.#future = this.#future.slice(text.length);
  }

  #edit(edit: Edit): void {
    this.#request.abort();
    this.#text = applied(this.#text, edit);
    this.#side.edit(edit);
  }

  #ask(): void {
    this.#request.abort();
    const request = new AbortController();
    this.#request = request;
    const [text, offset] = [this.#text, this.#offset];
    const [askedMs, startedMs] = [this.#clock.now(), performance.now()];
    void this.#side.ask(offset, request.signal).then((answer) => {
      if (!answer || request.signal.aborted) return;
      if (text !== this.#text || offset !== this.#offset) this.#tally.stale++;
      // No simulated time passes without an engine, but what is computed here takes its own.
      const waitedMs = this.#clock.now() - askedMs;
      this.#show(answer, waitedMs > 0 ? waitedMs : performance.now() - startedMs);
    });
  }

  #show(answer: Answer, afterMs: number): void {
    const tally = this.#tally;
    const before = this.#visible;
    const text = answer.text.trim() === '' ? '' : answer.text;
    if (before && !text.startsWith(before.text)) {
      tally.flickers++;
      const line = this.#text.slice(this.#text.lastIndexOf('\n', this.#offset - 1) + 1, this.#offset);
      if (tally.examples.length < mostExamples) tally.examples.push(JSON.stringify({ line, before: before.text, text, why: answer.why }));
    }
    if (answer.cpuMs !== undefined) tally.cpuMs.push(answer.cpuMs);
    if (text === '') {
      this.#visible = undefined;
      const why = answer.why ?? 'nothing';
      tally.quiet.set(why, (tally.quiet.get(why) ?? 0) + 1);
      return;
    }
    tally.shownKeystrokes++;
    tally.shownMs.push(afterMs);
    if (!answer.usedEngine) tally.reused++;
    const isSame = before !== undefined && text.startsWith(before.text);
    if (!isSame) {
      tally.suggestions++;
      this.#ofSource(answer.source).suggestions++;
      const right = this.#future === undefined ? 0 : rightPrefix(text, this.#future);
      if (right === 0) tally.wrong++;
      const line = this.#text.slice(this.#text.lastIndexOf('\n', this.#offset - 1) + 1, this.#offset);
      const place = line.trim() === '' ? 'blank' : /[\p{L}\p{N}_$]$/u.test(line) ? 'word' : 'sign';
      tally.samples.push({ place, source: answer.source, confidence: answer.confidence, length: text.length, right });
    }
    this.#visible = isSame ? { ...before, text } : { text, sinceMs: this.#clock.now(), source: answer.source, isRead: false };
  }

  #ofSource(source: string | undefined): SourceTally {
    const { bySource } = this.#tally;
    const told = toldSource(source);
    const known = bySource.get(told) ?? { suggestions: 0, read: 0, acceptedCharacters: 0 };
    bySource.set(told, known);
    return known;
  }
}
