"""What the doors show of one site is of that site alone, though its neighbours hold the same words."""

import re

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from core.models import Site
from tests.kb.neighbours import OWN_WORDS, QUESTION, SITES, STAFF_WORD, World
from web.cli import make_cli
from web.keys import hash_key


@pytest.fixture
def world(session: Session) -> World:
    """Each site with a document for all, one for staff, one that is gone, and a key of its own."""
    made = World(session)
    for site in SITES:
        made.put_many(site, {0: ("*",), 1: ("staff",), 2: ("web",)})
        made.take_out(site, 2)
        session.get_one(Site, site).api_key_hash = hash_key(f"hr_{site}")
    session.commit()
    return made


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize(
    "command",
    [
        ["status", "--all"],
        ["status", "--json"],
        ["export"],
        ["probe", "--document", "0.md"],
        ["history", "0.md"],
    ],
)
def test_a_command_for_one_site_shows_nothing_of_others(world: World, site: str, command: list[str]) -> None:
    ran = CliRunner().invoke(make_cli(), ["kb", *command, "--site", site])
    assert ran.exit_code == 0, ran.output
    assert site in ran.output or OWN_WORDS[site] in ran.output
    for other in set(SITES) - {site}:
        assert f"/{other}/" not in ran.output
        assert f"{other}0" not in ran.output
        assert OWN_WORDS[other] not in ran.output


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("question", [QUESTION, " ".join(OWN_WORDS.values()), f"{QUESTION} {STAFF_WORD}"])
def test_a_probe_finds_what_a_visitor_of_this_site_would(world: World, site: str, question: str) -> None:
    ran = CliRunner().invoke(make_cli(), ["kb", "probe", question, "--site", site])
    assert ran.exit_code == 0, ran.output
    found = {int(number) for number in re.findall(r"\bc(\d+)\b", ran.output)}
    assert found
    assert found <= set(world.allowed(site, "web"))


@pytest.mark.parametrize("site", SITES)
def test_the_key_of_another_site_opens_nothing(world: World, client: TestClient, site: str) -> None:
    for other in set(SITES) - {site}:
        body = {"site_id": site, "question": QUESTION}
        response = client.post("/rag/query", json=body, headers={"X-API-Key": f"hr_{other}"})
        assert (response.status_code, response.json()["error"]) == (401, "ApiKeyInvalid")
        assert OWN_WORDS[site] not in response.text


def test_row_security_is_switched_by_its_command(world: World) -> None:
    for switch, said, code in (("status", "off", 0), ("on", "on: 6 of 6", 0), ("status", "on: 6 of 6", 1)):
        ran = CliRunner().invoke(make_cli(), ["kb", "row-security", switch])
        assert (ran.exit_code, said in ran.output) == (code, True), ran.output
    assert CliRunner().invoke(make_cli(), ["kb", "row-security", "off"]).exit_code == 0
