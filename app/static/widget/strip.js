// What stands below a field: the suggestions to choose from, a message where there are none, and what is announced.

import { element } from "./mirror.js";
import { changes } from "./rules.js";

// A screen reader hears the suggestions when the typing pauses, not between any two letters.
const QUIET_MILLISECONDS = 800;
const GAP = 4; // pixels between a field and a strip that lies over the page
const LEAST_WIDTH = 150;
let count = 0;

export class Strip {
  constructor(root, field, choose) {
    this.field = field;
    this.quiet = 0; // a timer
    this.list = element("ul", "", { id: `tsuzuki-${++count}`, role: "listbox", "aria-label": "Suggestions", hidden: "" });
    this.message = element("p", "message", { role: "status", part: "message" });
    this.spoken = element("div", "spoken", { role: "status" });
    this.box = element("div", "strip", { part: "strip" }, this.list, this.message);
    root.append(this.box, this.spoken);
    // Pressing a suggestion must not take the focus, and with it the keyboard of a phone, from the field.
    this.box.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const chip = event.target.closest("li");
      if (chip) choose([...this.list.children].indexOf(chip), "click");
    });
  }

  /** Take a place of its own in the page, or lie over the page while there is something to see: beside others in a row. */
  place(host, apart) {
    const { display = "", flexDirection = "" } = host.parentElement ? getComputedStyle(host.parentElement) : {};
    const over = apart || display.includes("grid") || (display.includes("flex") && !flexDirection.startsWith("column"));
    host.dataset.place = over ? "over" : "below";
    if (this.over === over) return;
    this.over = over;
    this.box.classList.toggle("over", over);
    if (over) this.box.setAttribute("popover", "manual");
    else this.box.removeAttribute("popover");
    this.settle();
  }

  get visible() {
    return !this.list.hidden;
  }

  get current() {
    return this.visible && this.list.ariaBusy !== "true";
  }

  show(place, announced) {
    const { suggestions, grey } = place;
    const replaced = place.text.slice(place.start, place.end);
    // The word that they replace stands once, as five times would leave no room for the suggestions.
    const first = suggestions.findIndex((one) => changes(place, one));
    this.list.replaceChildren(...suggestions.map((one, index) => {
      const changed = changes(place, one);
      const label = changed && replaced ? `${one.text}, replaces ${replaced}` : one.text;
      const chip = element("li", changed ? "changes" : "", {
        role: "option", part: "suggestion", "aria-selected": index === grey, "aria-label": label,
        "aria-keyshortcuts": `Alt+${index + 1}`, title: `Alt+${index + 1}`, "data-kind": one.kind,
      }, element("kbd", "", {}, `${index + 1}`), element("span", "", {}, one.text));
      if (index === first && replaced) chip.append(element("small", "", {}, `for ${replaced}`));
      if (index === grey) chip.append(element("kbd", "", {}, "Tab"));
      return chip;
    }));
    this.list.hidden = false;
    this.list.ariaBusy = "false";
    this.list.scrollTop = 0;
    this.settle();
    clearTimeout(this.quiet);
    if (announced) this.announce(place);
  }

  announce({ suggestions, grey }) {
    const labels = [...this.list.children].map((chip) => chip.ariaLabel);
    const first = grey < 0 ? "" : `. Tab takes ${suggestions[grey].text}`;
    this.quiet = setTimeout(() => {
      this.spoken.textContent = `Suggestions: ${labels.join(", ")}${first}`;
    }, QUIET_MILLISECONDS);
  }

  /** Keep what is shown for an older text until the next answer, but let nobody take it. */
  wait() {
    this.list.ariaBusy = "true";
    clearTimeout(this.quiet);
  }

  hide() {
    clearTimeout(this.quiet);
    this.list.hidden = true;
    this.list.ariaBusy = "false";
    this.list.replaceChildren();
    this.spoken.textContent = "";
    this.settle();
  }

  say(message) {
    if (this.message.textContent !== message) this.message.textContent = message;
    this.settle();
  }

  /** Open, move or close a strip that lies over the page. */
  settle() {
    const { box, over } = this;
    const wanted = over && (this.visible || this.message.textContent !== "");
    if (over && box.isConnected && wanted !== box.matches(":popover-open")) box.togglePopover(wanted);
    if (!wanted || !box.isConnected) {
      if (!over) box.style.cssText = "";
      return;
    }
    const frame = this.field.element.getBoundingClientRect();
    const width = Math.min(Math.max(frame.width, LEAST_WIDTH), innerWidth);
    Object.assign(box.style, { width: `${width}px`, left: `${Math.max(0, Math.min(frame.left, innerWidth - width))}px` });
    const below = frame.bottom + GAP + box.offsetHeight <= innerHeight;
    box.style.top = `${below ? frame.bottom + GAP : Math.max(0, frame.top - GAP - box.offsetHeight)}px`;
  }
}
