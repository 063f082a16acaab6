"""The cleaning of text to train on: what a format or a transcript put there, and nobody typed.

Whole lines that are headers, quoted text, or hold an address go; stage directions, speakers' names and markup go from
the line that holds them.
"""

import re

# Mail: header lines, the line above a quotation, quoted lines, rules of five and more signs.
_NOT_TYPED = re.compile(
    r"(?:from|to|sent|cc|bcc|subject|date|re|fwd?|importance|attachments?|message-id|reply-to)\s*:"
    r"|.*\b(?:wrote|writes):$|.*original message|in a message dated|on .{4,60}, at .{4,20}, .*"
    r'|"?>|[-=_*#~.+ ]{5,}$|sent from my ',
    re.IGNORECASE,
)
# Addresses of mail and of the web, and paths: a person's own are learned by nobody else.
_ADDRESS = re.compile(r"\S+@\S+\.\w|\bhttps?:|\bwww\.\w", re.IGNORECASE)
_STAGE_DIRECTION = re.compile(
    r"\s*[(\[]\s*(?:applause|laugh\w*|cross-?talk|inaudible|unintelligible|off-?mike|music|cheers?|cheering|pause|ph|sic"
    r"|silence|indiscernible|foreign language|whispering|sighs?|chuckles?|coughs?|break)\b[^)\]]{0,40}(?:[)\]]|$)",
    re.IGNORECASE,
)
# MR. EARNEST: Well, … and Speaker 12: …; a name in small letters before a colon may be anything (Note: …).
_SPEAKER = re.compile(r"^(?:[A-Z][A-Z .'-]{2,30}|[Ss]peaker \d+|Q|A):\s+")
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,80}>|&(?:nbsp|amp|lt|gt|quot|#\d+);")
_MARKUP = re.compile(r"^#{1,6}\s+|\*\*|__|`|^\s*[*•]\s+")
# A greeting of one line and the name in it: names of one office would be everybody's friends.
_GREETING = re.compile(r"(?:dear|hi|hello|hey)(?: [A-Z][\w.'-]*){1,3}\s*(?:[,:!.-]|--)*$", re.IGNORECASE)


def typed_lines(lines: list[str], private: bool = False) -> list[str]:
    """Keep what people typed of a document's lines; of ``private`` text without its greetings."""
    kept = []
    for line in lines:
        if _NOT_TYPED.match(line) or _ADDRESS.search(line) or (private and _GREETING.match(line)):
            continue
        line = _STAGE_DIRECTION.sub("", _TAG.sub(" ", line))
        line = _MARKUP.sub("", _SPEAKER.sub("", line)).strip()
        if line:
            kept.append(line)
    return kept
