"""What a serious plugin's code keeps to, checked in the code itself: escaping, permissions, SQL, names, texts."""

import json
import re
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import pytest

from ops import plugin
from ops.wordpress import package
from ops.wordpress.site import Site

SOURCE = plugin.SOURCE
PHP = sorted(path for path in SOURCE.rglob("*.php") if "build" not in path.parts)
CLASSES = sorted((SOURCE / "includes").glob("class-*.php"))
# What may stand in an `echo` without being escaped there: texts of ours, and what escapes by itself.
ESCAPED = r"\b(?:esc_\w+|absint|checked|selected|Settings::is_fixed)\("
TEXTS = r"(?<![\w>:$])(?:__|_e|_x|_n|esc_html__|esc_html_e|esc_attr__|esc_attr_e)\("
EVERYWHERE = pytest.mark.parametrize("path", PHP, ids=lambda path: path.name)


def code(path: Path) -> str:
    """The file without its comments."""
    return re.sub(r"/\*.*?\*/|[ \t]*(?<![:'\"])//[^\n]*", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)


def calls(text: str, names: str) -> list[tuple[int, int]]:
    """Where the arguments of each call begin and end; brackets inside of strings do not count."""
    found = []
    for call in re.finditer(names, text):
        depth, end = 1, call.end()
        while depth:
            quoted = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL).match(text, end)
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end = quoted.end() if quoted else end + 1
        found.append((call.end(), end - 1))
    return found


def headers(text: str) -> dict[str, str]:
    """`Name: value` of a plugin's header or of readme.txt."""
    return {name: value.strip() for name, value in re.findall(r"^[ *]*([A-Z][\w ]+): +(.+)$", text, re.MULTILINE)}


def test_there_is_something_to_look_at() -> None:
    assert len(CLASSES) > 20
    assert len(PHP) > len(CLASSES)


def test_php_itself_finds_no_fault(running: object) -> None:
    """Each file is PHP; nothing newer than 8.0 is used, as far as names tell."""
    assert running
    for path in PHP:
        result = subprocess.run(["php", "-l", str(path)], capture_output=True, text=True, check=False)  # noqa: S603, S607
        assert result.returncode == 0, result.stdout + result.stderr


@EVERYWHERE
def test_it_runs_on_php_8_0(path: Path) -> None:
    """Nothing that came with 8.1 or later: enum, readonly, never, f(...), new in initialisers, 0o7, functions."""
    newer = (
        r"^\s*enum \w|\breadonly (?:class|public|private|string)|\b(?:public|private) readonly\b",
        r"\): (?:never|null|true|false)\b|\(\.\.\.\)|\bfinal (?:public |private )?const\b",
        r"\b0o\d|\bnew \w+\([^)]*\)[,)]\s*:|= new \w+\(\)(?=[,)])|\bconst (?:string|int|array|bool) \w+ =",
        r"\b(?:array_is_list|array_find(?:_key)?|array_any|array_all|fsync|fdatasync|enum_exists|json_validate)\(",
        r"\b(?:mb_str_pad|mb_trim|mb_ucfirst|mb_lcfirst|ini_parse_quantity|str_increment|str_decrement)\(",
    )
    assert re.findall("|".join(newer), code(path), re.MULTILINE) == []


def since(core: Path) -> dict[str, tuple[int, ...]]:
    """Name of each of WordPress' own functions and classes → the version that brought it, by its own comment."""
    declared = re.compile(
        r"/\*\*(?P<said>(?:(?!\*/).)*?)\*/\s*(?:#\[[^\n]*\]\s*)?"
        r"(?:final |abstract )?(?:function|class) &?(?P<name>\w+)",
        re.DOTALL,
    )
    brought: dict[str, tuple[int, ...]] = {}
    for file in [*core.glob("wp-includes/**/*.php"), *core.glob("wp-admin/includes/*.php")]:
        for found in declared.finditer(file.read_text(errors="replace")):
            if version := re.search(r"@since\s+(?:MU \()?(\d+(?:\.\d+)+)", found["said"]):
                brought.setdefault(found["name"], tuple(map(int, version[1].split("."))))
    return brought


