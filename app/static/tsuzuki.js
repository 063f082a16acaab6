// Suggestions for every <textarea data-tsuzuki>, now or added later. docs/widget.md explains attributes and events.
//
// Positions in the service are Unicode code points, those in a textarea are UTF-16 units ("units" below).

const HERE = new URL(".", import.meta.url).href;
const MODES = { ghost: "inline", strip: "list", both: "both" };
// Only the surroundings of the caret are sent: the service reads no more. The start moves in blocks, because a start
// that moved with every letter would make the service read everything anew with every letter.
const UNITS_BEFORE = 1000;
const UNITS_BEHIND = 100;
const BLOCK = 500;
const PAUSE_SECONDS = 2;
const LONGEST_PAUSE_SECONDS = 30;
// A screen reader hears the suggestions when the typing pauses, not between any two letters.
const QUIET_MILLISECONDS = 800;

const CSS = `
.tsuzuki { position: relative; font: 500 .9375rem/1.25 system-ui, sans-serif; text-align: start; }
.tsuzuki-strip { min-height: 2.5rem; margin-top: .625rem; }
.tsuzuki-ghost { position: absolute; z-index: 1; overflow: hidden; pointer-events: none; }
.tsuzuki-ghost > div { box-sizing: border-box; }
.tsuzuki-ghost b { font: inherit; visibility: hidden; }
.tsuzuki-ghost i { font: inherit; color: var(--tsuzuki-ghost, color-mix(in srgb, currentColor 64%, transparent)); }
.tsuzuki ul { display: flex; flex-wrap: wrap; gap: .375rem; margin: 0; padding: 0; list-style: none; }
.tsuzuki [hidden] { display: none; }
.tsuzuki li { display: flex; align-items: center; gap: .4375rem; min-height: 2.5rem; box-sizing: border-box; margin: 0;
  padding: .25rem .625rem; border: 1px solid color-mix(in srgb, currentColor 18%, transparent); border-radius: .625rem;
  background: color-mix(in srgb, currentColor 5%, transparent); cursor: pointer; user-select: none;
  -webkit-tap-highlight-color: transparent; touch-action: manipulation; white-space: nowrap; }
.tsuzuki li:hover { background: color-mix(in srgb, currentColor 11%, transparent); }
.tsuzuki li[aria-selected=true] { border-color: var(--tsuzuki-accent, currentColor); }
.tsuzuki ul:not([hidden])::after { content: "Alt + number" / ""; align-self: center; font-size: .75rem; opacity: .75; }
.tsuzuki kbd { font: 500 .6875rem/1.4 system-ui, sans-serif; padding: 0 .3125rem; border-radius: .25rem;
  border: 1px solid color-mix(in srgb, currentColor 30%, transparent); }
.tsuzuki small { font-size: .6875rem; font-style: italic; color: var(--tsuzuki-correction, inherit); }
.tsuzuki li[data-kind=correction] span { text-decoration: underline dotted; text-underline-offset: .2em; }
.tsuzuki ul[aria-busy=true] { opacity: .6; transition: opacity .1s .2s; }
.tsuzuki-message { margin: 0; font-size: .875rem; line-height: 2.5rem; }
.tsuzuki-spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
@media (hover: none) and (pointer: coarse) { .tsuzuki kbd, .tsuzuki ul::after { display: none !important; }
  .tsuzuki li { padding: .25rem 1rem; } }
`;

// What makes text in the mirror break into lines as it does in the textarea.
const METRICS = [
  "direction", "fontFamily", "fontFeatureSettings", "fontKerning", "fontSize", "fontSizeAdjust", "fontStretch",
  "fontStyle", "fontVariant", "fontVariationSettings", "fontWeight", "letterSpacing", "lineHeight", "overflowWrap",
  "paddingBottom", "paddingLeft", "paddingRight", "paddingTop", "tabSize", "textAlign", "textIndent", "textRendering",
  "textTransform", "whiteSpace", "wordBreak", "wordSpacing",
];

/** How many code points the first `units` of a text are. */
export const pointsOf = (text, units) => Array.from(text.slice(0, units)).length;

/** How many units the first `points` of a text are. */
export function unitsOf(text, points) {
  let units = 0;
  for (const character of text) {
    if (points-- <= 0) break;
    units += character.length;
  }
  return units;
}

