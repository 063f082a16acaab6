// The grey text: the letters that taking a suggestion adds, where the page would show them if they were typed.

import { Coordinates, Mirror, element } from "./mirror.js";

const LOOSE = 0.75; // pixels that rounding may be off

const close = (one, other) => Math.abs(one.left - other.left) < LOOSE && Math.abs(one.top - other.top) < LOOSE;

export const within = (boxes, { left, top, right, bottom }) =>
  [...boxes].every((box) =>
    box.left >= left - 2 && box.top >= top - 2 && box.right <= right + LOOSE && box.bottom <= bottom + 2);

export class TextGhost {
  constructor(field, layer) {
    this.field = field;
    this.mirror = new Mirror(field, new Coordinates(layer), "ghost");
    this.mark = element("span");
    this.tail = element("span", "tail", { part: "ghost" });
    this.mirror.line.append(this.mark, this.tail);
    this.view = this.mirror.view;
  }

  /** Show the letters behind the caret; false, and nothing is shown, where they have no place. */
  show(text, caret, letters) {
    const { mirror, mark, tail, view } = this;
    view.hidden = false;
    mirror.setText(text.slice(0, caret));
    tail.className = "tail";
    tail.textContent = "";
    const style = mirror.align();
    const caretBox = mark.getBoundingClientRect();
    tail.textContent = letters;
    // Centred text makes room for each letter, and some letters melt into one: there they stand loose at the caret.
    const moves = !close(mark.getBoundingClientRect(), caretBox);
    if (moves) tail.className = "tail loose";
    const boxes = tail.getClientRects();
    const inside = view.getBoundingClientRect();
    const shown = within(boxes, inside) && (moves
      ? this.fitsLoose(style, caretBox, boxes[0], inside)
      : boxes.length === 1 || !text.slice(caret).trim());
    view.hidden = !shown;
    return shown;
  }

  fitsLoose({ direction, writingMode, paddingRight }, caretBox, box, inside) {
    const scale = inside.width / this.view.offsetWidth || 1;
    return direction === "ltr" && writingMode === "horizontal-tb" &&
      Math.abs(box.left - caretBox.left) < LOOSE && box.right <= inside.right - parseFloat(paddingRight) * scale;
  }
}
