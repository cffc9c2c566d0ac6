"""The nights at the desk: what is said of each, and reports that can run nothing."""

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
