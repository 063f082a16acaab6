import "@tsuzuki/widget";

const PREFIX = "data-tsuzuki";
const OPTIONS = ["endpoint", "key", "limit", "mode", "min-probability", "ghost-probability", "check", "announce", "model"];
// These are the element's own.
const KEPT = ["class", "id", "style"];

/** `<tsuzuki-textarea>`: a textarea with suggestions; it takes the attributes of a textarea, and the options as attributes. */
export class TsuzukiTextarea extends HTMLElement {
  constructor() {
    super();
    this.textarea = document.createElement("textarea");
    this.changes = new MutationObserver((changes) => changes.forEach(({ attributeName }) => this.pass(attributeName)));
  }

  connectedCallback() {
    if (!this.textarea.isConnected) {
      this.textarea.defaultValue ||= this.textContent.trim();
      this.textarea.setAttribute(PREFIX, "");
      this.replaceChildren(this.textarea);
    }
    this.getAttributeNames().forEach((name) => this.pass(name));
    this.changes.observe(this, { attributes: true });
  }

  disconnectedCallback() {
    this.changes.disconnect();
  }

  pass(name) {
    if (KEPT.includes(name)) return;
    const theirs = OPTIONS.includes(name) ? `${PREFIX}-${name}` : name;
    if (this.hasAttribute(name)) this.textarea.setAttribute(theirs, this.getAttribute(name));
    else this.textarea.removeAttribute(theirs);
  }

  get value() {
    return this.textarea.value;
  }

  set value(value) {
    this.textarea.value = value;
  }

  focus(options) {
    this.textarea.focus(options);
  }
}

if (!customElements.get("tsuzuki-textarea")) customElements.define("tsuzuki-textarea", TsuzukiTextarea);
