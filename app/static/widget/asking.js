// The requests of one field: which place is asked for next, and which answer is still of use.

import { serviceAt } from "./service.js";
import { carriedOn } from "./rules.js";
import { pointsOf, spanAround, unitsOf, wellFormed } from "./text.js";

const UNITS_BEFORE = 1000;
// A fast typist is some letters ahead of a slow connection; more requests than this would only queue there.
const MOST_REQUESTS = 3;

export const samePlace = (one, other) => one?.text === other?.text && one?.caret === other?.caret;

export class Asking {
  /** `answered(told, place)` hears of an answer, with its place where that fits what is typed now; `failed(told)` of others. */
  constructor(answered, failed) {
    this.answered = answered;
    this.failed = failed;
    this.wanted = null; // the place last asked for: { text, caret }
    this.path = "complete";
    this.sent = this.received = 0; // numbers of requests
    this.flying = 0; // requests without an answer yet
    this.again = 0; // a timer
  }

  settle(options) {
    this.options = options;
    this.service = serviceAt(options.endpoint);
  }

  ask(place, path) {
    this.wanted = place;
    this.path = path;
    this.send();
  }

  drop() {
    this.received = this.sent;
    clearTimeout(this.again);
  }

  resume() {
    this.service.resume();
    this.send();
  }

  /** Send the request for the place wanted, now or when the service may be asked again. */
  async send() {
    const { wanted, service, path } = this;
    clearTimeout(this.again);
    if (!wanted || this.flying >= MOST_REQUESTS) return;
    if (service.pause) {
      this.again = setTimeout(() => this.send(), service.pause + 1);
      return;
    }
    const { text, caret } = wanted;
    const [start, end] = spanAround(text, caret, UNITS_BEFORE);
    const part = text.slice(start, end);
    const { key, limit, words, minProbability, model, user } = this.options;
    const request = { text: wellFormed(part), cursor: pointsOf(part, caret - start), limit };
    if (words > 1) request.words = words;
    if (minProbability) request.min_probability = minProbability;
    if (model) request.model = model;
    if (user) request.user = user;
    const number = ++this.sent;
    this.flying++;
    const told = await service.ask(path, request, key);
    this.flying--;
    this.receive(number, told, { text, caret, start, part });
    // The place that was left unsent because of this request.
    if (number === this.sent && this.wanted && !samePlace(this.wanted, wanted)) this.send();
  }

  receive(number, told, { text, caret, start, part }) {
    // One that was overtaken, or is for a text before the last suggestion was taken, is of no use.
    if (number <= this.received || !this.wanted) return;
    this.received = number;
    if (told.problem) {
      this.failed(told);
      if (this.service.pause) this.again = setTimeout(() => this.send(), this.service.pause + 1);
      return;
    }
    const { suggestions, replace } = told.answer;
    const span = { start: start + unitsOf(part, replace.start), end: start + unitsOf(part, replace.end) };
    this.answered(told, carriedOn({ text, caret, ...span, suggestions }, this.wanted.text, this.wanted.caret));
  }
}
