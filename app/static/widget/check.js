// Typos further back, which the service finds when the typing pauses: underlined, and offered where the caret stands in one.

import { adopt } from "./style.js";
import { Coordinates, Mirror, element } from "./mirror.js";
import { pointsOf, spanAround, unitsOf, wellFormed } from "./text.js";

const PAUSE_MILLISECONDS = 700;
const UNITS_BEFORE = 4000;
// What is underlined is mended by a click, so it has to be a typo more likely than not.
const LEAST = 0.5;
const SHOWN = 3; // corrections of one typo
const NAME = "tsuzuki-typo";
const LOOKS = `
::highlight(${NAME}) { text-decoration: underline wavy #d33; }
.typos button { margin: .25rem .375rem 0 0; font: inherit; }
`;

/** The ranges that are underlined, of all fields; nothing where the browser cannot underline ranges. */
const highlight = () => {
  if (!globalThis.CSS?.highlights || typeof Highlight === "undefined") return null;
  if (!CSS.highlights.has(NAME)) CSS.highlights.set(NAME, new Highlight());
  return CSS.highlights.get(NAME);
};

/** A mirror whose letters can be underlined. */
class Underlines extends Mirror {
  rangeOf(start, end) {
    const range = document.createRange();
    const past = this.past.firstChild;
    const cut = past?.length ?? 0;
    range.setStart(start < cut ? past : this.before, start < cut ? start : start - cut);
    range.setEnd(end <= cut && past ? past : this.before, end <= cut && past ? end : end - cut);
    return range;
  }
}

export class Checker {
  constructor(widget) {
    const { field, layer } = widget;
    this.widget = widget;
    this.field = field;
    this.typos = []; // each { start, end, word, suggestions }
    this.ranges = [];
    this.timer = 0;
    this.number = 0;
    this.asked = null; // the text that was last sent
    adopt(widget.host.shadowRoot, LOOKS);
    if (field.rangeOf) adopt(field.element.getRootNode(), LOOKS);
    else this.mirror = new Underlines(field, new Coordinates(layer), "checked");
    // For browsers that cannot underline.
    this.list = element("div", "typos", { role: "group", "aria-label": "Typos", part: "typos" });
    this.list.hidden = true;
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const index = [...this.list.children].indexOf(event.target.closest("button"));
      if (index >= 0) this.mend(this.typos[index]);
    });
    widget.host.shadowRoot.append(this.list);
    this.changed();
  }

  mend({ start, end, suggestions: [best] }) {
    this.widget.taking.change(start, end, best.insert);
  }

  /** Follow a change of the text: what still stands where it was keeps its line, and a pause finds more. */
  changed() {
    const { text } = this.field;
    this.typos = this.typos.filter(({ start, end, word }) => text.slice(start, end) === word);
    this.paint(text);
    clearTimeout(this.timer);
    this.number++;
    this.timer = setTimeout(() => this.check(), PAUSE_MILLISECONDS);
  }

  async check() {
    const { service, options } = this.widget.asking;
    const here = this.widget.here();
    if (!here || here.text === this.asked || !here.text.trim() || service.pause) return;
    const { text, caret } = here;
    const number = ++this.number;
    const [start, end] = spanAround(text, caret, UNITS_BEFORE);
    const part = text.slice(start, end);
    const cursor = pointsOf(part, part.length);
    const request = { text: wellFormed(part), cursor, limit: SHOWN, all: true, min_probability: LEAST };
    if (options.model) request.model = options.model;
    const told = await service.ask("correct", request, options.key);
    if (number !== this.number || told.problem) return;
    this.asked = text;
    this.typos = told.answer.corrections.map(({ replace, suggestions }) => {
      const [from, to] = [start + unitsOf(part, replace.start), start + unitsOf(part, replace.end)];
      return { start: from, end: to, word: text.slice(from, to), suggestions };
      // The word that is being typed is not finished.
    }).filter((typo) => typo.end !== caret && typo.suggestions.length);
    this.paint(text);
  }

  /** The typo that the caret stands in. */
  at(caret) {
    return this.typos.find(({ start, end }) => start <= caret && caret <= end);
  }

  paint(text) {
    const marked = highlight();
    this.ranges.forEach((range) => marked?.delete(range));
    this.ranges = [];
    if (this.mirror) this.mirror.view.hidden = !this.typos.length || !marked;
    if (this.mirror && this.typos.length && marked) {
      this.mirror.setText(text);
      this.mirror.align();
    }
    if (marked) {
      const source = this.mirror ?? this.field;
      this.ranges = this.typos.map(({ start, end }) => source.rangeOf(start, end));
      this.ranges.forEach((range) => marked.add(range));
      return;
    }
    this.list.hidden = !this.typos.length;
    this.list.replaceChildren(...this.typos.map(({ word, suggestions: [best] }) =>
      element("button", "", { type: "button" }, `${word} → ${best.text}`)));
  }

  align() {
    if (this.mirror && !this.mirror.view.hidden) this.mirror.align();
  }

  end() {
    clearTimeout(this.timer);
    this.number++;
    this.typos = [];
    this.paint("");
    this.mirror?.view.remove();
    this.list.remove();
  }
}
