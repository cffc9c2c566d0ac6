"""Deep links by their letters; that a browser follows them is shown in test_deep_links.py."""

from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.citing.fragments import deep_link

HOME = "https://shop.example/returns"


def link(said: str, *, text: str = "", url: str = HOME, anchor: str = "", page: int | None = None) -> str:
    text = text or said
    start = text.index(said)
    return deep_link(url, text, (start, start + len(said)), anchor=anchor, page=page).removeprefix(url)


@pytest.mark.parametrize(
    ("said", "fragment"),
    [
        ("You have 60 days to return it.", "#:~:text=You%20have%2060%20days%20to%20return%20it."),
        ("Well-made, safe & sound, 100 %.", "#:~:text=Well%2Dmade%2C%20safe%20%26%20sound%2C%20100%20%25."),
        (
            "One two three four five six seven eight nine ten.",
            "#:~:text=One%20two%20three%20four,seven%20eight%20nine%20ten.",
        ),
        ("Country: Norway | Price: 9.90 EUR", "#:~:text=Norway-,9.90%20EUR"),
        ("Country: Norway | Price: 9 EUR | Days: 3-5", "#:~:text=Norway-,9%20EUR,3%2D5&text=9%20EUR-,3%2D5"),
        ("Weight: 430 g", "#:~:text=Weight-,430%20g&text=Weight%3A%20430%20g"),
        ("الشحن مجاني داخل النرويج.", None),
        ("送料は、すべて当店が払います、ご安心ください。", None),
    ],
)
def test_what_is_said_decides_how_it_is_named(said: str, fragment: str | None) -> None:
    whole = "".join(f"%{byte:02X}" for byte in said.encode()).replace("%20", "%20").replace("%2E", ".")
    assert link(said) == (fragment or f"#:~:text={whole}")


def test_words_that_stand_twice_are_named_with_what_stands_before_them() -> None:
    text = "Boots are dear. Take care.\n\n- Tents\n- Boots"
    assert link("Boots are dear.", text=text) == "#:~:text=Boots%20are%20dear."
    start = text.rindex("Boots")
    assert deep_link(HOME, text, (start, start + 5)) == f"{HOME}#:~:text=Tents-,Boots"


def test_a_beginning_that_stands_twice_is_named_by_more_of_it() -> None:
    text = "You can return unused gear. You can return unused boots with all of their laces within 30 days."
    said = "You can return unused boots with all of their laces within 30 days."
    assert link(said, text=text) == "#:~:text=You%20can%20return%20unused%20boots,laces%20within%2030%20days."


def test_a_row_whose_words_stand_in_a_sentence_too_is_named_by_its_later_cells() -> None:
    text = "Product code FL-2, in green.\n\nProduct code | Two: FL-2 | Three: FL-3\nPrice | Two: 4 | Three: 5"
    assert link("Product code | Two: FL-2 | Three: FL-3", text=text) == "#:~:text=FL%2D2-,FL%2D3"


@pytest.mark.parametrize(
    ("url", "anchor", "page", "expected"),
    [
        (HOME, "costs", None, f"{HOME}#costs:~:text=Sixty%20days."),
        (HOME, "über uns-2", None, f"{HOME}#%C3%BCber%20uns-2:~:text=Sixty%20days."),
        (f"{HOME}#top", "costs", None, f"{HOME}#top:~:text=Sixty%20days."),
        (f"{HOME}#top:~:text=old", "", None, f"{HOME}#top:~:text=Sixty%20days."),
        (f"{HOME}?a=1&b=2", "", None, f"{HOME}?a=1&b=2#:~:text=Sixty%20days."),
        ("/returns/", "", None, "/returns/#:~:text=Sixty%20days."),
        ("/media/My File.pdf", "", 7, "/media/My%20File.pdf#page=7"),
        (f"{HOME}.pdf", "", 7, f"{HOME}.pdf#page=7"),
        (f"{HOME}.pdf#zoom=90", "", 7, f"{HOME}.pdf#zoom=90&page=7"),
        (f"{HOME}.pdf#page=2", "", 7, f"{HOME}.pdf#page=2"),
    ],
)
def test_an_address_keeps_what_it_has(url: str, anchor: str, page: int | None, expected: str) -> None:
    text = "Sixty days."
    assert deep_link(url, text, (0, len(text)), anchor=anchor, page=page) == expected


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "returns.md",
            "docs/returns.md",
            "C:\\docs\\returns.md",
            "file:///docs/returns.md",
            "ftp://shop.example/r",
        ),
        *(
            "javascript:alert(1)",
            "data:text/html,x",
            "//evil.example/r",
            "/\\evil.example",
            "/\t/evil.example",
            "https://",
        ),
        *("https:///r", "http:/r", " https://shop.example", "https://shop.example/\nr"),
    ],
)
def test_what_no_browser_should_open_gives_no_link(url: str) -> None:
    assert deep_link(url, "Sixty days.", (0, 11), page=3) == ""


@given(st.text(max_size=200), st.data())
@settings(deadline=None)
def test_a_fragment_holds_only_words_of_the_text_and_no_loose_mark(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    made = deep_link(HOME, text, (start, end)).removeprefix(f"{HOME}#").removeprefix(":~:")
    for directive in filter(None, made.split("&")):
        assert directive.startswith("text=")
        parts = directive.removeprefix("text=").split(",")
        bare = [part.removesuffix("-") if n == 0 else part for n, part in enumerate(parts)]
        bare[-1] = bare[-1].removeprefix("-") if len(bare) > 1 else bare[-1]
        assert all(part and "-" not in part and " " not in part for part in bare)
        assert all(unquote(part) in text for part in bare)
