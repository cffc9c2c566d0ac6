"""What on a web page is not its content: menus, banners, what visitors wrote, what nobody sees."""

import re

from lxml import etree
from lxml.etree import _Element

NEVER = {"script", "style", "noscript", "template", "svg", "iframe", "button", "select", "input", "textarea", "head"}
NEVER |= {"nav", "dialog", "object", "canvas", "audio", "video", "datalist", "math"}
UNREAD = {"script", "style", "noscript", "template"}
MAYBE = {"form", "aside", "footer"}  # dropped, unless most of the page is inside
ROLES = {"navigation", "banner", "contentinfo", "complementary", "search", "dialog", "alertdialog", "alert", "menu"}
ROLES |= {"menubar", "tablist", "toolbar"}
CALLOUT = re.compile(r"admonition|callout|aside|note|tip|warning|caution|notice|infobox", re.IGNORECASE)

# Each is held against one class, or against the id; both in lower case.
VISITORS = re.compile(
    r"(?:(?:post|entry|article|blog|page|user|customer|product|woocommerce|wp-block|wp-block-post|wp-block-latest)-)?"
    r"(?:comments?|reviews?)(?:[-_]?(?:areas?|lists?|bod(?:y|ies)|respond|form|section|wrap|wrapper|container|thread"
    r"|holder|template|titles?|contents?|box|count|link|reply|nav|navigation|pagination|callout|inner|text|heading))?"
    r"|woocommerce-tabs-panel--reviews|disqus.*|fb-comments|utterances|giscus|remark42|hreview|trustpilot-widget"
    r"|(?:yotpo|jdgm|stamped|loox|spr|wpdiscuz|wc-comment|comment-(?:add|forbidden))(?:[-_].*)?|(?:li-|div-)?comment-\d+|comment_container"
)
CHROME = re.compile(
    r"(?:site|page|main|global|mobile|top|bottom|elementor-location)-(?:header|footer|nav|navigation|menu|bar|popup)"
    r"|elementor-location-popup|masthead|colophon|site-info|topbar|promo-bar|announcement-bar|footer|navbar|pager|menu"
    r"|nav|navigation|(?:.*[-_])?(?:breadcrumbs?|pagination|nav-menu|nav-links)|(?:post|posts|doc|article)-navigation"
    r"|skip-(?:link|links|navigation|to-content)|(?:.*[-_])?sidebar(?:--.*)?|widget-area|widget|widget_.*|secondary-menu"
    r"|table[-_]?of[-_]?contents?|toc(?:collapsible.*|[-_].*)?|ez-toc-container|wp-block-.*-toc(?:-block)?|lwptoc"
    r"|share|sharing|social|sharedaddy|sd-sharing.*|addtoany.*|a2a_kit|heateor.*|(?:.*-)?(?:share|social)[-_](?:buttons?"
    r"|icons?|links?|bar|list|widget)|(?:article|post|entry|product)-(?:share|social)"
    r"|(?:.*[-_])?related(?:[-_]?(?:posts?|articles?|products?|items|content|topics|pages))?|jp-relatedposts|up-sells"
    r"|upsells|cross-sells|yarpp.*|wp-block-(?:latest-posts|latest-comments|query|archives|categories|tag-cloud"
    r"|social-links|post-navigation-link|post-author.*|post-date|post-terms|navigation|loginout|search)"
    r"|elementor-widget-(?:posts|share-buttons|social-icons|nav-menu|post-navigation|author-box|search-form)"
    r"|(?:recent|latest|popular|recommended|more)[-_](?:posts?|articles?|products?|stories)|read-next|next-up"
    r"|(?:post-)?author-(?:box|bio|info)|about-author"
    r"|article-author|saboxplugin.*|cat-links|tags?-links|reading-time|post-views.*|edit-link|edit-this-page"
    r"|(?:.*[-_])?cookie[-_]?(?:banner|notice|consent|bar|law|box|popup|modal|dialog|overlay|alert|message|info|wrapper"
    r"|container|manager).*|cookieconsent.*|(?:cmplz|cky|onetrust|usercentrics|borlabs|cybot|didomi|osano|klaro|gdpr"
    r"|moove_gdpr|iubenda-cs|consent)[-_]?.*|borlabscookie.*|cc-(?:window|banner|revoke)|newsletter(?:[-_].*)?"
    r"|popup|pum|pum-.*|modal|modal-dialog|lightbox|screen-reader-text|sr-only|visually-hidden|headerlink|anchor-link"
    r"|header-anchor|hash-link|md-content__button|md-source-file|md-feedback|article-votes|(?:.*-)?feedback"
    r"|was-this-helpful|adsbygoogle|ad-(?:container|slot|banner)|advertisement|onsale|star-rating|back-to-top"
    r"|woocommerce-(?:product-rating|message|info|error|notices-wrapper|breadcrumb)|(?:wpml-ls|trp-language)[-_].*"
    r"|language-switcher|variations_form|print-link|search-form"
)
META = re.compile(r"(?:entry|post|article)-meta|posted[-_]on|byline")  # beside the content; what is inside it is meant
EDITED = {"entry-content", "wp-block-post-content", "post-content", "article-body", "article__body", "page-content"}
UNFOLDS = re.compile(r"accordion|tab|toggle|spoiler|collaps|faq|panel|answer|disclosure", re.IGNORECASE)
HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
INLINE = {
    *("a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins", "kbd", "label"),
    *("mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "img"),
}
HEADINGS = {f"h{level}" for level in range(1, 7)}
LONGEST_MARK = 3  # characters of a permalink beside a heading
WHOLE_PAGE = 0.5  # share of its words above which something is the page itself, however it is called


class Sizes:
    """Characters of the words in each element of a page, without white space; counted once, for all of them."""

    def __init__(self, root: _Element) -> None:
        """Count below `root`. What a script holds is no word."""
        self._of: dict[_Element, int] = {}
        for _, one in etree.iterwalk(root, events=("end",)):
            own = 0 if one.tag in UNREAD else _letters(one.text)
            self._of[one] = own + sum(self._of.get(child, 0) + _letters(child.tail) for child in one)

    def __call__(self, element: _Element) -> int:
        """Characters inside `element`."""
        return self._of.get(element, 0)


def _letters(text: str | None) -> int:
    return len("".join(text.split())) if text else 0


def prune(root: _Element) -> None:
    """Take out of the page below `root` whatever is not content."""
    size = Sizes(root)
    controlled = {name for one in root.iter() for name in (one.get("aria-controls") or "").split()}
    left = [root]
    while left:
        for child in list(left.pop()):
            if _left_out(child, size, max(1, size(root)), controlled):
                _drop(child)
            else:
                left.append(child)


def _drop(element: _Element) -> None:
    parent, before = element.getparent(), element.getprevious()
    assert parent is not None
    if element.tail and before is not None:
        before.tail = (before.tail or "") + element.tail
    elif element.tail:
        parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def _left_out(element: _Element, size: Sizes, whole: int, controlled: set[str]) -> bool:
    tag = element.tag
    if not isinstance(tag, str):
        return True
    if tag in NEVER:
        return not (tag == "button" and _asks(element, size))
    names = {name.lower() for name in (element.get("class") or "").split()}
    id_ = (element.get("id") or "").lower()
    if _by_visitors(element, names, id_, size, whole) or _unseen(element, names, id_, controlled):
        return True
    chrome = _is_chrome(element, tag, names, id_)
    return chrome and (tag in INLINE or size(element) < WHOLE_PAGE * whole)


def _is_chrome(element: _Element, tag: str, names: set[str], id_: str) -> bool:
    if tag in {"html", "body", "main"} | HEADINGS:
        return "screen-reader-text" in names and tag in HEADINGS
    if tag in MAYBE and not (tag == "aside" and CALLOUT.search(" ".join(names))):
        parent = element.getparent()
        return not (tag == "footer" and parent is not None and parent.tag == "blockquote")
    if element.get("role", "").lower() in ROLES or element.get("data-elementor-type") in {"header", "footer", "popup"}:
        return True
    if names & {"screen-reader-text", "sr-only", "visually-hidden"} and _in_price(element):
        return False  # "Current price is", where what is seen says it by a line through the old one
    if any(META.fullmatch(name) for name in names) and not _edited(element):
        return True
    return any(CHROME.fullmatch(name) for name in names) or (tag not in INLINE and bool(CHROME.fullmatch(id_)))


def _by_visitors(element: _Element, names: set[str], id_: str, size: Sizes, whole: int) -> bool:
    """Whether visitors wrote this: only what its owners have reviewed may be told as the site's word."""
    if element.tag in {"html", "body", "main"} | HEADINGS:
        return False
    if re.search(r"\b(?:comment|review)s?\b", element.get("itemprop", "").lower()):
        return True
    found = [name for name in names if VISITORS.fullmatch(name)]
    if found in (["review"], ["reviews"]):  # a site's own review of something is an article of this class
        return size(element) < WHOLE_PAGE * whole
    if found or re.fullmatch(r"(?:li-|div-)?comment-\d+", id_):
        return True
    return bool(VISITORS.fullmatch(id_)) and _is_thread(element, size)


def _is_thread(element: _Element, size: Sizes) -> bool:
    """A chapter about comments has the same id as the comments of visitors, but nothing to write one with."""
    for inner in element.iterdescendants():
        names = (str(inner.get("class") or "").lower()).split()
        if inner.tag in {"form", "textarea"} or any(VISITORS.fullmatch(name) for name in names):
            return True
    return size(element) == 0


def _unseen(element: _Element, names: set[str], id_: str, controlled: set[str]) -> bool:
    """Hidden for good; an accordion's answer or a tab is hidden only until somebody asks for it."""
    if element.get("aria-hidden") == "true":
        return True
    if element.get("hidden") is None and not HIDDEN.search(element.get("style", "")):
        return False
    unfolds = element.get("role") in {"tabpanel", "region"} or element.get("hidden") == "until-found"
    return not (unfolds or (element.get("id") in controlled) or UNFOLDS.search(" ".join((*names, id_))))


def _asks(button: _Element, size: Sizes) -> bool:
    """A button that unfolds an answer has the question on it."""
    return button.get("aria-expanded") is not None and size(button) > 12  # noqa: PLR2004 - "Menu" and "Search" are not


def _in_price(element: _Element) -> bool:
    return any("price" in str(up.get("class") or "").split() for up in element.iterancestors())


def _edited(element: _Element) -> bool:
    """Whether it stands in what an editor wrote, and not in what the theme puts around it."""
    return any(EDITED & set(str(up.get("class") or "").split()) for up in element.iterancestors())
