"""Accounts, logins and forms: who comes in, for how long, and what a stranger learns."""

from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select, update
from typer.testing import CliRunner

from core import db
from core.models import AuditEntry, Staff, StaffSession
from tests.conftest import SITE
from tests.web.desk.staff import PASSWORD, browser_of, csrf_of, log_in, make_staff
from web.cli import make_cli
from web.desk import accounts, passwords, sessions, tries
from web.desk.entry import PLAIN_COOKIE
from web.limits import Here

REFUSED = "not right"


def actions() -> list[str]:
    """What the audit log has, oldest first."""
    with db.transaction() as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def test_a_password_is_kept_as_argon2id_and_a_weak_one_is_refused() -> None:
    assert passwords.hashed(PASSWORD).startswith("$argon2id$")
    for weak in ("short", "aaaaaaaaaaaaaaa", "x" * 300):
        with pytest.raises(passwords.PasswordTooWeak):
            passwords.hashed(weak)
    assert not passwords.fits(PASSWORD, "")
    assert not passwords.fits(PASSWORD, "no hash")


def test_who_is_not_logged_in_is_sent_to_the_login_and_back(client: TestClient) -> None:
    asked = client.get("/desk/search?q=jacket", follow_redirects=False)
    assert asked.status_code == 303
    assert asked.headers["location"] == "/desk/login?next=/desk/search%3Fq%3Djacket"
    make_staff("ada@shop.example", "agent")
    form = client.get(asked.headers["location"]).text
    sent = {"email": "Ada@Shop.example", "password": PASSWORD, "csrf": csrf_of(form), "after": "/desk/search?q=jacket"}
    answer = client.post("/desk/login", data=sent, follow_redirects=False)
    assert answer.headers["location"] == "/desk/search?q=jacket"
    assert "httponly" in answer.headers["set-cookie"].lower()
    assert "samesite=lax" in answer.headers["set-cookie"].lower()


@pytest.mark.parametrize(
    "after", ["https://evil.example", "//evil.example", "/desk//evil", "/desk\\evil", "/api", "/desk/live"]
)
def test_a_login_leads_nowhere_else(client: TestClient, after: str) -> None:
    make_staff("ada@shop.example", "agent")
    form = client.get("/desk/login").text
    sent = {"email": "ada@shop.example", "password": PASSWORD, "csrf": csrf_of(form), "after": after}
    assert client.post("/desk/login", data=sent, follow_redirects=False).headers["location"] == "/desk"


def test_over_https_the_cookie_is_for_this_host_alone(client: TestClient) -> None:
    make_staff("ada@shop.example", "agent")
    safe = TestClient(client.app, base_url="https://testserver")
    cookie = log_in(safe, "ada@shop.example").headers["set-cookie"]
    assert cookie.startswith("__Host-handrail=")
    assert "Secure" in cookie
    assert "Domain" not in cookie


def test_nothing_tells_whether_an_account_exists(client: TestClient) -> None:
    make_staff("ada@shop.example", "agent")
    make_staff("gone@shop.example", "agent")
    with db.transaction() as session:
        accounts.disable(session, accounts.named(session, "gone@shop.example"))
    answers = [
        log_in(client, email, password)
        for email, password in (
            ("ada@shop.example", "wrong wrong wrong"),
            ("gone@shop.example", PASSWORD),
            ("nobody@shop.example", PASSWORD),
        )
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text.partition("<form")[0] for answer in answers}) == 1
    assert all(REFUSED in answer.text for answer in answers)
    assert actions().count("login.failed") == 3


def test_attempts_are_limited_and_counted_anew_after_the_right_password(
    client: TestClient,
) -> None:
    make_staff("ada@shop.example", "agent")
    for _ in range(tries.PER_BOTH - 1):
        assert log_in(client, "ada@shop.example", "wrong wrong wrong").status_code == 401
    assert log_in(client, "ada@shop.example").status_code == 303
    for _ in range(tries.PER_BOTH):
        log_in(client, "ada@shop.example", "wrong wrong wrong")
    refused = log_in(client, "ada@shop.example")
    assert refused.status_code == 429
    assert "quarter of an hour" in refused.text


def test_without_redis_attempts_are_counted_here() -> None:
    here = Here()
    assert [here.allowed("a", 2, now) for now in (0.0, 1.0, 2.0)] == [True, True, False]
    assert here.allowed("a", 2, 61.0)


