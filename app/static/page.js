// The page around the writing box: figures and the last call, from the events of the widget.

const find = (id) => document.getElementById(id);
const text = find("text");
const KEY = "tsuzuki-key";
const counted = { keystrokes: 0, saved: 0 };

let beginning = false;

function showFigures() {
  const { keystrokes, saved } = counted;
  find("saved").textContent = saved;
  find("share").textContent = keystrokes ? `${Math.round((100 * saved) / (saved + keystrokes))} %` : "–";
}

/** An answer with the suggestions below each other, on two lines each so that they fit. */
function formatAnswer(answer) {
  if (!Array.isArray(answer?.suggestions)) return answer ? spaced(answer) : "";
  const { suggestions, ...rest } = answer;
  const broken = (suggestion) => spaced(suggestion).replace(', "probability"', ',\n   "probability"');
  const lines = suggestions.map((suggestion) => `  ${broken(suggestion)}`).join(",\n");
  return `{"suggestions": [${lines && `\n${lines}`}],\n ${spaced(rest).slice(1)}`;
}

/** JSON on one line with the spaces that people read by; a string's own characters stay. */
function spaced(value) {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return `{${Object.entries(value).map(([name, field]) => `${JSON.stringify(name)}: ${spaced(field)}`).join(", ")}}`;
}

const quoted = (argument) => `'${argument.replaceAll("'", "'\\''")}'`;

function showCall({ detail: { url, request, status, answer, milliseconds } }) {
  const body = spaced(request);
  find("path").textContent = `POST ${new URL(url).pathname}`;
  find("request").textContent = body;
  find("status").textContent = status || "none";
  find("answer").textContent = formatAnswer(answer);
  const key = text.dataset.tsuzukiKey ? " \\\n  -H \"Authorization: Bearer $KEY\"" : "";
  find("curl").textContent = `curl ${url}${key} \\\n  -H 'Content-Type: application/json' \\\n  -d ${quoted(body)}`;
  find("time").textContent = `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`;
}

function showSnippet() {
  const script = `<script type="module" src="${new URL("tsuzuki.js", location.href)}"></script>`;
  const key = text.dataset.tsuzukiKey ? ' data-tsuzuki-key="KEY"' : "";
  find("snippet").textContent = `${script}\n<textarea data-tsuzuki${key}></textarea>`;
}

/** Ask for a key where the service does. */
function askForKey({ detail: { status } }) {
  const needed = status === 401;
  // One that is refused now would be refused again after a reload.
  if (needed) sessionStorage.removeItem(KEY);
  if (needed || status === 200) find("unlock").hidden = !needed;
}

function useKey(key) {
  text.dataset.tsuzukiKey = key;
  showSnippet();
}

function unlock(event) {
  event.preventDefault();
  const key = find("key").value;
  sessionStorage.setItem(KEY, key);
  useKey(key);
  find("key").value = "";
  text.focus();
}

async function copy({ currentTarget: { dataset } }) {
  const source = find(dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent);
    find("copied").textContent = "Copied";
  } catch {
    // Without https there is no clipboard.
    getSelection().selectAllChildren(source);
    find("copied").textContent = "Selected, copy it with Ctrl+C";
  }
}

function begin({ currentTarget }) {
  text.focus();
  text.select();
  beginning = true;
  // As typing does it, so that undo brings back what was there.
  document.execCommand("insertText", false, currentTarget.textContent);
  beginning = false;
}

let writing = null; // what ends the text that is being written on

/** Write on from the end of the text, a word at a time; a second click, or a key, ends it. */
async function goOn() {
  if (writing) {
    writing.abort();
    return;
  }
  const mine = (writing = new AbortController());
  find("go-on").setAttribute("aria-pressed", "true");
  find("ended").textContent = "";
  try {
    const headers = { "Content-Type": "application/json", Accept: "text/event-stream" };
    if (text.dataset.tsuzukiKey) headers.Authorization = `Bearer ${text.dataset.tsuzukiKey}`;
    // The service reads no more than the end; half a character would be refused.
    const body = JSON.stringify({ text: [...text.value].slice(-2000).join("") });
    const response = await fetch("generate", { method: "POST", headers, body, signal: mine.signal, cache: "no-store" });
    if (!response.ok) throw new Error((await response.json()).detail);
    let received = "";
    for await (const part of chunks(response.body.pipeThrough(new TextDecoderStream()))) {
      const events = (received + part).split("\n\n");
      received = events.pop();
      for (const event of events) append(event);
    }
  } catch (error) {
    if (!mine.signal.aborted) find("ended").textContent = error.message;
  } finally {
    writing = null;
    find("go-on").setAttribute("aria-pressed", "false");
  }
}

async function* chunks(stream) {
  const reader = stream.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
}

/** Append the text of a `word` event, as typing does it, so that undo takes it back. */
function append(event) {
  const [name, data] = event.split("\n").map((line) => line.slice(line.indexOf(": ") + 2));
  if (name === "error") find("ended").textContent = JSON.parse(data).detail;
  if (name !== "word" || !JSON.parse(data).text) return;
  text.focus();
  text.setSelectionRange(text.value.length, text.value.length);
  beginning = true;
  document.execCommand("insertText", false, JSON.parse(data).text);
  beginning = false;
}

text.addEventListener("keydown", () => writing?.abort());
find("go-on").addEventListener("click", goOn);
text.addEventListener("input", () => {
  // A suggestion that is taken comes as one input: the one keystroke that it took.
  if (!beginning) counted.keystrokes++;
  showFigures();
});
text.addEventListener("tsuzuki:answered", showCall);
text.addEventListener("tsuzuki:taken", ({ detail }) => {
  counted.saved += detail.saved;
  showFigures();
});
text.addEventListener("tsuzuki:answered", askForKey);
find("unlock").addEventListener("submit", unlock);
const kept = sessionStorage.getItem(KEY);
if (kept) useKey(kept);
else showSnippet();
for (const button of document.querySelectorAll("[data-copy]")) button.addEventListener("click", copy);
for (const button of document.querySelectorAll(".samples button:not([id])")) button.addEventListener("click", begin);
if (matchMedia("(hover: hover)").matches) text.focus();
