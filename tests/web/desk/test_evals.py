"""The nights at the desk: what is said of each, and reports that can run nothing."""

from typing import Any
from uuid import uuid4

from fastapi.testclient import TestClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.models import AuditEntry, EvalRun, Site
from tests.web.desk.house import MARKUP, REPORT, furnish
from tests.web.desk.staff import Browser, browser_of


def newest(session: Session) -> EvalRun:
    """The night with the alarm."""
    return next(row for row in session.scalars(select(EvalRun)) if row.verdict and row.verdict["state"] == "regressed")


def lead(client: TestClient) -> Browser:
    return browser_of(client, "lea@shop.example", "supervisor")


def test_each_night_is_listed_with_what_is_said_of_it(client: TestClient, session: Session) -> None:
    furnish(session)
    session.commit()
    page = lead(client).get("/admin/agent/evals").text
    for words in (">steady<", ">worse<", ">came to nothing<", "The night came to nothing: disk.", "93.0 %"):
        assert words in page
    assert MARKUP not in page
    assert "No run yet" in lead_of_none(client)


def lead_of_none(client: TestClient) -> str:
    """The page of a suite that there is not."""
    return str(browser_of(client, "bo@shop.example", "supervisor").get("/admin/agent/evals?suite=none").text)


def test_a_report_is_shown_under_a_policy_that_lets_nothing_run(client: TestClient, session: Session) -> None:
    furnish(session)
    session.commit()
    run = newest(session)
    answer = lead(client).get(f"/admin/agent/evals/{run.id}")
    assert (answer.status_code, answer.text) == (200, REPORT)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert session.scalar(select(AuditEntry.subject).where(AuditEntry.action == "report.seen")) == f"run:{run.id}"


def test_a_report_that_is_not_kept_says_so(client: TestClient, session: Session) -> None:
    furnish(session)
    session.execute(update(EvalRun).values(report=""))
    session.commit()
    browser = lead(client)
    answer = browser.get(f"/admin/agent/evals/{newest(session).id}")
    assert (answer.status_code, "not kept any more" in answer.text) == (410, True)
    for unknown in (str(uuid4()), "x"):
        assert browser.get(f"/admin/agent/evals/{unknown}").status_code == 404


def test_a_night_without_figures_is_a_line_all_the_same(client: TestClient, session: Session, site: Site) -> None:
    session.add(EvalRun(id=uuid4(), site_id=site.id, suite="bare", setup={}))  # one that runs now
    session.commit()
    assert "bare" in lead(client).get("/admin/agent/evals").text


def accepting(browser: Browser, run: EvalRun) -> Any:
    """The button's form is sent."""
    return browser.post(f"/admin/agent/evals/{run.id}/accept")


def test_a_night_is_accepted_with_a_click(client: TestClient, session: Session) -> None:
    furnish(session)
    session.commit()
    run, browser = newest(session), lead(client)
    button = f'action="/admin/agent/evals/{run.id}/accept"'
    page = browser.get("/admin/agent/evals").text
    assert (page.count(button), page.count("/accept")) == (1, 1), "the one that rang, and was judged"
    for _ in range(2):  # twice is once
        assert accepting(browser, run).headers["location"] == "/admin/agent/evals?done=accepted"
    session.expire_all()
    assert (run.verdict or {})["accepted_by"] == "Lea"
    assert not (run.verdict or {})["alarming"]
    page = browser.get("/admin/agent/evals?done=accepted").text
    for words in (">accepted<", "by Lea", "These figures are now the usual"):
        assert words in page
    assert "/accept" not in page
    (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "night.accepted"))
    assert (entry.actor, entry.subject, entry.site_id, entry.address) == (
        "lea@shop.example",
        f"run:{run.id}",
        run.site_id,
        "testclient",
    )


def test_who_only_looks_has_no_button_and_no_way(client: TestClient, session: Session) -> None:
    furnish(session)
    session.commit()
    run, auditor = newest(session), browser_of(client, "au@shop.example", "auditor")
    assert "/accept" not in auditor.get("/admin/agent/evals").text
    assert accepting(auditor, run).status_code == 403
    session.expire_all()
    assert (run.verdict or {})["alarming"]


def test_what_is_no_judged_night_is_not_accepted(client: TestClient, session: Session, site: Site) -> None:
    furnish(session)
    session.add(EvalRun(id=uuid4(), site_id=site.id, suite="bare", setup={}))
    session.commit()
    browser = lead(client)
    for row in session.scalars(select(EvalRun).where((EvalRun.state == "failed") | (EvalRun.suite == "bare"))):
        answer = accepting(browser, row)
        assert (answer.status_code, "only a night that was judged" in answer.text) == (422, True)
    assert browser.post(f"/admin/agent/evals/{uuid4()}/accept").status_code == 404
    assert browser.post("/admin/agent/evals/x/accept").status_code == 404
    assert session.scalar(select(AuditEntry.id).where(AuditEntry.action == "night.accepted")) is None
