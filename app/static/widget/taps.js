// Taps on the grey text. Loaded where there is a touch screen.

const TAP_PIXELS = 10; // that a finger may move
const MARGIN = 4; // pixels around the letters, for a finger

const hits = (x, y) => ({ left, right, top, bottom }) =>
  left - MARGIN <= x && x <= right + MARGIN && top - MARGIN <= y && y <= bottom + MARGIN;

/** Let a tap on the grey text take it; all pointers go through the layer of that text, so taps are found by their place. */
export function listenForTaps(widget, signal) {
  const { element } = widget.field;
  let down = null;
  element.addEventListener("touchstart", ({ touches }) => {
    const [{ clientX, clientY }] = touches;
    const hit = [...widget.ghost.tail.getClientRects()].some(hits(clientX, clientY));
    down = hit && touches.length === 1 ? [clientX, clientY] : null;
  }, { signal, passive: true });
  element.addEventListener("touchend", (event) => {
    const { clientX, clientY } = event.changedTouches[0];
    const tapped = down && Math.hypot(clientX - down[0], clientY - down[1]) < TAP_PIXELS;
    down = null;
    // Without this, the tap would move the caret.
    if (tapped && widget.taking.takeGrey("tap")) event.preventDefault();
  }, { signal });
}
