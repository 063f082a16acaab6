// The keys that take suggestions, or put them away.

const isPlain = ({ altKey, ctrlKey, metaKey, shiftKey }) => !altKey && !ctrlKey && !metaKey && !shiftKey;
const isComposing = (event) => event.isComposing || event.keyCode === 229;

/** Listen until the signal ends; `widget` decides what can be taken. */
export function listenForKeys(widget, signal) {
  const { element } = widget.field;

  element.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || isComposing(event)) return;
    const { key, code, altKey, ctrlKey, metaKey } = event;
    // By its place on the keyboard: with Alt held, a digit's key types other characters on a Mac.
    const digit = altKey && !ctrlKey && !metaKey && /^Digit([1-9])$/.exec(code);
    // The strip's keys are its own between two answers too: the browser has other uses for them.
    if (digit && widget.strip.visible) widget.taking.choose(digit[1] - 1, "digit");
    else if (isPlain(event) && key === "Escape" && widget.visible) widget.refuse();
    else return;
    event.preventDefault();
  }, { signal });

  // Last of all listeners: a page's own use of these keys comes first. One that is held was pressed for something else.
  addEventListener("keydown", (event) => {
    if (event.composedPath()[0] !== element || event.defaultPrevented || isComposing(event) || event.repeat) return;
    const { key } = event;
    const forward = key === "ArrowRight" && getComputedStyle(element).direction === "ltr";
    if (!isPlain(event) || !(key === "Tab" || forward)) return;
    if (widget.taking.takeGrey(key)) event.preventDefault();
  }, { signal });
  if (navigator.maxTouchPoints) import("./taps.js").then(({ listenForTaps }) => listenForTaps(widget, signal));
}
