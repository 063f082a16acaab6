// Pure rules: which suggestions a place shows, and which of them as grey text.
// A place is { text, caret, start, end, suggestions }: each suggestion's `insert` replaces text[start:end].

// A correction that is less probable than this is more often a nuisance than a help.
const LEAST_CORRECTION = 0.05;
// Letters glued to what may be a finished word ("get|ting") must be more probable than not.
const LEAST_GLUED = 0.5;
const MOST = 9; // Alt has the digits 1 to 9.
const SENTENCE_END = /[.!?…。！？][\p{Pe}\p{Pf}"'*_]*\s*$/u;
// A mark, but for apostrophes and hyphens, which stand inside words.
const MARK = /[\p{P}\p{S}](?<!\p{L}['’-])$/u;

/** Tell whether taking a suggestion changes letters that are there, rather than adding some. */
export const changes = ({ text, caret, start, end }, { insert }) =>
  end !== caret || !insert.startsWith(text.slice(start, caret));

/** The suggestions that the strip shows: probable enough, and none that is too long for the field. */
export function listed({ start, end, suggestions }, least, room) {
  const fits = ({ insert, probability, kind }) =>
    insert.length - (end - start) <= room && probability >= (kind === "correction" ? Math.max(least, LEAST_CORRECTION) : least);
  return suggestions.filter(fits).slice(0, MOST);
}

/** Tell whether grey text may stand behind the caret at all, whatever the suggestions are. */
export function mayBeGrey({ text, caret }) {
  const before = text.slice(0, caret);
  const line = before.slice(before.lastIndexOf("\n") + 1);
  const rest = /^[^\n]*/.exec(text.slice(caret))[0];
  const word = /\S*$/.exec(line)[0];
  return !rest.trim() && Boolean(line.trim()) && !/\p{N}/u.test(word) && !MARK.test(word) && !SENTENCE_END.test(before);
}

/** The index of the suggestion whose missing letters stand as grey text, or -1. */
export function greyIndex(place, least) {
  const { text, caret, start, suggestions } = place;
  if (!mayBeGrey(place)) return -1;
  const typed = text.slice(start, caret);
  const index = suggestions.findIndex((one) => !changes(place, one) && one.insert.length > typed.length);
  if (index < 0) return -1;
  const { probability, kind } = suggestions[index];
  // What no suggestion has is the chance that the word is finished already (or that it is a rarer one).
  const finished = 1 - suggestions.reduce((sum, one) => sum + one.probability, 0);
  // Of a phrase the first word is likelier than the whole.
  const glued = typed && kind !== "phrase" && probability < LEAST_GLUED && probability <= finished;
  return probability >= least && !(glued && least > 0) ? index : -1;
}

/** A place carried on to the text that letters typed at its caret have made, or nothing where it does not fit. */
export function carriedOn(place, text, caret) {
  const { start, end, suggestions } = place;
  if (caret < place.caret) return null;
  const added = text.slice(place.caret, caret);
  if (text !== place.text.slice(0, place.caret) + added + place.text.slice(place.caret)) return null;
  if (!added) return { ...place };
  const typed = text.slice(start, caret).toLowerCase();
  const goesOn = ({ insert }) => insert.length > typed.length && insert.toLowerCase().startsWith(typed);
  const left = suggestions.filter(goesOn);
  return left.length ? { text, caret, start, end: end + added.length, suggestions: left } : null;
}
