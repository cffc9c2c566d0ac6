"""Pages for the tests."""

from ops.wordpress.files import php_literal
from ops.wordpress.site import Site


def make_page(site: Site, title: str, text: str, *, status: str = "publish", password: str = "") -> int:
    """A page's number; one of the `future` appears in ten years."""
    what = {"post_title": title, "post_content": text, "post_type": "page", "post_status": status}
    what |= {"post_password": password} if password else {}
    what |= {"post_date": "2036-01-01 09:00:00"} if status == "future" else {}
    array = ", ".join(f"'{name}' => {php_literal(value)}" for name, value in what.items())
    return int(site.php(f"wp_set_current_user( 1 ); echo wp_insert_post( wp_slash( array( {array} ) ) );"))