@pytest.mark.xdist_group("wordpress")
def test_it_runs_on_the_oldest_wordpress_that_it_names(running: object) -> None:
    """Every function and class of WordPress that is used was there already, or is asked for before it is used."""
    assert running
    oldest = tuple(map(int, headers((SOURCE / "handrail.php").read_text())["Requires at least"].split(".")))
    brought = since(package.CORE)
    assert brought["wp_insert_post"] == (1, 0, 0)
    assert len(brought) > 3_000
    text = "".join(map(code, PHP))
    used = set(re.findall(r"(?<![\w>:$\\])([a-z]\w+)\(", text)) | set(re.findall(r"\\(WP_\w+)", text))
    asked = set(re.findall(r"(?:function|class)_exists\( '(\w+)' \)", text))
    too_new = {name: brought[name] for name in used & set(brought) if brought[name][:2] > oldest}
    hooked = {"wp_register_ability", "wp_register_ability_category"}  # by actions that came with them
    assert set(too_new) <= asked | hooked, too_new
    assert {"register_block_type", "wp_enqueue_script"} <= used


@EVERYWHERE
def test_no_file_does_anything_when_it_is_called_by_itself(path: Path) -> None:
    assert re.search(r"^defined\( '(ABSPATH|WP_UNINSTALL_PLUGIN)' \) \|\| exit;$", path.read_text(), re.MULTILINE)


@pytest.mark.parametrize("path", CLASSES, ids=lambda path: path.name)
def test_a_file_holds_the_class_of_its_name(path: Path) -> None:
    text = path.read_text()
    name = path.stem.removeprefix("class-").replace("-", "_")
    assert re.findall(r"^final class (\w+)", text, re.MULTILINE | re.IGNORECASE)[0].lower() == name
    assert "namespace Handrail;" in text
    assert text.count("\n") <= 310


@EVERYWHERE
def test_what_is_printed_is_escaped_where_it_is_printed(path: Path) -> None:
    """Each value in an `echo` goes through an escaping function right there, or is a fixed text."""
    for statement in re.findall(r"\becho (.*?);(?: // phpcs:ignore -- [^\n]+)?\n", code(path), re.DOTALL):
        bare = statement
        while found := calls(bare, ESCAPED):
            begin, end = found[0]
            bare = bare[: begin - 1] + bare[end + 1 :]
        bare = re.sub(r"'(?:[^'\\]|\\.)*'", "", bare)
        assert re.findall(r"\$(?!box\b|state\b)\w+", bare) == [], statement


@EVERYWHERE
def test_sql_is_prepared(path: Path) -> None:
    """No value and no table name is written into a query, but for dbDelta's own."""
    text = code(path)
    for name in ("query", "get_row", "get_results", "get_var", "get_col"):
        for call in re.findall(rf"\$wpdb->{name}\(\s*(.{{0,40}})", text, re.DOTALL):
            assert call.startswith("$wpdb->prepare("), call
    for statement in re.findall(r"\$wpdb->prepare\((.*?)\)\s*[;)]", text, re.DOTALL):
        assert re.findall(r"\"[^\"]*\$(?!marks)\w+[^\"]*\"", statement) == []


@EVERYWHERE
def test_what_changes_something_asks_for_right_and_nonce(path: Path) -> None:
    """Where $_POST is read, both are checked; secrets and requests are never taken raw."""
    text = code(path)
    if "$_POST" in text:
        assert "current_user_can(" in text
        assert "check_admin_referer(" in text
    for use in re.findall(r"[^\n]*\$_(?:GET|POST|SERVER|COOKIE|REQUEST)\[[^\n]*", text):
        assert re.search(r"isset\(|sanitize_|absint|wp_unslash", use), use
    assert "$_REQUEST" not in text


def test_every_route_says_who_may_call_it() -> None:
    text = code(SOURCE / "includes/class-routes.php")
    assert text.count("register_rest_route(") == 1
    assert "'permission_callback' => $permission," in text
    assert "__return_true" not in "".join(map(code, PHP))


@EVERYWHERE
def test_no_address_and_no_secret_is_written_down(path: Path) -> None:
    text = code(path)
    assert re.findall(r"localhost|127\.0\.0\.1|whsec_[A-Za-z0-9]|\bsk-\w", text) == []
    forbidden = r"\b(eval|exec|shell_exec|system|passthru|unserialize|create_function|file_get_contents)\("
    assert re.findall(forbidden, text) == []


@EVERYWHERE
def test_texts_are_in_our_domain(path: Path) -> None:
    """Fixed texts alone, each with our text domain; places in them are explained to translators."""
    text = path.read_text()
    for begin, end in calls(text, TEXTS):
        arguments = text[begin:end]
        assert arguments.rstrip().endswith("'handrail'"), arguments
        assert re.match(r"\s*'", arguments), "a text must be fixed"
    for line in re.findall(r"\n([^\n]*)\n[^\n]*(?:sprintf\( __|sprintf\( _n)\( '[^']*%", text):
        assert "translators:" in line, line


