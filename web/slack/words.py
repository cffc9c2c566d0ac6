"""Words on their way to Slack and back: nothing that a visitor writes pings, links or formats there. Pure."""

import re

SECTION_MAX = 3_000  # characters of one text
URL_MAX = 700
FALLBACK_MAX = 300  # of what a notification shows
JOINER = "\u2060"  # shows nothing, and what it stands in is no address any more

ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
ADDRESS = re.compile(r"(?i)\b(?:https?|ftp|mailto|tel|slack|file):(?=[^\s\u2060])|\bwww\.(?!\u2060)")
CONTROL = re.compile(r"<([^<>]*)>")
BLANK = re.compile(r"\s+")


def escaped(text: str) -> str:
    """`text` where Slack reads its markup: no `<!channel>`, no `<@U1>`, no link comes of it."""
    return "".join(ENTITIES.get(char, char) for char in text)


def unescaped(text: str) -> str:
    """What was written, from what Slack says was written."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def unlinked(text: str) -> str:
    """`text` in which Slack's own clients find no address to make a link of."""
    return ADDRESS.sub(lambda found: f"{found[0]}{JOINER}", text)


def literal(text: str) -> dict[str, object]:
    """A text object that shows `text` as it is: no formatting, no emoji, no mention, no link. At least a blank."""
    return {"type": "plain_text", "text": unlinked(text)[:SECTION_MAX] or " ", "emoji": False}


def marked(text: str) -> dict[str, object]:
    """A text object of our own words, in Slack's markup; what is quoted in it must be `escaped`."""
    return {"type": "mrkdwn", "text": text[:SECTION_MAX] or " ", "verbatim": True}


def pieces(text: str, most: int = SECTION_MAX - 200) -> list[str]:
    """`text` cut into parts of at most `most` characters, at blanks where there are any."""
    parts, rest = [], text
    while len(rest) > most:
        at = max(rest.rfind("\n", 0, most), rest.rfind(" ", 0, most))
        at = at if at > most // 2 else most
        parts.append(rest[:at])
        rest = rest[at:].lstrip()
    return [*parts, rest]


def short(text: str, most: int) -> str:
    """`text` on one line of at most `most` characters."""
    line = BLANK.sub(" ", text).strip()
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def fallback(text: str) -> str:
    """What a notification says, where Slack still reads markup."""
    return escaped(unlinked(short(text, FALLBACK_MAX)))


def linked(url: str, title: str) -> str:
    """A link in Slack's markup; the title alone where `url` is no web address."""
    shown = escaped(short(title, 120)).replace("|", "¦") or "link"
    if not url.startswith(("https://", "http://")) or len(url) > URL_MAX or re.search(r"[\s<>|\x00-\x1f]", url):
        return shown
    return f"<{url.replace('&', '&amp;')}|{shown}>"


def plain(text: str, bot: str = "") -> str:
    """What somebody wrote in Slack, as they saw it: mentions, channels and links in words; the bot's own name out."""

    def spelled(found: re.Match[str]) -> str:
        target, _, label = found[1].removeprefix("mailto:").partition("|")
        match target[:1]:
            case "@":
                return "" if target[1:] == bot else f"@{label or target[1:]}"
            case "#":
                return f"#{label or target[1:]}"
            case "!":
                return f"@{label.removeprefix('@') or target[1:].partition('^')[0]}"
            case _:
                return target if label in {"", target} or target.endswith(label) else f"{label} ({target})"

    return unescaped(CONTROL.sub(spelled, text)).strip()
