"""Pages for the tests, by WP-CLI."""

from ops.wordpress.site import Site


def make_page(site: Site, title: str, text: str, *, status: str = "publish", password: str = "") -> int:
    """A page's number; one of the `future` appears in ten years."""
    what = [f"--post_title={title}", f"--post_content={text}", "--post_type=page", f"--post_status={status}"]
    what += [f"--post_password={password}"] if password else []
    what += ["--post_date=2036-01-01 09:00:00"] if status == "future" else []
    return int(site.wp("post", "create", *what, "--porcelain", "--user=admin"))
