/** `<tsuzuki-textarea>`: a textarea with suggestions; it takes the attributes of a textarea, and the options as attributes. */
export class TsuzukiTextarea extends HTMLElement {
  readonly textarea: HTMLTextAreaElement;
  value: string;
}

declare global {
  interface HTMLElementTagNameMap {
    "tsuzuki-textarea": TsuzukiTextarea;
  }
}
