export type { Options } from "./options.js";

export interface Suggestion {
  text: string;
  insert: string;
  probability: number;
  kind: string;
}

/** The `detail` of each event. */
export interface TsuzukiEvents {
  "tsuzuki:answered": { url: string; request: unknown; status: number; answer: unknown; milliseconds: number };
  "tsuzuki:shown": { suggestions: Suggestion[]; inline: number };
  "tsuzuki:taken": {
    suggestion: Suggestion;
    index: number;
    by: "Tab" | "ArrowRight" | "digit" | "click" | "tap";
    saved: number;
  };
  "tsuzuki:refused": { suggestions: Suggestion[] };
  "tsuzuki:learned": { status: number; answer: unknown };
  "tsuzuki:unlearned": { status: number; answer: unknown };
  "tsuzuki:forgotten": { word: string; status: number; answer: unknown };
  "tsuzuki:failed": { status: number; message: string };
}

type Events = { [Name in keyof TsuzukiEvents]: CustomEvent<TsuzukiEvents[Name]> };

declare global {
  interface HTMLElementEventMap extends Events {}
  interface DocumentEventMap extends Events {}
}

/** Give a field its suggestions, or all fields with `data-tsuzuki` in a document or below a shadow root, now and later. */
export function attach(node: HTMLElement | ShadowRoot | Document): void;

/** Teach the finished text of a field, or of all fields of the page; resolves to the number of those that were taught. */
export function learn(field?: HTMLElement): Promise<number>;

/** Take them away from a field. */
export function detach(field: HTMLElement): void;