def test_every_name_is_ours() -> None:
    """Options, hooks, jobs, handles and constants begin with our name; [ai_chat] alone is given."""
    text = "".join(map(code, PHP))
    for pattern in (
        r"add_shortcode\( '(\w+)'",
        r"apply_filters\( '(\w+)'",
        r"do_action\( '(\w+)'",
        r"const (?:OPTION|CRON|TIDY) += '(\w+)'",
        r"'((?!HANDRAIL)[A-Z]+_SECRET)'",
    ):
        foreign = {name for name in re.findall(pattern, text) if not name.startswith("handrail_")}
        assert foreign <= {"ai_chat", "https_local_ssl_verify", "wpml_post_language_details"}


def test_header_and_readme_say_the_same() -> None:
    header = headers((SOURCE / "handrail.php").read_text())
    readme = headers((SOURCE / "readme.txt").read_text())
    for name in ("Requires at least", "Requires PHP", "License", "License URI"):
        assert header[name] == readme[name]
    assert header["Version"] == readme["Stable tag"] == plugin.version()
    assert f"const VERSION = '{plugin.version()}';" in (SOURCE / "handrail.php").read_text()
    block = json.loads((SOURCE / "block/block.json").read_text())
    assert (block["version"], block["textdomain"]) == (plugin.version(), header["Text Domain"])
    assert f"'version'      => '{plugin.version()}'" in (SOURCE / "block/edit.asset.php").read_text()


def test_the_readme_says_what_leaves_the_site() -> None:
    text = (SOURCE / "readme.txt").read_text()
    assert "== External services ==" in text
    for constant in set(re.findall(r"'(HANDRAIL_\w+)'", "".join(map(code, PHP)))):
        assert f"`{constant}`" in text, constant
    for name in set(re.findall(r"(?:apply_filters|do_action)\(\s*'(handrail_\w+)'", "".join(map(code, PHP)))):
        assert f"`{name}`" in text, name


def test_the_zip_is_whole_and_the_same_each_time(tmp_path: Path) -> None:
    """Every file that WordPress needs, none of ours; the widget in a folder with the version."""
    first, second = plugin.build(tmp_path / "1.zip"), plugin.build(tmp_path / "2.zip")
    assert sha256(first.read_bytes()).digest() == sha256(second.read_bytes()).digest()
    names = ZipFile(first).namelist()
    assert {name.split("/")[0] for name in names} == {"handrail"}
    assert f"handrail/assets/{plugin.version()}/widget.js" in names
    for path in PHP:
        assert f"handrail/{path.relative_to(SOURCE)}" in names
    assert not [name for name in names if re.search(r"README\.md|/\.|tests|build", name)]


@pytest.mark.xdist_group("wordpress")
def test_the_list_of_phrases_is_up_to_date(running: object, tmp_path: Path) -> None:
    """`make pot` was run after the last change of a text."""
    assert running
    made = tmp_path / "handrail.pot"
    php = shutil.which("php") or "php"
    options = ["--allow-root", "--exclude=build", "--skip-block-json", "--slug=handrail", "--quiet"]
    subprocess.run([php, str(package.WP_CLI), "i18n", "make-pot", str(SOURCE), str(made), *options], check=True)  # noqa: S603
    kept = (SOURCE / "languages/handrail.pot").read_text()
    phrases = re.compile(r'^msgid (".*"(?:\n".*")*)', re.MULTILINE)
    assert phrases.findall(made.read_text()) == phrases.findall(kept)


@pytest.mark.xdist_group("wordpress")
def test_the_zip_installs_on_a_real_site(running: object, tmp_path: Path) -> None:
    """Unpacked as WordPress does, it activates, and its page names the script in the folder with the version."""
    assert isinstance(running, Site)
    running.restore()
    with ZipFile(plugin.build(tmp_path / "handrail.zip")) as packed:
        packed.extractall(tmp_path)
    running.add_plugin(tmp_path / "handrail", "handrail-zip")
    try:
        address = running.php(
            """update_option( 'handrail_settings', array( 'backend' => 'https://b.example', 'site_id' => 's' ) );
            do_shortcode( '[ai_chat]' ); echo wp_scripts()->registered['handrail-widget']->src;"""
        )
        assert address.endswith(f"/handrail-zip/assets/{plugin.version()}/widget.js")
    finally:
        running.restore()
        shutil.rmtree(running.root / "wp-content/plugins/handrail-zip")
