"""The grey letters stand where the same letters stand once they are typed: pictures of both are compared."""

from io import BytesIO

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from PIL import Image, ImageChops
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.widget.hosting import settled, suggest

TYPED, REST = "Thank you for your h", "elp"
LOOKS = """<style>
  body { margin: 40px; background: #fff; }
  #a { width: 400px; height: 100px; font: 20px/1.4 sans-serif; color: #000; --x: 0; }
  #a, .all { caret-color: transparent; }
  :focus { outline: none; }
  tsuzuki-view { --tsuzuki-ghost: #000; }
</style>"""
# Rules of a page that reach everything which is not in a shadow root, and the host itself.
RUDE = """div, b, i, span, ul, li, p, tsuzuki-view { padding: 9px; margin: 7px; float: right; font: 9px monospace;
  color: red; display: inline-block;
  text-transform: uppercase; letter-spacing: 4px; transform: none; border: 2px solid }"""
AREA = '<textarea id="a" data-tsuzuki></textarea>'
LONG = "It was the best of times, it was the worst of times. " * 12 + "\n\n"

PLACES = {
    "plain": (AREA, ""),
    "padded": (AREA, "#a { padding: 13px 21.5px 8px 17px; border: 7px double }"),
    "letters spaced": (AREA, "#a { letter-spacing: 2.5px; word-spacing: 6px }"),
    "scrolled": (AREA, ""),
    "tabs": (AREA, "#a { tab-size: 3 }"),
    "figures and small capitals": (AREA, "#a { font-variant: small-caps tabular-nums; font-stretch: 80% }"),
    "indented": (AREA, "#a { text-indent: 30px }"),
    "another box": (AREA, "#a { box-sizing: border-box; width: 397.4px; padding: 3% }"),
    "upper case": (AREA, "#a { text-transform: uppercase }"),
    "a serif in italics": (AREA, "#a { font: italic 600 23px/2 serif }"),
    "placed": (AREA, "#a { position: absolute; left: 33.3px; top: 21.7px; z-index: 7 }"),
    "in a flex row": (f"<div style='display: flex; gap: 9px'>{AREA}<button>Send</button></div>", ""),
    "in a grid": (f"<div style='display: grid; grid-template-columns: 3fr 1fr'>{AREA}<button>Send</button></div>", ""),
    "in a label": (f"<label>Your text {AREA}</label>", ""),
    "fixed": (AREA, "#a { position: fixed; right: 20px; bottom: 20px }"),
    "the page zoomed": (AREA, "html { zoom: 2 }"),
    "the field zoomed": (AREA, "#a { zoom: 1.5 }"),
    "around it zoomed": (f"<div style='zoom: 0.8'>{AREA}</div>", ""),
    "around it scaled": (f"<div style='transform: scale(1.5); transform-origin: 0 0; width: 450px'>{AREA}</div>", ""),
    "the field scaled": (AREA, "#a { transform: translate(70px, 30px) scale(1.2) }"),
    "the field scaled by a property": (AREA, "#a { scale: 1.25; translate: 60px 20px }"),
    "turned": (f"<div style='transform: rotate(90deg); width: 450px'>{AREA}</div>", "body { margin: 200px 40px }"),
    "from top to bottom": (AREA, "#a { writing-mode: vertical-rl; height: 400px; width: 120px }"),
    "from top to bottom, leftmost first": (AREA, "#a { writing-mode: vertical-lr; height: 400px; width: 120px }"),
    "as high as its text": (AREA, "#a { field-sizing: content; height: auto; min-height: 30px }"),
    "rude rules": (AREA, RUDE),
    "rude rules around it": (f"<div><span><b>{AREA}</b></span></div>", RUDE),
    "an input": ('<input id="a" data-tsuzuki>', "#a { height: 40px; padding: 0 11px }"),
    "an input of low height": ('<input id="a" type="search" data-tsuzuki>', "#a { height: 24px; font-size: 14px }"),
    "an input in a row": ('<p>Find <input id="a" data-tsuzuki> <button>Go</button></p>', "#a { height: auto }"),
}


def ghost_of(page: Page) -> Locator:
    return page.locator("tsuzuki-view .tail")


def picture(page: Page) -> Image.Image:
    return Image.open(BytesIO(page.screenshot())).convert("L")


def ink(image: Image.Image) -> int:
    """How many pixels are not white."""
    return sum(image.point(lambda light: 255 if light < 160 else 0).histogram()[255:])


def open_field(open_page: OpenPage, html: str, css: str) -> Page:
    page = open_page(f"{LOOKS}<style>{css}</style>{html}", viewport={"width": 1000, "height": 700})
    # No strip, which lies over the page with some of them.
    page.evaluate("a.dataset.tsuzukiMode = 'ghost'")
    suggest(page, {"h": [("help", 0.9)]})
    page.locator("#a").focus()
    return page


@pytest.mark.parametrize("name", PLACES)
def test_grey_letters_stand_where_typed_ones_do(open_page: OpenPage, name: str) -> None:
    page = open_field(open_page, *PLACES[name])
    before = "a\tb\t" if name == "tabs" else LONG if name == "scrolled" else ""
    page.keyboard.insert_text(before + TYPED)
    expect(ghost_of(page)).to_have_text(REST)
    expect(ghost_of(page)).to_be_visible()
    grey = picture(page)
    page.keyboard.press("Escape")
    expect(ghost_of(page)).to_be_hidden()
    without = picture(page)
    page.keyboard.insert_text(REST)
    typed = picture(page)
    letters = ink(ImageChops.invert(ImageChops.difference(typed, without)))
    wrong = ink(ImageChops.invert(ImageChops.difference(grey, typed)))
    assert letters > 40
    # Letters that are scaled or turned are smoothed a little differently.
    assert wrong <= 0.12 * letters, (wrong, letters)


