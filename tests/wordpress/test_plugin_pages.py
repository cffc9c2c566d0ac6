"""The chat on a real site's pages, and the plugin's own pages in wp-admin."""

import re

import httpx2
import pytest

from tests.web.receiver import SECRET as NOTICES
from tests.web.wordpress import SECRET
from tests.wordpress.backend import SITE
from tests.wordpress.plugin import IDENTITY, SETTINGS, Shop

pytestmark = [pytest.mark.xdist_group("wordpress")]
SCRIPT = re.compile(r"<script[^>]*handrail-widget[^>]*>")
SETTINGS_PAGE = "/wp-admin/options-general.php?page=handrail"


def page(shop: Shop, content: str) -> str:
    """What a visitor gets of a page with `content`."""
    number = shop.publish("Help", post_content=content)
    return httpx2.get(f"{shop.site.url}/?page_id={number}", timeout=30, follow_redirects=True).text


def test_the_script_is_there_where_the_chat_is_and_nowhere_else(shop: Shop) -> None:
    """Once, deferred, and with nothing secret: the page may lie in any cache."""
    assert SCRIPT.findall(page(shop, "No chat here.")) == []
    with_chat = page(shop, '[ai_chat label="Ask us" suggestions="When?|Where?"] and again [ai_chat]')
    [script] = SCRIPT.findall(with_chat)
    assert " defer" in script
    assert f'data-site-id="{SITE}"' in script
    assert f'data-api="{shop.backend.url}"' in script
    assert 'data-suggestions="When?|Where?"' in script
    assert f'data-identity="{shop.site.url}/wp-json/handrail/v1/identity"' in script
    assert with_chat.count("data-handrail-open") == 2
    for secret in (SECRET, IDENTITY, NOTICES, "nonce"):
        assert secret not in with_chat


def test_what_the_script_tag_names_is_there(shop: Shop) -> None:
    [script] = SCRIPT.findall(page(shop, "[ai_chat]"))
    address = re.search(r'src="([^"]+)"', script)
    assert address
    answer = httpx2.get(address[1].replace("&#038;", "&"), timeout=30)
    assert answer.status_code == 200
    assert "chat/start.js" in answer.text


def test_the_block_draws_what_the_shortcode_draws(shop: Shop) -> None:
    """One renderer; the block adds its own class."""
    block = page(shop, '<!-- wp:handrail/chat {"label":"Ask us"} /-->')
    short = page(shop, '[ai_chat label="Ask us"]')
    button = '<button type="button" class="wp-element-button" data-handrail-open>Ask us</button></div>'
    assert f'<div class="handrail-chat wp-block-handrail-chat">{button}' in block
    assert f'<div class="handrail-chat">{button}' in short
    assert SCRIPT.findall(block) == SCRIPT.findall(short)


def test_the_chat_floats_on_every_page_if_that_is_wanted(shop: Shop) -> None:
    shop.set(floating=True)
    assert len(SCRIPT.findall(httpx2.get(shop.site.url, timeout=30).text)) == 1
    shop.set(floating=True, backend="")
    assert SCRIPT.findall(httpx2.get(shop.site.url, timeout=30).text) == []


def test_words_never_become_markup(shop: Shop) -> None:
    """Whatever a title or a label holds, in the shortcode or in the settings."""
    shop.set(title='"><script>alert(1)</script>', greeting="</script><img src=x onerror=alert(1)>")
    made = page(shop, "[ai_chat label='\"><script>alert(2)</script>']")
    assert "<script>alert" not in made
    assert "<img src=x" not in made
    [script] = SCRIPT.findall(made.replace("&gt;", "").replace("&lt;", ""))
    assert "alert(1)" in script


def test_without_settings_visitors_see_nothing_and_the_owner_is_told(shop: Shop) -> None:
    shop.set(backend="")
    number = shop.publish("Help", post_content="[ai_chat]")
    assert "Settings → Handrail" not in httpx2.get(f"{shop.site.url}/help/", timeout=30).text
    cookies = shop.site.log_in()
    assert (
        "Settings → Handrail"
        in httpx2.get(f"{shop.site.url}/?page_id={number}", cookies=cookies, timeout=30, follow_redirects=True).text
    )


def test_settings_are_saved_clean_and_secrets_are_never_shown(shop: Shop) -> None:
    """By the form itself: bad addresses are refused by name, unknown types and fields are dropped."""
    with httpx2.Client(base_url=shop.site.url, cookies=shop.site.log_in(), timeout=30, follow_redirects=True) as admin:
        form = admin.get(SETTINGS_PAGE).text
        assert form.count("Set. It is never shown.") == 3
        for secret in (SECRET, IDENTITY, NOTICES):
            assert secret not in form
        nonce = re.search(r'name="_wpnonce" value="(\w+)"', form)
        assert nonce
        said = {
            "handrail_settings[backend]": "https://user:pass@support.example/?x=1",
            "handrail_settings[site_id]": "shop<script>",
            "handrail_settings[post_types][]": ["page", "wp_block", "attachment"],
            "handrail_settings[suggestions]": "When?\n\n<b>Where?</b>\n",
            "handrail_settings[theme]": "pink",
            "handrail_settings[evil]": "x",
        }
        saved = admin.post(
            "/wp-admin/options.php", data=said | {"option_page": "handrail", "action": "update", "_wpnonce": nonce[1]}
        )
    assert "must look like https://support.example" in saved.text
    kept = shop.php("echo wp_json_encode( get_option( 'handrail_settings' ) );")
    for part in (
        '"backend":""',
        '"site_id":"shopscript"',
        '"post_types":["page"]',
        r'"suggestions":"When?\nWhere?"',
        '"theme":""',
    ):
        assert part in kept
    assert "evil" not in kept


def test_constants_win_over_the_form(shop: Shop) -> None:
    constants = shop.site.constants
    shop.site.configure({**constants, "HANDRAIL_SITE_ID": "by-constant", "HANDRAIL_BACKEND_URL": "https://c.example/"})
    try:
        assert (
            shop.php("echo Settings::get( 'site_id' ), ' ', Settings::get( 'backend' );")
            == "by-constant https://c.example"
        )
        admin = httpx2.get(f"{shop.site.url}{SETTINGS_PAGE}", cookies=shop.site.log_in(), timeout=30).text
        assert admin.count("Set in wp-config.php.") == 2
    finally:
        shop.site.configure(constants)


@pytest.mark.parametrize("path", [SETTINGS_PAGE, f"{SETTINGS_PAGE}&tab=events", f"{SETTINGS_PAGE}&tab=notices"])
def test_only_the_administrator_sees_the_pages(shop: Shop, path: str) -> None:
    shop.add_editor("eve")
    assert httpx2.get(shop.site.url + path, cookies=shop.site.log_in("eve", "eve"), timeout=30).status_code == 403
    seen = httpx2.get(shop.site.url + path, cookies=shop.site.log_in(), timeout=30)
    assert seen.status_code == 200
    assert "<h1>Handrail</h1>" in seen.text


def test_the_tests_settings_are_all_known(shop: Shop) -> None:
    known = shop.php("echo implode( ' ', array_keys( Settings::defaults() ) );").split()
    assert set(SETTINGS) < set(known)