/** The options of a textarea; what is not allowed counts as not given. */
function readOptions({ dataset }) {
  const limit = Number(dataset.tsuzukiLimit);
  const least = Number(dataset.tsuzukiMinProbability);
  return {
    endpoint: (dataset.tsuzukiEndpoint || HERE).replace(/\/$/, ""),
    key: dataset.tsuzukiKey,
    limit: Number.isInteger(limit) && limit >= 1 && limit <= 9 ? limit : 5,
    mode: Object.hasOwn(MODES, dataset.tsuzukiMode ?? "") ? dataset.tsuzukiMode : "both",
    minProbability: least > 0 && least <= 1 ? least : 0,
    model: dataset.tsuzukiModel,
  };
}

/** The part of a text that is sent, as a span in units; it never halves a character. */
function spanAround(text, caret) {
  const halves = (at) => at > 0 && at < text.length && text.codePointAt(at - 1) > 0xffff;
  const start = Math.max(0, Math.floor((caret - UNITS_BEFORE) / BLOCK) * BLOCK);
  const end = Math.min(text.length, caret + UNITS_BEHIND);
  return [start + halves(start), end + halves(end)];
}

/** What a person reads where there are no suggestions, or nothing where the answer is one. */
function problemOf({ status, answer }, key) {
  if (status === 200 && Array.isArray(answer?.suggestions)) return "";
  if (status === 200) return "This address answers, but not with suggestions.";
  if (status === 0 && !navigator.onLine) return "You are offline: suggestions come back with the connection.";
  if (status === 0) return "The suggestion service cannot be reached.";
  if (status === 401) return `The suggestion service ${key ? "refuses this" : "asks for a"} key.`;
  if (status === 403) return "The suggestion service does not allow this key or this page.";
  if (status === 429) return "Too many requests: suggestions pause for a moment.";
  if (status === 503) return "The suggestion service is busy or starting: suggestions pause for a moment.";
  return `No suggestions: ${answer?.detail ?? `the service answered with status ${status}`}`;
}

/** One request; a status of 0 where no answer came. */
async function ask(url, request, key, signal) {
  const headers = { "Content-Type": "application/json" };
  if (key) headers.Authorization = `Bearer ${key}`;
  const begun = performance.now();
  const told = { url, request, status: 0, answer: null, retryAfter: 0 };
  const quietly = { cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer" };
  try {
    const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(request), signal, ...quietly });
    told.status = response.status;
    told.retryAfter = Number(response.headers.get("Retry-After"));
    told.answer = await response.json();
  } catch {
    // Not reached, aborted, or not JSON: the status says which, and the caller knows what it aborted.
  }
  return { ...told, milliseconds: performance.now() - begun };
}

/** Put `insert` in the place of a span as typing would, so that undo takes it back. */
function replaceSpan(textarea, start, end, insert) {
  textarea.focus();
  textarea.setSelectionRange(start, end);
  if (!document.execCommand("insertText", false, insert)) {
    textarea.setRangeText(insert, start, end, "end");
    textarea.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertText", data: insert }));
  }
}

/** Keystrokes that taking a suggestion saves: the letters still to type, less the one that takes it. */
function savedBy(insert, typed) {
  const [wanted, there] = [Array.from(insert), Array.from(typed)];
  const common = there.findIndex((letter, i) => letter.toLowerCase() !== wanted[i]?.toLowerCase());
  return Math.max(0, wanted.length - (common < 0 ? there.length : common) - 1);
}

