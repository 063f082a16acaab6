// Elements with contenteditable: their text, and grey text in them. Loaded where a page has one.

import { type } from "./field.js";
import { within } from "./ghost.js";
import { Coordinates, element } from "./mirror.js";

const BLOCKS = /^(block|flow-root|flex|grid|list-item|table|table-row|table-cell)$/;

/** An element with contenteditable; each block and line break in it is a line of its text. */
export class EditableField {
  constructor(element) {
    this.element = element;
    this.oneLine = false;
  }

  get text() {
    return this.read().text;
  }

  get room() {
    return Infinity;
  }

  /** The text, and the text nodes with the position of each in it. */
  read() {
    let text = "";
    const nodes = [];
    const breakLine = () => {
      if (text && !text.endsWith("\n")) text += "\n";
    };
    const walk = (parent) => {
      for (const node of parent.childNodes) {
        if (node.nodeType === Node.TEXT_NODE) {
          nodes.push({ node, start: text.length });
          // A space that would be lost at the end of a line is stored as one that is not.
          text += node.data.replaceAll("\u00a0", " ");
        } else if (node.localName === "br") {
          text += "\n";
        } else if (node.nodeType === Node.ELEMENT_NODE) {
          const block = BLOCKS.test(getComputedStyle(node).display);
          if (block) breakLine();
          walk(node);
          if (block) breakLine();
        }
      }
    };
    walk(this.element);
    return { text, nodes };
  }

  get range() {
    const { element } = this;
    const selection = document.getSelection();
    if (!element.isContentEditable || !selection.rangeCount || !element.matches(":focus, :focus-within")) return null;
    const range = selection.getRangeAt(0);
    return element.contains(range.commonAncestorContainer) ? range : null;
  }

  get selection() {
    const { range } = this;
    if (!range) return null;
    const { text, nodes } = this.read();
    const unitsAt = (container, offset) => {
      const own = nodes.find(({ node }) => node === container);
      if (own) return own.start + offset;
      const point = document.createRange();
      point.setStart(container, offset);
      // The last text node before the point ends there.
      const last = nodes.findLast(({ node }) => point.comparePoint(node, node.length) <= 0);
      return last ? Math.min(last.start + last.node.length, text.length) : 0;
    };
    return [unitsAt(range.startContainer, range.startOffset), unitsAt(range.endContainer, range.endOffset)];
  }

  /** The span of the text as a range of the document. */
  rangeOf(start, end) {
    const { nodes } = this.read();
    const range = document.createRange();
    range.selectNodeContents(this.element);
    const first = nodes.findLast((one) => one.start <= start && start <= one.start + one.node.length);
    const last = nodes.findLast((one) => one.start <= end && end <= one.start + one.node.length);
    if (first) range.setStart(first.node, start - first.start);
    if (last) range.setEnd(last.node, end - last.start);
    return range;
  }

  select(start, end = start) {
    const range = this.rangeOf(start, end);
    document.getSelection().setBaseAndExtent(range.startContainer, range.startOffset, range.endContainer, range.endOffset);
  }

  replace(start, end, insert) {
    this.element.focus({ preventScroll: true });
    if (start !== end) this.select(start, end);
    type(this.element, insert, () => {
      const range = this.rangeOf(start, end);
      range.deleteContents();
      range.insertNode(document.createTextNode(insert));
      range.collapse(false);
    });
  }
}

/** Grey text in an element with contenteditable: beside the letter before the caret, in its font. */
export class EditableGhost {
  constructor(field, layer) {
    this.field = field;
    this.coordinates = new Coordinates(layer);
    this.tail = element("span", "tail free", { part: "ghost" });
    this.view = element("div", "ghost free", { "aria-hidden": "true" }, this.tail);
    this.view.hidden = true;
    layer.append(this.view);
  }

  show(text, caret, letters) {
    const { view, tail, coordinates, field } = this;
    view.hidden = true;
    const range = field.rangeOf(caret - 1, caret);
    const letter = [...range.getClientRects()].at(-1);
    const parent = range.endContainer.parentElement;
    if (!letter || !parent) return false;
    const style = getComputedStyle(parent);
    let block = parent;
    while (block !== field.element && getComputedStyle(block).display.startsWith("inline")) block = block.parentElement;
    const { direction, writingMode, paddingRight } = getComputedStyle(block);
    if (direction !== "ltr" || writingMode !== "horizontal-tb") return false;
    coordinates.measure();
    if (!coordinates.upright) return false;
    const scale = coordinates.y[1];
    const [left, top] = coordinates.inLayer(letter.right, letter.top);
    for (const name of ["fontFamily", "fontSize", "fontStyle", "fontWeight", "fontStretch", "letterSpacing", "wordSpacing"]) {
      tail.style[name] = style[name];
    }
    tail.style.textTransform = style.textTransform;
    const zoom = (parent.currentCSSZoom ?? 1) / (coordinates.layer.currentCSSZoom ?? 1);
    Object.assign(tail.style, { lineHeight: `${letter.height / scale / zoom}px`, zoom: zoom === 1 ? "" : zoom });
    Object.assign(view.style, { left: `${left}px`, top: `${top}px` });
    view.style.setProperty("--tsuzuki-text", style.color);
    tail.textContent = letters;
    view.hidden = false;
    const { right } = block.getBoundingClientRect();
    const inside = field.element.getBoundingClientRect();
    const limit = Math.min(right - parseFloat(paddingRight) * scale, inside.right);
    view.hidden = !within(tail.getClientRects(), { left: inside.left, top: inside.top, right: limit, bottom: inside.bottom });
    return !view.hidden;
  }
}
