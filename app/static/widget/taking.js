// Taking what the widget shows into the text of its field, and what undo brings back of it.

import { samePlace } from "./asking.js";
import { carriedOn } from "./rules.js";
import { sameStart, savedBy } from "./text.js";

const KEPT = 50;

export class Taking {
  constructor(widget) {
    this.widget = widget;
    this.field = widget.field;
    this.busy = false; // while a suggestion is put into the text
    this.taken = []; // { before, after, from, to }: texts and carets
  }

  /**
   * Take the grey text, with → only its first word; false where there is none, or the text or the caret are no more what
   * it was shown for.
   */
  takeGrey(by) {
    const { shown, typed } = this.widget;
    if (!(shown?.grey >= 0) || !samePlace(typed, this.widget.here())) return false;
    const letters = shown.suggestions[shown.grey].insert.slice(shown.caret - shown.start);
    // Without the mark that ends its sentence, which comes with the next key.
    const [word] = /^\s*\S+?(?=[.?!]?(?:\s|$))/.exec(letters);
    if (by !== "ArrowRight" || word === letters) return this.take(shown.grey, by);
    this.takeWord(word, by);
    return true;
  }

  /** Take the first word of a grey phrase; its rest stays grey, as if that word had been typed. */
  takeWord(word, by) {
    const { widget } = this;
    const { shown } = widget;
    const { caret, grey: index, suggestions } = shown;
    this.change(caret, caret, word);
    widget.emit("taken", { suggestion: suggestions[index], index, by, saved: savedBy(word, "") });
    widget.typed = widget.here();
    widget.answered = widget.typed && carriedOn(shown, widget.typed.text, widget.typed.caret);
    widget.refresh("next-word");
  }

  /** Take one of the strip, unless that is hidden or still the one for an older text. */
  choose(index, by) {
    if (this.widget.strip.current && this.widget.shown?.suggestions[index]) this.take(index, by);
  }

  take(index, by) {
    const { widget } = this;
    const { shown } = widget;
    if (!samePlace(shown, widget.here())) {
      widget.look();
      return false;
    }
    const { text, caret, start, end, suggestions } = shown;
    const suggestion = suggestions[index];
    this.change(start, end, suggestion.insert);
    widget.emit("taken", { suggestion, index, by, saved: savedBy(suggestion.insert, text.slice(start, caret)) });
    // The word is finished, so the next one is wanted; its `insert` brings the space.
    widget.refresh("next-word");
    return true;
  }

  /** Replace a span by another text; letters that are the same stay untouched. */
  change(start, end, insert) {
    const before = this.field.text;
    const from = this.field.selection?.[1] ?? end;
    const same = sameStart(before.slice(start, end), insert);
    this.widget.forget();
    this.busy = true;
    this.field.replace(start + same, end, insert.slice(same));
    this.busy = false;
    const after = this.field.text;
    this.taken = [...this.taken.slice(-KEPT), { before, after, from, to: start + insert.length }];
    this.widget.checker?.changed();
  }

  /** Undo selects what it brings back, and the next key would delete it. */
  afterUndo() {
    const { text } = this.field;
    const undone = this.taken.findLast(({ before, after }) => before === text || after === text);
    this.widget.typed = null;
    if (undone) this.field.select(undone.before === text ? undone.from : undone.to);
  }
}
