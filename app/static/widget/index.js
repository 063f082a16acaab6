// Suggestions for every field with data-tsuzuki, now or added later. docs/widget.md explains attributes and events.

import { TextField, kindOf } from "./field.js";
import { Widget } from "./widget.js";

const FIELDS = "[data-tsuzuki]";
const SHARED = Symbol.for("tsuzuki");

/** What gives fields their suggestions; a page has one, however often the script is loaded. */
class Page {
  constructor(from) {
    this.from = from;
    this.widgets = new Map();
    this.observer = new MutationObserver((changes) => this.follow(changes));
  }

  observe(root) {
    this.observer.observe(root, { subtree: true, childList: true, attributeFilter: ["data-tsuzuki"] });
    this.attachAll(root);
  }

  attachAll(root) {
    root.querySelectorAll(FIELDS).forEach((element) => this.attachOne(element));
  }

  attachOne(element) {
    if (this.widgets.has(element)) return;
    const kind = kindOf(element);
    if (kind === "text") this.widgets.set(element, new Widget(new TextField(element)));
    else if (kind === "editable") this.attachEditable(element);
    else console.warn("Tsuzuki: suggestions need a textarea, an input of text or search, or contenteditable.", element);
  }

  async attachEditable(element) {
    const { EditableField, EditableGhost } = await import("./editable.js");
    if (!this.widgets.has(element) && element.isConnected) {
      this.widgets.set(element, new Widget(new EditableField(element), EditableGhost));
    }
  }

  detach(element) {
    this.widgets.get(element)?.end();
    this.widgets.delete(element);
  }

  follow(changes) {
    for (const { type, target, addedNodes } of changes) {
      if (type === "attributes") {
        if (target.matches(FIELDS)) this.attachOne(target);
        else this.detach(target);
      }
      for (const node of addedNodes) {
        if (node.matches?.(FIELDS)) this.attachOne(node);
        if (node.querySelectorAll) this.attachAll(node);
      }
    }
    for (const [element, widget] of this.widgets) {
      if (element.isConnected) widget.place();
      else this.detach(element);
    }
  }
}

function start() {
  const first = globalThis[SHARED];
  if (first) {
    console.warn(`Tsuzuki is loaded twice: ${first.from} serves this page, ${import.meta.url} does nothing.`);
    return first;
  }
  const page = new Page(import.meta.url);
  globalThis[SHARED] = page;
  page.observe(document);
  return page;
}

// A server that renders pages may import this too.
const page = typeof document === "undefined" ? null : start();

/** Give a field its suggestions, or all fields with `data-tsuzuki` below a shadow root, now and later. */
export function attach(node) {
  if (node instanceof ShadowRoot || node instanceof Document) page.observe(node);
  else page.attachOne(node);
}

/** Teach the finished text of a field, or of all fields of the page; resolves to the number of those that were taught. */
export async function learn(element) {
  const widgets = element ? [page.widgets.get(element)] : [...page.widgets.values()];
  const taught = await Promise.all(widgets.map((widget) => widget?.learn()));
  return taught.filter(Boolean).length;
}

/** Take them away. */
export function detach(element) {
  page.detach(element);
}
