"""Pages of the kinds that the widget is put into, each with one field of the id ``a``: for tests and pictures."""

_STYLE = (
    "<style>body {{ margin: 24px; font: 16px/1.5 system-ui, sans-serif; {body} }} "
    "#a {{ font: inherit; {field} }} {more}</style>"
)


def _page(
    content: str, body: str = "", field: str = "width: 100%; box-sizing: border-box; padding: 8px", more: str = ""
) -> str:
    return f"{_STYLE.format(body=body, field=field, more=more)}<main><h1>A page</h1>{content}</main>"


_AREA = '<textarea id="a" rows="4" aria-label="Your answer" data-tsuzuki></textarea>'

HOST_PAGES = {
    "help desk": _page(f"<p>Ticket 1204: the order has not arrived.</p>{_AREA}<p><button>Send</button></p>"),
    "chat": _page(
        '<p>Ann: are you coming?</p><form style="display: flex; gap: 8px; position: fixed; inset: auto 24px 24px">'
        f"{_AREA}<button>Send</button></form>",
        field="flex: 1; min-width: 0; padding: 8px; border-radius: 12px",
    ),
    "form": _page(
        f"<form style='display: grid; grid-template-columns: 8rem 1fr; gap: 12px'><label for=name>Name</label>"
        f"<input id=name><label for=a>Reason</label>{_AREA}<span></span><button>Save</button></form>"
    ),
    "dark": _page(
        f"{_AREA}<p>Notes are kept for a year.</p>",
        body="background: #14161a; color: #e8e6e0",
        field="width: 100%; padding: 12px; background: #1e2127; color: #e8e6e0; border: 1px solid #555",
    ),
    "search": _page(
        '<p><input id="a" type="search" aria-label="Search" data-tsuzuki> <button>Find</button></p>',
        field="width: 24rem; padding: 6px 10px",
    ),
    "editor": _page(
        '<div id="a" contenteditable role="textbox" aria-multiline="true" aria-label="Article" data-tsuzuki>'
        "<h2>Spring</h2><p>The first <em>warm</em> day.</p></div><p>Saved.</p>",
        field="min-height: 120px; padding: 12px; border: 1px solid #999; border-radius: 8px",
    ),
    "label and centred": _page(
        '<label>Your wish <textarea id="a" rows="4" data-tsuzuki></textarea></label>',
        field="display: block; width: 100%; padding: 8px; text-align: center; letter-spacing: 1px",
    ),
    "rude rules": _page(
        f"<div>{_AREA}</div><p>Below.</p>",
        more="div, ul, li, p, span, b, i { padding: 6px; margin: 4px; border: 1px solid #888; "
        "text-transform: uppercase; letter-spacing: 3px } * { line-height: 2.4 }",
    ),
}
