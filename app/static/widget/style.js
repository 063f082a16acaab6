// The looks, in a shadow root: rules of the page reach them by custom properties and by ::part() alone.

const CSS = `
:host { all: initial !important; display: block !important; position: relative !important; color: inherit !important;
  color-scheme: inherit !important; font: 500 .9375rem/1.25 system-ui, sans-serif !important; }
:host([data-place=over]) { position: absolute !important; width: 0 !important; height: 0 !important; }
[hidden] { display: none !important; }
.layer { position: absolute; left: 0; top: 0; width: 0; height: 0; }
.probes { position: absolute; width: 0; height: 0; overflow: clip; visibility: hidden; }
.probe { position: absolute; width: 0; height: 0; }
.ghost, .checked { position: absolute; overflow: clip; pointer-events: none; user-select: none;
  forced-color-adjust: none; }
.page { position: absolute; box-sizing: border-box; align-items: center; }
.flow { flex: 1; min-width: 0; }
.ghost .flow, .checked .flow { color: transparent; }
.ghost .tail { color: var(--tsuzuki-ghost, color-mix(in srgb, var(--tsuzuki-text) 64%, transparent)); }
.tail.loose { position: absolute; white-space: pre; }
.ghost.free { overflow: visible; white-space: pre; width: max-content; }
.tail.free { display: block; }
.strip { margin-top: .5rem; height: calc(var(--tsuzuki-lines, 1) * 2.625rem); overflow: hidden; }
.strip.over { position: fixed; inset: auto; margin: 0; padding: .25rem; height: auto; max-height: 5.75rem;
  box-sizing: border-box; overflow: auto; scrollbar-width: none; border: 1px solid #8886; border-radius: .625rem;
  background: Canvas; color: CanvasText; }
.strip.over:not(:popover-open) { display: none; }
ul { display: flex; flex-wrap: wrap; gap: .375rem; margin: 0; padding: 0; list-style: none; max-height: 100%;
  overflow: hidden auto; scrollbar-width: none; overscroll-behavior: contain; }
li { display: flex; align-items: center; gap: .4375rem; height: 2.375rem; box-sizing: border-box; margin: 0; max-width: 100%;
  padding: .25rem .625rem; border: 1px solid color-mix(in srgb, currentColor 18%, transparent); border-radius: .625rem;
  background: color-mix(in srgb, currentColor 5%, transparent); cursor: pointer; user-select: none;
  -webkit-tap-highlight-color: transparent; touch-action: manipulation; white-space: nowrap; }
li:hover { background: color-mix(in srgb, currentColor 11%, transparent); }
li[aria-selected=true] { border-color: var(--tsuzuki-accent, currentColor); }
li span { overflow: hidden; text-overflow: ellipsis; }
kbd { flex: none; font: 500 .6875rem/1.4 system-ui, sans-serif; padding: 0 .3125rem; border-radius: .25rem;
  border: 1px solid color-mix(in srgb, currentColor 30%, transparent); }
small { flex: none; max-width: 9rem; overflow: hidden; text-overflow: ellipsis; font-size: .6875rem; font-style: italic;
  color: var(--tsuzuki-correction, inherit); }
li.changes span { text-decoration: underline dotted; text-underline-offset: .2em; }
ul[aria-busy=true] { opacity: .8; transition: opacity .1s .2s; }
.message { margin: 0; font-size: .8125rem; line-height: 1.25rem; max-height: 100%; overflow: hidden auto; }
.spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
@media (hover: none) and (pointer: coarse) { kbd { display: none; } }
@media (forced-colors: active) { .ghost .tail { color: GrayText; } li[aria-selected=true] { border-color: Highlight; } }
`;

const made = new Map();

export function adopt(root, css) {
  if (!made.has(css)) {
    made.set(css, new CSSStyleSheet());
    made.get(css).replaceSync(css);
  }
  if (!root.adoptedStyleSheets.includes(made.get(css))) root.adoptedStyleSheets.push(made.get(css));
}

export const dress = (root) => adopt(root, CSS);
