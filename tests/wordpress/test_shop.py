"""The demo shop as WordPress is given it: every public document once, and nothing that is not public."""

from pathlib import Path

from ops.demo import content
from ops.wordpress.shop import as_content, describe


def test_every_public_document_is_a_page_or_a_file_and_no_other_is() -> None:
    made = describe()
    paths = [page["path"].strip("/") for page in made["pages"]] + [file["path"].strip("/") for file in made["files"]]
    assert len(paths) == len(set(paths))
    assert set(paths) - {"product"} == {path.strip("/") for path in content.pages()}
    assert not [path for path in paths if path.startswith("staff")]
    assert all(Path(file["file"]).parent == content.DOCUMENTS for file in made["files"])


def test_a_page_has_neither_the_frame_nor_the_title_that_its_theme_adds() -> None:
    shipping = as_content(content.DOCUMENTS / "shipping.html")
    assert "£14.95" in shipping
    assert "<h1" not in shipping
    assert "site-footer" not in shipping
    returns = as_content(content.DOCUMENTS / "returns.md")
    assert "<h1" not in returns
    assert "<h2>The short version</h2>" in returns


def test_plain_text_keeps_its_headings_lines_and_lists() -> None:
    batteries = as_content(content.DOCUMENTS / "battery-disposal.txt")
    assert "<h2>WHAT WE TAKE</h2>\n<ul><li>AA, AAA and button cells</li>" in batteries
    assert "</ul>\n<h2>WHAT WE DO NOT TAKE</h2>" in batteries
