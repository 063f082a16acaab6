// Replies to a message, on the page: POST reply, and each reply a button that writes it.

const find = (id) => document.getElementById(id);
const form = find("answering");

async function showReplies(event) {
  event.preventDefault();
  const message = find("message").value;
  const headers = { "Content-Type": "application/json" };
  const key = find("text").dataset.tsuzukiKey;
  if (key) headers.Authorization = `Bearer ${key}`;
  find("replied").textContent = "";
  find("replies").replaceChildren();
  try {
    const response = await fetch("reply", { method: "POST", headers, body: JSON.stringify({ message }), cache: "no-store" });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.detail);
    find("replies").replaceChildren(...answer.replies.map(({ text }) => button(text)));
    if (!answer.replies.length) find("replied").textContent = "No reply fits.";
  } catch (error) {
    find("replied").textContent = error.message;
  }
}

/** A button that writes the reply in place of the text, as typing does it, so that undo takes it back. */
function button(reply) {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: reply });
  made.addEventListener("click", () => {
    find("text").focus();
    find("text").select();
    document.execCommand("insertText", false, reply);
  });
  return made;
}

form.addEventListener("submit", showReplies);
