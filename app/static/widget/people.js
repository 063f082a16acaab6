// Learning: a finished text is taught, a word forgotten. Loaded for fields with data-tsuzuki-user.

import { element } from "./mirror.js";
import { adopt } from "./style.js";
import { wellFormed } from "./text.js";

const MOST_CODE_POINTS = 10_000; // that the service takes at once, unless its settings say otherwise
const CSS = `
.menu { position: fixed; inset: auto; margin: 0; padding: .25rem; border: 1px solid #8886; border-radius: .625rem;
  background: Canvas; color: CanvasText; }
.menu button { all: unset; display: block; padding: .375rem .625rem; border-radius: .375rem; cursor: pointer;
  font: 500 .875rem/1.25 system-ui, sans-serif; }
.menu button:hover, .menu button:focus-visible { background: color-mix(in srgb, currentColor 11%, transparent); }
`;

/** The cut of a long text that is taught: its end, as whole code points. */
const cut = (text) => Array.from(text).slice(-MOST_CODE_POINTS).join("");

/** What a field teaches and has forgotten, for the person of its data-tsuzuki-user. */
export class Learner {
  constructor(widget, signal) {
    this.widget = widget;
    this.taught = ""; // the text that was taught last: sent twice, it would count twice
    adopt(widget.host.shadowRoot, CSS);
    this.menu = element("div", "menu", { role: "menu", popover: "auto", part: "menu" });
    this.button = element("button", "", { role: "menuitem", type: "button" });
    this.menu.append(this.button);
    widget.host.shadowRoot.append(this.menu);
    const { list } = widget.strip;
    const { element: field } = widget.field;
    this.menu.addEventListener("mousedown", (event) => event.preventDefault(), { signal });
    this.button.addEventListener("click", () => this.forget(), { signal });
    list.addEventListener("contextmenu", (event) => {
      const chip = event.target.closest("li");
      if (chip && this.open([...list.children].indexOf(chip))) event.preventDefault();
    }, { signal });
    field.addEventListener("keydown", (event) => {
      const digit = event.altKey && event.shiftKey && /^Digit([1-9])$/.exec(event.code);
      if (!digit || !widget.strip.visible || !this.open(digit[1] - 1)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      this.button.focus();
    }, { signal, capture: true });
    document.addEventListener("submit", ({ target }) => {
      if (target === (field.form ?? field.closest("form"))) this.learn();
    }, { signal, capture: true });
  }

  get options() {
    return this.widget.options;
  }

  /** Teach the field's text, unless that is off, was done, or there is nobody to teach it for. */
  async learn() {
    const { user, learn, key } = this.options;
    const text = cut(wellFormed(this.widget.field.text));
    if (!user || !learn || !text.trim() || text === this.taught) return false;
    this.taught = text;
    const told = await this.widget.asking.service.tell("POST", "learn", key, { user, text });
    if (told.status !== 200) this.taught = "";
    this.widget.emit(told.status === 200 ? "learned" : "unlearned", { status: told.status, answer: told.answer });
    return told.status === 200;
  }

  /** Open the menu of a suggestion; false where it has none, as phrases have. */
  open(index) {
    const suggestion = this.widget.strip.current && this.widget.shown?.suggestions[index];
    if (!suggestion || !this.options.user || suggestion.kind === "phrase" || /\s/.test(suggestion.text)) return false;
    this.word = suggestion.text;
    this.button.textContent = `Forget “${this.word}”`;
    this.menu.showPopover();
    const { left, bottom } = this.widget.strip.list.children[index].getBoundingClientRect();
    this.menu.style.left = `${Math.max(0, Math.min(left, innerWidth - this.menu.offsetWidth))}px`;
    this.menu.style.top = `${Math.max(0, Math.min(bottom + 2, innerHeight - this.menu.offsetHeight))}px`;
    return true;
  }

  async forget() {
    const { user, key } = this.options;
    const { word, widget } = this;
    this.menu.hidePopover();
    widget.field.element.focus();
    const path = `users/${encodeURIComponent(user)}/words/${encodeURIComponent(word)}`;
    const { status, answer } = await widget.asking.service.tell("DELETE", path, key);
    widget.emit("forgotten", { word, status, answer });
    widget.forget();
    widget.refresh();
  }

  end() {
    this.menu.remove();
  }
}
