// The page's switch for learning, the list of what was learned, and forgetting. Off until a person turns it on.

import { learn } from "../tsuzuki.js";

const find = (id) => document.getElementById(id);
const text = find("text");
// A name for this browser alone; the service keeps a digest of it.
const USER = "tsuzuki-user";
const MOST_SHOWN = 50;

const user = () => localStorage.getItem(USER);

async function call(method, path) {
  const key = text.dataset.tsuzukiKey;
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  try {
    const response = await fetch(`users/${encodeURIComponent(user())}${path}`, { method, headers, cache: "no-store" });
    return { status: response.status, answer: await response.json() };
  } catch {
    return { status: 0, answer: null };
  }
}

function problem({ status, answer }) {
  return answer?.detail ?? (status ? `The service answered with status ${status}.` : "The service cannot be reached.");
}

/** Show how much is known, and the words that the model does not know by itself. */
async function show() {
  const on = Boolean(user());
  find("learn").checked = on;
  for (const id of ["teach", "forget", "learned"]) find(id).hidden = !on;
  find("known").textContent = "";
  find("learned").replaceChildren();
  if (!on) return;
  const summary = await call("GET", "");
  const listed = summary.status === 200 ? await call("GET", `/words?own=true&limit=${MOST_SHOWN}`) : summary;
  if (listed.status !== 200) {
    find("known").textContent = problem(listed);
    return;
  }
  const { texts, words } = summary.answer;
  find("known").textContent = `Learned from ${texts} ${texts === 1 ? "text" : "texts"}: ${words} words and marks. New ones:`;
  find("learned").replaceChildren(...listed.answer.words.map(({ word, uses }) => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = `${word} ${uses} ×`;
    button.title = button.ariaLabel = `Forget ${word}`;
    button.addEventListener("click", async () => {
      await call("DELETE", `/words/${encodeURIComponent(word)}`);
      await show();
    });
    item.append(button);
    return item;
  }));
}

function use(id) {
  if (id) {
    localStorage.setItem(USER, id);
    text.dataset.tsuzukiUser = id;
  } else {
    localStorage.removeItem(USER);
    delete text.dataset.tsuzukiUser;
  }
}

find("learn").addEventListener("change", async ({ target }) => {
  // Turned off, what was learned stays with the service only until it is forgotten: nobody could name it any more.
  if (!target.checked) await call("DELETE", "");
  use(target.checked ? [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16)).join("") : "");
  await show();
});
find("teach").addEventListener("click", async () => {
  await learn(text);
  await show();
});
find("forget").addEventListener("click", async () => {
  await call("DELETE", "");
  await show();
});
text.addEventListener("tsuzuki:forgotten", show);
if (user()) use(user());
show();
