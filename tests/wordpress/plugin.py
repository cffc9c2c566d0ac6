"""The plugin on a real site for the tests: set up once, and what they do with it."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2

from ops.wordpress.files import php_literal
from ops.wordpress.site import Site
from tests.wordpress.backend import SITE, Backend

IDENTITY = "an-identity-secret-for-tests-alone"
SETTINGS = {"site_id": SITE, "post_types": ["post", "page"], "media": True, "orders": True, "floating": False}


@dataclass
class Shop:
    """A site with the plugin, and the backend that it tells."""

    site: Site
    backend: Backend

    def php(self, code: str) -> str:
        """What `code` prints inside WordPress, with the plugin's names at hand."""
        return self.site.php(f"namespace Handrail; global $wpdb; {code}")

    def publish(self, title: str = "Returns", kind: str = "page", status: str = "publish", **more: str) -> int:
        """A post; its number."""
        return self.write(post_title=title, post_type=kind, post_status=status, **{"post_content": "Text."} | more)

    def update(self, number: int, **fields: str) -> None:
        """Change a post as an editor does."""
        self.write(ID=str(number), **fields)

    def write(self, **fields: str) -> int:
        """A post with these fields, by the administrator; its number."""
        array = ", ".join(f"'{name}' => {php_literal(value)}" for name, value in fields.items())
        act = "wp_update_post" if "ID" in fields else "wp_insert_post"
        return int(self.site.php(f"wp_set_current_user( 1 ); echo {act}( wp_slash( array( {array} ) ) );"))

    def delete(self, number: int, *, for_good: bool = True) -> None:
        """Delete a post, or put it into the trash."""
        self.site.php(f"wp_delete_post( {number}, {php_literal(for_good)} );")

    def add_editor(self, name: str) -> None:
        """One whose password is their name."""
        what = f"'user_login' => '{name}', 'user_pass' => '{name}', 'role' => 'editor'"
        self.site.php(f"wp_insert_user( array( {what} ) );")

    def upload(self, name: str = "guide.txt", more: str = "") -> int:
        """A file in the media library; its number."""
        code = f"""$file = wp_upload_bits( '{name}', null, 'How to wash it.' );
        $kind = wp_check_filetype( '{name}' )['type'];
        $id = wp_insert_attachment( array( 'post_title' => 'Guide', 'post_mime_type' => $kind {more} ), $file['file'] );
        echo $id;"""
        return int(self.site.php(code))

    def counts(self) -> dict[str, int]:
        """How many events there are in each state."""
        found: dict[str, int] = json.loads(self.php("echo wp_json_encode( Queue::counts() );"))
        return found

    def set(self, **settings: Any) -> None:
        """Change the settings."""
        whole = SETTINGS | {"backend": self.backend.url} | settings
        said = php_literal(json.dumps(whole))
        self.site.php(f"update_option( 'handrail_settings', json_decode( {said}, true ) );")

    def call(self, path: str, *, admin: bool = False, method: str = "POST", **more: Any) -> httpx2.Response:
        """A REST route of the plugin; as the administrator by cookie and nonce, if `admin`."""
        headers = dict(more.pop("headers", {}))
        cookies = more.pop("cookies", {})
        if admin:
            cookies = self.site.log_in()
            with httpx2.Client(cookies=cookies, timeout=30) as client:
                nonce = client.get(f"{self.site.url}/wp-admin/admin-ajax.php?action=rest-nonce").text
            headers["X-WP-Nonce"] = nonce
        url = f"{self.site.url}/wp-json/handrail/v1/{path}"
        return httpx2.request(method, url, headers=headers, cookies=cookies, timeout=30, **more)


def eventually(holds: Callable[[], object], seconds: float = 10) -> bool:
    """Whether it came to hold within `seconds`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.05)
    return False
