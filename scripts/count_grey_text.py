"""How often the widget's grey text is right, letter by letter: ``python -m scripts.count_grey_text``.

Grey text is right where the sentence goes on with exactly its letters, up to the end of a word.
"""

import argparse
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks.suggestions.phrases import is_right
from benchmarks.traffic.servers import running_server
from scripts.chromium import chromium, missing

if TYPE_CHECKING:
    from playwright.sync_api import Page

# Mails, chats, a list, a bug report, a recipe: what people write all day, with names and numbers in it.
SENTENCES = (
    "Hi Sarah, thanks for getting back to me so quickly.",
    "Please find attached the minutes of the meeting on Tuesday and let me know if anything is missing.",
    "I am sorry for the late reply, I have been out of the office all week.",
    "Could you send me the latest version of the contract before Friday?",
    "The app crashes when I open the settings page on my phone.",
    "Steps to reproduce: open the list, click on the second item and press the back button.",
    "We expect the new release to be ready by the end of the month.",
    "no worries, see you at the station around half past six",
    "haha yes that was so funny, I can't believe he said that",
    "do you want to come over for dinner on Saturday night?",
    "Shopping list: milk, two loaves of bread, 6 eggs, tomatoes and some cheese",
    "Dear Mr. Thompson, I would like to apply for the position of project manager.",
    "Our customers have been asking for this feature for a long time.",
    "I think we should wait until we hear back from the lawyers.",
    "My name is Katarzyna Nowak and I am writing on behalf of my mother.",
    "The patient was seen in the clinic today because of pain in her left knee.",
    "It took us more than three hours to get there because of the traffic.",
    "Would you mind giving me a call when you have a moment?",
    "The order 48213 was delivered to the wrong address last Thursday.",
    "Add the onions and cook them over low heat until they are soft.",
    "There is nothing we can do about it at this point, unfortunately.",
    "Happy birthday! I hope you have a wonderful day with your family.",
    "She walked down the street without looking back at the house.",
    "If you have any further questions, please do not hesitate to contact us.",
    "We need to talk about the budget for next year before the board meets.",
)

# One letter at a time, as typing puts it in; each waits until its answer is shown. The rule itself says what would be
# grey without a threshold.
_TYPE = """async ([selector, sentence]) => {
  const { greyIndex } = await import("/static/widget/rules.js");
  const box = document.querySelector(selector);
  const tail = box.nextSibling.shadowRoot.querySelector(".ghost");
  box.focus();
  box.select();
  document.execCommand("delete");
  const seen = [];
  for (let typed = 1; typed <= sentence.length; typed++) {
    const answered = new Promise((done) => {
      box.addEventListener("tsuzuki:answered", function hear({ detail }) {
        if (detail.request.text !== box.value) return;
        box.removeEventListener("tsuzuki:answered", hear);
        queueMicrotask(() => done(detail.answer));
      });
    });
    document.execCommand("insertText", false, sentence[typed - 1]);
    const answer = await answered;
    const { suggestions, replace } = answer;
    const place = { text: box.value, caret: typed, start: replace.start, end: replace.end, suggestions };
    const index = greyIndex(place, 0);
    seen.push({
      value: box.value,
      grey: tail.hidden ? "" : tail.querySelector(".tail").textContent,
      any: index < 0 ? "" : suggestions[index].insert.slice(typed - replace.start),
    });
  }
  return seen;
}"""


@dataclass
class Count:
    """Counts over all keystrokes."""

    keystrokes: int = 0
    shown: int = 0
    right: int = 0
    shown_without_threshold: int = 0
    right_without_threshold: int = 0
    wrong: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    """The texts that were not what had been typed."""


def count_grey_text(page: "Page", selector: str, sentences: tuple[str, ...]) -> Count:
    """Type sentences into a field of a page of the service's origin, and count what stands grey behind each letter."""
    count = Count()
    for sentence in sentences:
        seen: list[dict[str, Any]] = page.evaluate(_TYPE, [selector, sentence])
        for typed, place in enumerate(seen, 1):
            rest = sentence[typed:]
            count.keystrokes += 1
            if place["value"] != sentence[:typed]:
                count.lost.append(place["value"])
            if place["grey"]:
                count.shown += 1
                if is_right(rest, place["grey"]):
                    count.right += 1
                else:
                    count.wrong.append(f"{sentence[:typed]}|{place['grey']}")
            if place["any"]:
                count.shown_without_threshold += 1
                count.right_without_threshold += is_right(rest, place["any"])
    return count


def main(arguments: list[str] | None = None) -> None:
    """Type the sentences into the page at ``/``, and print the counts."""
    parser = argparse.ArgumentParser(prog="python -m scripts.count_grey_text", description=__doc__)
    parser.add_argument("--wrong", action="store_true", help="print each place where grey text was wrong")
    options = parser.parse_args(arguments)
    if reason := missing():
        raise SystemExit(reason)
    with running_server() as server, chromium() as browser:
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.port}")
        count = count_grey_text(page, "#text", SENTENCES)
    if options.wrong:
        print("\n".join(count.wrong))
    for name, shown, right in (
        ("with its threshold", count.shown, count.right),
        ("without a threshold", count.shown_without_threshold, count.right_without_threshold),
    ):
        print(
            f"Grey text {name}: at {shown} of {count.keystrokes} keystrokes ({shown / count.keystrokes:.0%}), "
            f"right at {right} ({right / shown:.0%})."
        )
    print(f"Kept of those that are right: {count.right / count.right_without_threshold:.0%}.")


if __name__ == "__main__":
    main()
