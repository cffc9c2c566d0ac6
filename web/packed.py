"""The widget's files as they are sent: its modules as one, without comments; the same bytes from the same sources."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent / "wp-widget" / "assets"
ENTRY = "start.js"  # the module that the others are joined into
IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w-]+\.js)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const)\b)", re.MULTILINE)
NAME = re.compile(r"^(?:export )?(?:async )?(?:function\*?|class|const|let) (\w+)", re.MULTILINE)
LINE_REMARK = re.compile(r"^\s*//[^\n]*\n|[ \t]+// [^\n\"'`]*$", re.MULTILINE)  # no text is cut that holds "//"
BLOCK_REMARK = re.compile(r"^[ \t]*/\*.*?\*/[ \t]*\n", re.MULTILINE | re.DOTALL)


class NotJoinable(ValueError):
    """Two modules use one name, or a text runs over several lines: give each its own, and close it on its line."""


def packed(root: Path = ROOT) -> dict[str, bytes]:
    """Path below `root` → what is sent: script, joined modules, style sheet, and the phrases of each language."""
    chat = root / "chat"
    sent = {
        "widget.js": _script((root / "widget.js").read_text("utf-8")),
        "widget.css": _style((root / "widget.css").read_text("utf-8")),
        f"chat/{ENTRY}": joined(chat),
    }
    for file in sorted((chat / "strings").glob("*.json")):
        phrases = json.loads(file.read_text("utf-8"))
        sent[f"chat/strings/{file.name}"] = json.dumps(phrases, ensure_ascii=False, separators=(",", ":"))
    return {path: text.encode() for path, text in sent.items()}


def joined(folder: Path) -> str:
    """The modules of `folder` that `ENTRY` needs, each after those that it needs, as one. Raises NotJoinable."""
    modules: dict[str, str] = {}
    _read(folder, ENTRY, modules)
    names = [name for text in modules.values() for name in NAME.findall(text)]
    if twice := {name for name in names if names.count(name) > 1}:
        raise NotJoinable(f"Names that two modules use: {sorted(twice)}.")
    return "".join(_script(text if name == ENTRY else EXPORT.sub("", text)) for name, text in modules.items())


def _read(folder: Path, name: str, modules: dict[str, str]) -> None:
    if name in modules:
        return
    text = (folder / name).read_text("utf-8")
    for needed in IMPORT.findall(text):
        _read(folder, needed, modules)
    modules[name] = IMPORT.sub("", text)


def _script(text: str) -> str:
    """Without remarks, blank lines and indentation: lines stay lines, so that nothing has to be understood."""
    bare = LINE_REMARK.sub("", BLOCK_REMARK.sub("", text))
    lines = [line.strip() for line in bare.splitlines() if line.strip()]
    if open_text := [line for line in lines if line.count("`") % 2]:
        raise NotJoinable(f"A text that is not closed on its line: {open_text[0]}")
    return "\n".join([*lines, ""])


def _style(text: str) -> str:
    bare = re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)).strip()
    return re.sub(r"(?<=[:;,]) | ?(?<=[{};]) ?| (?=[{}])", "", bare)