function element(name, className, attributes = {}) {
  const made = document.createElement(name);
  made.className = className;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

let count = 0;

class Widget {
  constructor(textarea) {
    this.textarea = textarea;
    this.asked = null; // the place last asked for: { text, caret }
    this.shown = null; // what can be taken now
    this.number = 0; // of the last request
    this.request = null; // its AbortController
    this.composing = this.taking = false;
    this.pause = this.quiet = 0; // timers
    this.life = new AbortController();
    this.build();
    this.listen();
    this.refresh();
  }

  build() {
    const id = `tsuzuki-${++count}`;
    this.root = element("div", "tsuzuki");
    this.ghost = element("div", "tsuzuki-ghost", { "aria-hidden": "true" });
    this.mirror = element("div", "");
    this.before = element("b", "");
    this.mark = element("span", "");
    this.tail = element("i", "");
    // Without a place to break before it, the tail would draw the letters typed before it into the next line.
    this.mirror.append(this.before, this.mark, element("wbr", ""), this.tail);
    this.ghost.append(this.mirror);
    this.list = element("ul", "", { id, role: "listbox", "aria-label": "Suggestions", hidden: "" });
    this.message = element("p", "tsuzuki-message", { role: "status" });
    this.spoken = element("div", "tsuzuki-spoken", { role: "status" });
    this.root.append(this.ghost, this.list, this.message, this.spoken);
    this.textarea.setAttribute("aria-controls", id);
    this.settle();
    this.place();
  }

  /** Stand behind the textarea, wherever it is moved. */
  place() {
    if (this.root.parentNode !== this.textarea.parentNode) this.textarea.after(this.root);
  }

  settle() {
    this.options = readOptions(this.textarea);
    this.root.classList.toggle("tsuzuki-strip", this.options.mode !== "ghost");
    this.textarea.setAttribute("aria-autocomplete", MODES[this.options.mode]);
  }

  listen() {
    const { signal } = this.life;
    const on = (target, name, handle) => target.addEventListener(name, handle, { signal });
    on(this.textarea, "input", (event) => {
      if (!this.taking && !event.isComposing) this.refresh();
    });
    on(this.textarea, "compositionstart", () => {
      this.composing = true;
      this.forget();
    });
    on(this.textarea, "compositionend", () => {
      this.composing = false;
      this.refresh();
    });
    on(this.textarea, "keydown", (event) => this.onKey(event));
    on(this.textarea, "focus", () => this.refresh());
    on(this.textarea, "blur", () => this.forget());
    on(this.textarea, "scroll", () => this.align());
    on(document, "selectionchange", () => {
      if (!this.taking && this.textarea.matches(":focus")) this.refresh();
    });
    on(window, "online", () => this.retry());
    // Pressing a suggestion must not take the focus, and with it the keyboard of a phone, from the textarea.
    on(this.list, "mousedown", (event) => event.preventDefault());
    on(this.list, "click", (event) => {
      this.choose([...this.list.children].indexOf(event.target.closest("li")), "click");
    });
    this.resized = new ResizeObserver(() => {
      this.root.style.minHeight = "";
      this.paint();
    });
    this.resized.observe(this.textarea);
  }

  /** Ask for suggestions at the caret, unless that was done or nobody can use them. */
  async refresh(path = "complete") {
    const { value: text, selectionStart: caret, selectionEnd } = this.textarea;
    const usable = this.textarea.matches(":focus:not(:disabled):not(:read-only)");
    if (!usable || caret !== selectionEnd) return this.forget();
    if (this.composing || this.pause || (this.asked?.text === text && this.asked.caret === caret)) return;
    const along = this.typedAlong(text, caret);
    this.drop();
    this.settle();
    this.asked = { text, caret };
    this.shown = along;
    if (along) this.paintGhost();
    const [start, end] = spanAround(text, caret);
    const part = text.slice(start, end);
    const { endpoint, key, limit, minProbability, model } = this.options;
    // A lone half of a character fits no encoding.
    const request = { text: part.toWellFormed?.() ?? part, cursor: pointsOf(part, caret - start), limit };
    if (minProbability) request.min_probability = minProbability;
    if (model) request.model = model;
    const number = ++this.number;
    this.request = new AbortController();
    const told = await ask(`${endpoint}/${path}`, request, key, this.request.signal);
    // An answer that comes late is for a text that is no more.
    if (number === this.number) this.receive(told, { text, caret, start, part });
  }

  /** What was shown, where the letters typed since are those of the ghost: its rest can be taken until the answer. */
  typedAlong(text, caret) {
    const { shown } = this;
    if (!shown || shown.inline < 0 || caret <= shown.caret) return null;
    const suggestion = shown.suggestions[shown.inline];
    const added = text.slice(shown.caret, caret);
    const same = text === shown.text.slice(0, shown.caret) + added + shown.text.slice(shown.caret);
    const along = suggestion.insert.toLowerCase().startsWith(text.slice(shown.start, caret).toLowerCase());
    const end = shown.end + added.length;
    return same && along ? { text, caret, start: shown.start, end, suggestions: [suggestion], inline: 0 } : null;
  }

  receive(told, { text, caret, start, part }) {
    const { url, request, status, answer, milliseconds, retryAfter } = told;
    this.emit("answered", { url, request, status, answer, milliseconds });
    const problem = problemOf(told, this.options.key);
    if (problem) return this.fail(status, problem, retryAfter);
    const { suggestions, replace } = answer;
    this.hide();
    if (!suggestions.length) return;
    const place = { start: start + unitsOf(part, replace.start), end: start + unitsOf(part, replace.end) };
    this.shown = { text, caret, ...place, suggestions: suggestions.slice(0, 9), inline: -1 };
    this.paint();
    if (this.options.mode === "ghost" && this.shown.inline < 0) return this.hide();
    this.speak();
    this.emit("shown", { suggestions: this.shown.suggestions, inline: this.shown.inline });
  }

  fail(status, message, retryAfter) {
    this.hide();
    this.message.textContent = message;
    this.emit("failed", { status, message });
    if (status !== 429 && status !== 503) return;
    const seconds = Math.min(retryAfter > 0 ? retryAfter : PAUSE_SECONDS, LONGEST_PAUSE_SECONDS);
    this.pause = setTimeout(() => this.retry(), 1000 * seconds);
  }

  retry() {
    clearTimeout(this.pause);
    this.pause = 0;
    this.asked = null;
    this.refresh();
  }

  /** Let go of the request under way and of what is shown for an older text; its strip stays until the next answer. */
  drop() {
    this.number++;
    this.request?.abort();
    this.shown = null;
    this.ghost.hidden = true;
    this.list.ariaBusy = "true";
    clearTimeout(this.quiet);
  }

  hide() {
    this.drop();
    this.list.hidden = true;
    this.list.ariaBusy = "false";
    this.list.replaceChildren();
    this.message.textContent = this.spoken.textContent = "";
  }

  forget() {
    this.asked = null;
    this.hide();
  }

  paint() {
    if (!this.shown) return;
    this.paintGhost();
    this.paintStrip();
  }

  /** The likeliest suggestion that goes on from what is typed, behind the caret, where nothing else stands. */
  paintGhost() {
    this.ghost.hidden = true;
    if (this.options.mode === "strip") return;
    const { text, caret, start, end, suggestions } = this.shown;
    const typed = text.slice(start, caret).toLowerCase();
    const rest = text.slice(caret);
    const goesOn = ({ insert }) => insert.length > typed.length && insert.toLowerCase().startsWith(typed);
    const inline = end === caret && /^[^\S\n]*(\n|$)/.test(rest) ? suggestions.findIndex(goesOn) : -1;
    this.shown.inline = inline;
    if (inline < 0) return;
    this.before.textContent = text.slice(0, caret);
    this.tail.textContent = suggestions[inline].insert.slice(typed.length);
    this.ghost.hidden = false;
    this.align();
    if (rest.trim() && this.wraps()) {
      this.ghost.hidden = true;
      this.shown.inline = -1;
    }
  }

  /** Whether the ghost reaches into the next line, where other text stands. */
  wraps() {
    const last = [...this.tail.getClientRects()].at(-1);
    return last.top > this.mark.getBoundingClientRect().bottom - 1;
  }

  /** Lay the mirror over the textarea, metrics, size and scrolling alike. */
  align() {
    if (this.ghost.hidden) return;
    const { textarea, ghost, mirror } = this;
    const style = getComputedStyle(textarea);
    for (const name of METRICS) mirror.style[name] = style[name];
    mirror.style.transform = `translate(${-textarea.scrollLeft}px, ${-textarea.scrollTop}px)`;
    ghost.style.color = style.color;
    ghost.style.width = mirror.style.width = `${textarea.clientWidth}px`;
    ghost.style.height = `${textarea.clientHeight}px`;
    const [from, to] = [this.root.getBoundingClientRect(), textarea.getBoundingClientRect()];
    ghost.style.left = `${to.left + textarea.clientLeft - from.left}px`;
    ghost.style.top = `${to.top + textarea.clientTop - from.top}px`;
  }

  paintStrip() {
    const { suggestions, inline } = this.shown;
    // All of them are underlined; the word for it stands once, as five would leave no room for the suggestions.
    const named = suggestions.findIndex(({ kind }) => kind === "correction");
    this.list.hidden = this.options.mode === "ghost";
    this.list.ariaBusy = "false";
    this.list.replaceChildren(...suggestions.map(({ text, kind }, index) => {
      const word = element("span", "");
      const [digit, tab] = [element("kbd", ""), element("kbd", "")];
      [word.textContent, digit.textContent, tab.textContent] = [text, index + 1, "Tab"];
      const label = kind === "correction" ? `${text}, correction` : text;
      const chip = element("li", "", { role: "option", "aria-selected": index === inline, "aria-label": label });
      chip.setAttribute("aria-keyshortcuts", `Alt+${index + 1}`);
      chip.dataset.kind = kind;
      chip.append(digit, word);
      if (index === named) chip.append(Object.assign(element("small", ""), { textContent: kind }));
      if (index === inline) chip.append(tab);
      return chip;
    }));
    // It grows but does not shrink: what stands below must not move away from under a pointer.
    const height = Math.max(this.list.offsetHeight, parseFloat(this.root.style.minHeight) || 0);
    if (height) this.root.style.minHeight = `${height}px`;
  }

  speak() {
    const { suggestions, inline } = this.shown;
    const labels = [...this.list.children].map((chip) => chip.ariaLabel);
    const first = inline < 0 ? "" : `. Tab takes ${suggestions[inline].text}`;
    this.quiet = setTimeout(() => {
      this.spoken.textContent = `Suggestions: ${labels.join(", ")}${first}`;
    }, QUIET_MILLISECONDS);
  }

  onKey(event) {
    if (event.isComposing || event.keyCode === 229) return;
    const { key, code, altKey, ctrlKey, metaKey, shiftKey } = event;
    const plain = !altKey && !ctrlKey && !metaKey && !shiftKey;
    // By its place on the keyboard: with Alt held, a digit's key types other characters on a Mac.
    const digit = altKey && !ctrlKey && !metaKey && /^Digit([1-9])$/.exec(code);
    const inline = this.shown?.inline ?? -1;
    // The strip's keys are its own between two answers too: the browser has other uses for them.
    if (digit && !this.list.hidden) this.choose(digit[1] - 1, "digit");
    else if (plain && key === "Escape" && (this.shown || !this.list.hidden)) this.refuse();
    else if (plain && (key === "Tab" || key === "ArrowRight") && inline >= 0) this.take(inline, key);
    else return;
    event.preventDefault();
  }

  /** Take one of the strip, unless that is hidden or still the one for an older text. */
  choose(index, by) {
    const { list, shown } = this;
    if (!list.hidden && list.ariaBusy === "false" && shown?.suggestions[index]) this.take(index, by);
  }

  take(index, by) {
    if (this.textarea.value !== this.shown.text) return;
    const { text, caret, start, end, suggestions } = this.shown;
    const suggestion = suggestions[index];
    this.drop();
    this.taking = true;
    replaceSpan(this.textarea, start, end, suggestion.insert);
    this.taking = false;
    this.emit("taken", { suggestion, index, by, saved: savedBy(suggestion.insert, text.slice(start, caret)) });
    // The word is finished, so the next one is wanted; its `insert` brings the space.
    this.refresh("next-word");
  }

  /** Put the suggestions away; `asked` keeps this place, so that they stay away here. */
  refuse() {
    const { shown } = this;
    this.hide();
    if (shown) this.emit("refused", { suggestions: shown.suggestions });
  }

  emit(name, detail) {
    this.textarea.dispatchEvent(new CustomEvent(`tsuzuki:${name}`, { bubbles: true, composed: true, detail }));
  }

  end() {
    this.hide();
    clearTimeout(this.pause);
    this.life.abort();
    this.resized.disconnect();
    this.root.remove();
    this.textarea.removeAttribute("aria-controls");
    this.textarea.removeAttribute("aria-autocomplete");
  }
}

const widgets = new Map();

/** Give a textarea its suggestions; one with `data-tsuzuki` in the document gets them by itself. */
export function attach(textarea) {
  const { adoptedStyleSheets } = textarea.getRootNode();
  if (!adoptedStyleSheets.includes(sheet)) adoptedStyleSheets.push(sheet);
  if (!widgets.has(textarea)) widgets.set(textarea, new Widget(textarea));
}

/** Take them away. */
export function detach(textarea) {
  widgets.get(textarea)?.end();
  widgets.delete(textarea);
}

function follow(changes) {
  for (const { type, target, addedNodes } of changes) {
    if (type === "attributes") (target.matches("textarea[data-tsuzuki]") ? attach : detach)(target);
    for (const node of addedNodes) {
      if (node.matches?.("textarea[data-tsuzuki]")) attach(node);
      node.querySelectorAll?.("textarea[data-tsuzuki]").forEach(attach);
    }
  }
  for (const [textarea, widget] of widgets) {
    if (textarea.isConnected) widget.place();
    else detach(textarea);
  }
}

const sheet = new CSSStyleSheet();
sheet.replaceSync(CSS);
new MutationObserver(follow).observe(document, { subtree: true, childList: true, attributeFilter: ["data-tsuzuki"] });
document.querySelectorAll("textarea[data-tsuzuki]").forEach(attach);
