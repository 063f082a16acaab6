// Positions in the service are Unicode code points, those in a field are UTF-16 units ("units" below).

// Only the surroundings of the caret are sent: the service reads no more. The start moves in blocks, because a start
// that moved with every letter would make the service read everything anew with every letter.
const UNITS_BEHIND = 100;
const BLOCK = 500;

/** Count the code points among the first `units` of a text. */
export const pointsOf = (text, units) => Array.from(text.slice(0, units)).length;

/** Count the units among the first `points` of a text. */
export function unitsOf(text, points) {
  let units = 0;
  for (const character of text) {
    if (points-- <= 0) break;
    units += character.length;
  }
  return units;
}

const halves = (text, at) => at > 0 && at < text.length && text.codePointAt(at - 1) > 0xffff;

/** The part of a text that is sent, as a span in units; it never halves a character. */
export function spanAround(text, caret, unitsBefore) {
  const start = Math.max(0, Math.floor((caret - unitsBefore) / BLOCK) * BLOCK);
  const end = Math.min(text.length, caret + UNITS_BEHIND);
  return [start + halves(text, start), end + halves(text, end)];
}

export const wellFormed = (text) => text.toWellFormed?.() ?? text;

/** Count the units that two texts have in common at their start; no character is halved. */
export function sameStart(one, other) {
  let same = 0;
  while (same < one.length && one[same] === other[same]) same++;
  return same - (halves(one, same) || halves(other, same));
}

/** Count the keystrokes that a suggestion saves: the letters still to type, less the one that takes it. */
export function savedBy(insert, typed) {
  const left = insert.slice(sameStart(insert.toLowerCase(), typed.toLowerCase()));
  return Math.max(0, Array.from(left).length - 1);
}