def test_each_login_has_a_new_cookie_and_closes_the_one_before(client: TestClient) -> None:
    ada = browser_of(client, "ada@shop.example", "agent")
    again = TestClient(client.app, cookies={PLAIN_COOKIE: ada.token})
    second = log_in(again, "ada@shop.example").cookies[PLAIN_COOKIE]
    assert second != ada.token
    assert ada.get("/desk", follow_redirects=False).status_code == 303
    with db.transaction() as session:
        assert session.scalar(select(func.count()).select_from(StaffSession)) == 1
        assert session.scalars(select(StaffSession.token_hash)).one() == sessions.token_hash(second)


@pytest.mark.parametrize(
    "ended",
    [
        {"seen_at": datetime.now(UTC) - timedelta(hours=3)},  # idle
        {"expires_at": datetime.now(UTC) - timedelta(seconds=1)},  # as old as it may get
    ],
)
def test_a_login_ends_by_itself(client: TestClient, ended: dict[str, datetime]) -> None:
    ada = browser_of(client, "ada@shop.example", "agent")
    assert ada.get("/desk").status_code == 200
    with db.transaction() as session:
        session.execute(update(StaffSession).values(ended))
    assert ada.get("/desk", follow_redirects=False).status_code == 303


def test_a_new_password_logs_every_other_browser_out(client: TestClient) -> None:
    ada = browser_of(client, "ada@shop.example", "agent")
    elsewhere = TestClient(client.app)
    log_in(elsewhere, "ada@shop.example")
    wrong = ada.post("/desk/me/password", old="wrong wrong wrong", new="another good password")
    assert wrong.status_code == 401
    weak = ada.post("/desk/me/password", old=PASSWORD, new="short")
    assert weak.status_code == 422
    assert "12 characters" in weak.text
    assert ada.post("/desk/me/password", old=PASSWORD, new="another good password").status_code == 303
    assert ada.get("/desk").status_code == 200
    assert elsewhere.get("/desk", follow_redirects=False).status_code == 303
    assert log_in(TestClient(client.app), "ada@shop.example").status_code == 401
    assert log_in(TestClient(client.app), "ada@shop.example", "another good password").status_code == 303


def test_logging_out_ends_the_session_itself(client: TestClient) -> None:
    ada = browser_of(client, "ada@shop.example", "agent")
    assert ada.post("/desk/logout").headers["location"].startswith("/desk/login")
    assert ada.get("/desk", follow_redirects=False).status_code == 303


def test_a_closed_account_and_a_role_that_was_taken_count_at_the_next_request(client: TestClient) -> None:
    ada, bo = browser_of(client, "ada@shop.example", "agent"), browser_of(client, "bo@shop.example", "agent")
    assert ada.get("/desk").status_code == bo.get("/desk").status_code == 200
    with db.transaction() as session:
        accounts.give_role(session, accounts.named(session, "ada@shop.example"), SITE, "")
        accounts.disable(session, accounts.named(session, "bo@shop.example"))
    assert ada.get("/desk").status_code == 403
    assert bo.get("/desk", follow_redirects=False).status_code == 303


def test_the_login_form_must_be_ours(client: TestClient) -> None:
    make_staff("ada@shop.example", "agent")
    sent = {"email": "ada@shop.example", "password": PASSWORD, "csrf": "0" * 64}
    assert client.post("/desk/login", data=sent).status_code == 403
    sent["csrf"] = csrf_of(client.get("/desk/login").text)
    foreign = client.post("/desk/login", data=sent, headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403


def test_the_terminal_makes_the_first_admin(client: TestClient) -> None:
    runner = CliRunner()
    made = runner.invoke(make_cli(), ["staff", "add", "ada@shop.example", "--name", "Ada", "--role", "admin"])
    assert made.exit_code == 0, made.output
    password = made.output.strip().rpartition("\n")[2]
    assert log_in(client, "ada@shop.example", password).status_code == 303
    changed = runner.invoke(make_cli(), ["staff", "role", "ada@shop.example", "agent", "--site", SITE])
    assert changed.exit_code == 0, changed.output
    listed = runner.invoke(make_cli(), ["staff", "list"]).output
    assert "admin on all sites, agent on" in listed
    given = runner.invoke(
        make_cli(), ["staff", "password", "ada@shop.example", "--stdin"], input="a password of mine\n"
    )
    assert "a password of mine" not in given.output
    assert log_in(client, "ada@shop.example", "a password of mine").status_code == 303
    runner.invoke(make_cli(), ["staff", "disable", "ada@shop.example"])
    assert log_in(client, "ada@shop.example", "a password of mine").status_code == 401
    unknown = runner.invoke(make_cli(), ["staff", "role", "bo@shop.example", "agent"])
    assert unknown.exit_code == 1
    assert {"staff.added", "role.changed", "password.set", "staff.disabled"} <= set(actions())
    with db.transaction() as session:
        assert "password" not in str(session.scalars(select(Staff.password_hash)).one())
