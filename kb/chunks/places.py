"""Where each part of a passage stands in its source: on which page, below which anchor."""

Place = tuple[int, int | None, str]  # from which character of the passage on, page of a PDF, anchor of a web page


def place_at(places: tuple[Place, ...], offset: int, page: int | None = None) -> tuple[int | None, str]:
    """Page and anchor at `offset`; `places` ascend, and where they say nothing it is `page`, without an anchor."""
    anchor = ""
    for begins, page_there, anchor_there in places:
        if begins > offset:
            break
        page, anchor = page_there, anchor_there
    return page, anchor
