"""Which texts are e-mail addresses, and which two are the same."""

import pytest

from tools.address import same, well_formed


@pytest.mark.parametrize(
    "text",
    ["ada@example.com", "a.b+tag@sub.example.co.uk", "o'neil@example.ie", "ada@bücher.example", "jürgen@example.de"],
)
def test_addresses(text: str) -> None:
    assert well_formed(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "@", "ada", "ada@", "@example.com", "ada@localhost", "ada@@example.com", "a b@example.com"),
        *("Ada <ada@example.com>", "ada@example.com,bob@example.com", "ada@-x.example", "ada@x..example"),
        *(".ada@example.com", "a..b@example.com", "ada@127.0.0.1", "ada@example.com\n", "ada@ex_ample.com\x00"),
        *("a" * 65 + "@example.com", "a@" + "b" * 64 + ".com"),
    ],
)
def test_no_addresses(text: str) -> None:
    assert not well_formed(text)


def test_case_and_space_make_no_other_address() -> None:
    assert same(" Ada@Example.com", "ada@example.COM ")
    assert not same("ada@example.com", "adb@example.com")
    assert not same("ada@example.com", "ada@example.com.evil.example")