def extent(page: Page) -> tuple[int, int, int]:
    """The width, the top and the bottom of what is written, in pixels."""
    box = page.locator("#a").bounding_box()
    assert box
    inner = {"x": box["x"] + 4, "y": box["y"] + 4, "width": box["width"] - 8, "height": box["height"] - 24}
    image = Image.open(BytesIO(page.screenshot(clip=inner))).convert("L")  # type: ignore[arg-type]
    left, top, right, bottom = ImageChops.invert(image).point(lambda light: 255 if light > 96 else 0).getbbox()  # type: ignore[misc]
    return right - left, top, bottom


@pytest.mark.parametrize(
    ("html", "css"),
    [
        (AREA, "#a { text-align: center }"),
        ('<input id="a" data-tsuzuki>', "#a { text-align: center; height: 60px }"),
        ('<div id="a" contenteditable data-tsuzuki></div>', ""),
        ('<div id="a" contenteditable data-tsuzuki></div>', "#a { text-align: center; font: bold 26px serif }"),
        ("<div style='zoom: 1.5'><div id='a' contenteditable data-tsuzuki></div></div>", "#a { width: 380px }"),
    ],
    ids=["centred", "a centred input", "contenteditable", "contenteditable, centred", "contenteditable, zoomed"],
)
def test_grey_letters_follow_the_typed_ones_where_each_letter_moves_them(
    open_page: OpenPage, html: str, css: str
) -> None:
    page = open_field(open_page, html, f"{css} #a {{ border: 1px solid #ccc; padding: 5px }}")
    page.keyboard.type(TYPED)
    expect(ghost_of(page)).to_have_text(REST)
    expect(ghost_of(page)).to_be_visible()
    grey = extent(page)
    page.keyboard.press("Escape")
    page.keyboard.type(REST)
    typed = extent(page)
    assert all(abs(one - other) <= 2 for one, other in zip(grey, typed, strict=True)), (grey, typed)


@pytest.mark.parametrize(
    ("html", "css"),
    [
        (AREA, "#a { text-align: right }"),
        (AREA, "#a { text-align: end }"),
        (AREA.replace("data-", 'dir="rtl" data-'), ""),
        (AREA, "#a { field-sizing: content; width: auto; min-width: 20px }"),
        # The word would stand in the next line as a whole.
        (AREA, "#a { width: 224px }"),
        ('<input id="a" data-tsuzuki>', "#a { width: 224px }"),
        ('<div id="a" contenteditable data-tsuzuki></div>', "#a { text-align: right }"),
        ('<div id="a" contenteditable dir="rtl" data-tsuzuki></div>', ""),
    ],
)
def test_nothing_is_grey_where_the_letters_have_no_place(open_page: OpenPage, html: str, css: str) -> None:
    page = open_field(open_page, html, css)
    page.keyboard.type(TYPED)
    settled(page, TYPED)
    expect(ghost_of(page)).to_be_hidden()
    page.keyboard.press("Tab")
    assert page.locator("#a").evaluate("field => field.value ?? field.textContent") == TYPED


def test_the_next_word_stands_in_the_next_line_where_it_would(open_page: OpenPage) -> None:
    page = open_field(open_page, AREA, "#a { width: 230px }")
    suggest(page, {"help": [(" yesterday", 0.9)]})
    page.keyboard.type("Thank you for your help")
    expect(ghost_of(page)).to_have_text(" yesterday")
    expect(ghost_of(page)).to_be_visible()
    lines = page.evaluate("() => document.querySelector('tsuzuki-view').shadowRoot.querySelector('.flow').offsetHeight")
    assert lines == 56


def test_the_placeholder_is_left_alone(open_page: OpenPage) -> None:
    page = open_field(open_page, '<textarea id="a" placeholder="Your answer" data-tsuzuki></textarea>', "")
    suggest(page, {"": [("The", 0.9)]})
    page.locator("#a").blur()
    page.locator("#a").focus()
    settled(page, "")
    expect(ghost_of(page)).to_be_hidden()
    page.keyboard.press("Tab")
    expect(page.locator("#a")).to_have_value("")


def test_grey_letters_that_would_melt_into_the_typed_ones_stand_beside_them(open_page: OpenPage) -> None:
    page = open_field(open_page, AREA, "")
    suggest(page, {"off": [("office", 0.9)]})
    page.keyboard.type("at the off")
    expect(ghost_of(page)).to_have_text("ice")
    expect(ghost_of(page)).to_be_visible()


@pytest.mark.parametrize(
    "html", [AREA, '<input id="a" data-tsuzuki>', '<div id="a" contenteditable data-tsuzuki></div>']
)
@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark"}, {"forced_colors": "active"}])
def test_grey_letters_can_be_seen(open_page: OpenPage, html: str, options: dict[str, str]) -> None:
    page = open_page(f'<meta name="color-scheme" content="light dark">{html}', **options)
    page.add_style_tag(content="#a { caret-color: transparent; width: 400px }")
    suggest(page, {"h": [("help", 0.9)]})
    page.locator("#a").focus()
    page.keyboard.type(TYPED)
    expect(ghost_of(page)).to_be_visible()
    clip = ghost_of(page).bounding_box()
    assert clip
    with_letters = Image.open(BytesIO(page.screenshot(clip=clip))).convert("L")
    page.keyboard.press("Escape")
    without = Image.open(BytesIO(page.screenshot(clip=clip))).convert("L")
    differences = ImageChops.difference(with_letters, without).tobytes()
    assert max(differences) > 60
