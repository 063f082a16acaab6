// The entry: <script type="module" src="…/tsuzuki.js"></script>. docs/widget.md explains what it does.
//
// Loaded without type="module" it has to be understood too, to say what is wrong. There `await` is but a name, and what
// stands between the backquotes a string; in a module the first is a pattern and the second a comment.
if (document.currentScript) {
  throw new Error('Tsuzuki: the script is a module, it needs <script type="module" src="…/tsuzuki.js"></script>.');
}
await /`/;
export * from "./static/widget/index.js";
//`;
