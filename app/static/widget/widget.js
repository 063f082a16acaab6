// The suggestions of one field: asked for as a person types, and shown.

import { Asking, samePlace } from "./asking.js";
import { TextGhost } from "./ghost.js";
import { element } from "./mirror.js";
import { listenForKeys } from "./keys.js";
import { readOptions } from "./options.js";
import { carriedOn, greyIndex, listed } from "./rules.js";
import { Strip } from "./strip.js";
import { dress } from "./style.js";
import { Taking } from "./taking.js";

// A script that changes a field tells nobody: as long as something is shown, the field is looked at this often.
const LOOK_MILLISECONDS = 100;
const AUTOCOMPLETE = { ghost: "inline", strip: "list", both: "both" };

export class Widget {
  constructor(field, Ghost = TextGhost) {
    this.field = field;
    this.typed = null; // the place { text, caret } that the last keystroke left
    this.asked = null; // the place last asked for
    this.answered = null; // the newest answer, as a place with suggestions
    this.shown = null; // what can be taken now: a place with `grey`, the index of the grey suggestion or -1
    this.composing = false;
    this.looking = 0; // a timer
    this.taking = new Taking(this);
    this.life = new AbortController();
    this.asking = new Asking((told, place) => this.receive(told, place), (told) => this.fail(told));
    this.build(Ghost);
    this.listen();
    this.refresh();
  }

  build(Ghost) {
    this.host = element("tsuzuki-view");
    const root = this.host.attachShadow({ mode: "open" });
    dress(root);
    this.layer = element("div", "layer");
    root.append(this.layer);
    this.strip = new Strip(root, this.field, (index, by) => this.taking.choose(index, by));
    this.ghost = new Ghost(this.field, this.layer);
    this.place();
    this.settle();
  }

  /** Stand behind the field, wherever it is moved; behind its label, which would else be named after the suggestions. */
  place() {
    const { element: field } = this.field;
    const anchor = field.closest("label") ?? field;
    if (this.host.previousSibling !== anchor && anchor.parentNode) anchor.after(this.host);
  }

  settle() {
    const { element: field, oneLine } = this.field;
    this.options = readOptions(field);
    this.asking.settle(this.options);
    this.strip.place(this.host, oneLine || this.options.mode === "ghost");
    field.setAttribute("aria-autocomplete", AUTOCOMPLETE[this.options.mode]);
    if (this.options.check) this.startChecker();
    else this.endChecker();
    if (this.options.user) this.startLearner();
  }

  /** Who learns for the person of the field; it comes with the first setting of one. */
  async startLearner() {
    this.learning ??= import("./people.js");
    const { Learner } = await this.learning;
    if (!this.life.signal.aborted) this.learner ??= new Learner(this, this.life.signal);
    return this.learner;
  }

  /** Teach the text of the field as a finished one; resolves to whether it was taught. */
  async learn() {
    this.settle();
    return Boolean(this.options.user) && Boolean(await (await this.startLearner())?.learn());
  }

  async startChecker() {
    if (this.checking) return;
    this.checking = true;
    const { Checker } = await import("./check.js");
    if (this.checking && !this.life.signal.aborted) this.checker ??= new Checker(this);
  }

  endChecker() {
    this.checking = false;
    this.checker?.end();
    this.checker = null;
  }

  listen() {
    const { signal } = this.life;
    const { element: field } = this.field;
    const on = (target, names, handle, capture = false) =>
      names.split(" ").forEach((name) => target.addEventListener(name, handle, { signal, capture }));
    on(field, "input", (event) => this.onInput(event));
    on(field, "compositionstart", () => {
      this.composing = true;
      this.forget();
    });
    on(field, "compositionend", () => {
      this.composing = false;
      this.typed = this.here();
      this.refresh();
    });
    on(field, "blur", () => this.forget());
    on(field, "focus selectionchange", () => this.refresh());
    on(document, "selectionchange", () => this.refresh());
    on(document, "reset submit", () => queueMicrotask(() => this.look()), true);
    on(window, "online", () => this.asked && this.asking.resume());
    on(window, "scroll resize", () => this.align(), true);
    listenForKeys(this, signal);
    this.resized = new ResizeObserver(() => this.align());
    this.resized.observe(field);
    // These attributes end or begin what may be typed.
    this.changed = new MutationObserver(() => {
      this.asked = null;
      if (this.here()) this.refresh();
      else this.forget();
    });
    this.changed.observe(field, { attributeFilter: ["disabled", "readonly", "contenteditable", "maxlength"] });
  }

