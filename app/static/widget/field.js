// A field to write in, behind one interface: here a textarea or an input, in editable.js an element with contenteditable.

/** Type `insert` as a person would, so that undo takes it back; `fallback` is for browsers that cannot. */
export function type(element, insert, fallback) {
  let seen = false;
  const see = () => { seen = true; };
  element.addEventListener("beforeinput", see, { once: true, capture: true });
  const done = document.execCommand(insert ? "insertText" : "delete", false, insert);
  element.removeEventListener("beforeinput", see, { capture: true });
  // A page that handles the event itself has done so.
  if (!done && !seen) {
    fallback();
    element.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertText", data: insert }));
  }
}

export class TextField {
  constructor(element) {
    this.element = element;
    this.oneLine = element.localName === "input";
  }

  get text() {
    return this.element.value;
  }

  /** The selection as [start, end] in units, or nothing where nobody can type here now. */
  get selection() {
    const { element } = this;
    if (!element.matches(":focus") || element.disabled || element.readOnly || element.matches(":disabled")) return null;
    return [element.selectionStart, element.selectionEnd];
  }

  get room() {
    const { maxLength, value } = this.element;
    return maxLength < 0 ? Infinity : maxLength - value.length;
  }

  select(start, end = start) {
    this.element.setSelectionRange(start, end);
  }

  replace(start, end, insert) {
    this.element.focus({ preventScroll: true });
    // Two selections: what was typed before is a step of its own for undo.
    this.select(0);
    this.select(start, end);
    type(this.element, insert, () => this.element.setRangeText(insert, start, end, "end"));
  }
}

const KINDS = ["text", "search"];

/** The kind of field that an element is, or nothing where it is none that is supported. */
export function kindOf(element) {
  if (element.localName === "textarea") return "text";
  if (element.localName === "input") return KINDS.includes(element.type) ? "text" : null;
  return element.isContentEditable ? "editable" : null;
}