  /** The text and the caret, where somebody can type there now. */
  here() {
    const selection = this.field.selection;
    return selection && selection[0] === selection[1] ? { text: this.field.text, caret: selection[1] } : null;
  }

  onInput(event) {
    if (this.taking.busy || event.isComposing) return;
    if (/^history/.test(event.inputType)) this.taking.afterUndo();
    else if (event.isTrusted) this.typed = this.here();
    this.checker?.changed();
    this.refresh();
  }

  /** Ask for suggestions at the caret, unless that was done or nobody can use them. */
  refresh(path = "complete") {
    if (this.taking.busy || this.composing) return;
    const here = this.here();
    if (!here && this.asked) this.forget();
    if (!here || samePlace(this.asked, here)) return;
    if (!samePlace(this.typed, here)) this.typed = null;
    this.asked = here;
    this.settle();
    this.asking.wanted = null;
    const typo = !this.typed && this.checker?.at(here.caret);
    if (typo) this.present({ ...here, ...typo });
    if (typo) return;
    this.answered = this.answered && carriedOn(this.answered, here.text, here.caret);
    if (this.answered) this.present(this.answered);
    else this.wait();
    this.asking.ask(here, path);
  }

  receive(told, place) {
    const { problem, ...detail } = told;
    this.emit("answered", detail);
    this.strip.say("");
    this.answered = place;
    // Without a place, the answer for what is typed now is on its way.
    if (place) this.present(place, true);
  }

  fail(told) {
    const { problem: message, ...detail } = told;
    const { service } = this.asking;
    this.emit("answered", detail);
    this.hide();
    if (service.said === message) return;
    service.said = message;
    this.strip.say(message);
    this.emit("failed", { status: told.status, message });
  }

  present(place, isNew = false) {
    const { mode, minProbability, announce } = this.options;
    const suggestions = listed(place, minProbability, this.field.room);
    const shown = { ...place, suggestions };
    shown.grey = this.showGrey(shown);
    if (!suggestions.length || (mode === "ghost" && shown.grey < 0)) {
      this.hide();
      return;
    }
    this.shown = shown;
    if (mode !== "ghost") this.strip.show(shown, announce);
    this.looking ||= setInterval(() => this.look(), LOOK_MILLISECONDS);
    if (isNew) this.emit("shown", { suggestions, inline: shown.grey });
  }

  /** Show the grey text of a place where there is some; its index, or -1. */
  showGrey(place) {
    const { mode, ghostProbability } = this.options;
    const wanted = mode !== "strip" && samePlace(this.typed, place);
    const grey = wanted ? greyIndex(place, ghostProbability) : -1;
    const letters = place.suggestions[grey]?.insert.slice(place.caret - place.start);
    const shown = letters && this.ghost.show(place.text, place.caret, letters);
    if (!shown) this.ghost.view.hidden = true;
    return shown ? grey : -1;
  }

  get visible() {
    return Boolean(this.shown) || this.strip.visible;
  }

  /** Put away what a script of the page has overtaken, by another text for example. */
  look() {
    const here = this.here();
    if (this.asked && this.field.text !== this.asked.text) {
      this.forget();
      // Nobody typed it, so nobody waits for suggestions.
      this.asked = here;
      this.checker?.changed();
    } else if (this.visible && !here) this.forget();
  }

  wait() {
    this.shown = null;
    this.ghost.view.hidden = true;
    this.strip.wait();
  }

  hide() {
    this.wait();
    this.strip.hide();
    clearInterval(this.looking);
    this.looking = 0;
  }

  forget() {
    this.asked = this.answered = this.typed = null;
    this.asking.drop();
    this.asking.wanted = null;
    this.hide();
    this.strip.say("");
  }

  align() {
    this.strip.settle();
    this.checker?.align();
    if (this.shown?.grey >= 0) this.shown.grey = this.showGrey(this.shown);
  }

  /** Put the suggestions away; `asked` keeps this place, so that they stay away here. */
  refuse() {
    const { shown } = this;
    this.asking.drop();
    this.answered = null;
    this.hide();
    if (shown) this.emit("refused", { suggestions: shown.suggestions });
  }

  emit(name, detail) {
    this.field.element.dispatchEvent(new CustomEvent(`tsuzuki:${name}`, { bubbles: true, composed: true, detail }));
  }

  end() {
    this.forget();
    this.endChecker();
    this.learner?.end();
    this.life.abort();
    this.resized.disconnect();
    this.changed.disconnect();
    this.host.remove();
    this.field.element.removeAttribute("aria-autocomplete");
  }
}
