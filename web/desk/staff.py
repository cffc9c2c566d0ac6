"""`/desk/staff`: who works here and with which role; for admins, on the sites that they are admins of."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.responses import Response
from sqlalchemy.orm import Session

from core.db import reading, transaction
from core.errors import BadRequest, Conflict, HandrailError, RoleMissing
from core.models import Staff
from core.models.people import EVERY_SITE
from web.desk import accounts, passwords
from web.desk.accounts import StaffNotFound
from web.desk.entry import Visit, acting, id_of, seeing
from web.desk.pages import DeskRoute, go, page
from web.desk.rights import RIGHTS, ROLES, Right

router = APIRouter(route_class=DeskRoute, include_in_schema=False)

Changing = Annotated[Visit, Depends(acting(Right.CHANGE_STAFF))]
Text = Annotated[str, Form(max_length=400)]


@router.get("/desk/staff")
def list_staff(visit: Annotated[Visit, Depends(seeing(Right.SEE_STAFF))]) -> Response:
    """Those who have a role on one of one's sites."""
    return _show(visit)


@router.post("/desk/staff/add")
def add(visit: Changing, email: Text = "", name: Text = "", site: Text = "", role: Text = "") -> Response:
    """Make an account with a role, and show its first password, once. Who has an account gets the role alone."""
    password = ""
    try:
        with transaction() as session:
            _check_site(visit, site)
            if not role:
                raise BadRequest("Choose a role.")
            staff = accounts.find(session, accounts.email_of(email))
            if staff is None:
                password = passwords.made()
                staff = accounts.add(session, email, name, password)
                visit.note(session, "staff.added", f"staff:{staff.id}", None)
            _give(session, visit, staff, site, role)
    except HandrailError as error:
        return _show(visit, error=error, given={"email": email, "name": name})
    if not password:
        return go("/desk/staff", done="saved")
    return _show(visit, password=password, whose=accounts.email_of(email))


@router.post("/desk/staff/{staff_id}/role")
def change_role(visit: Changing, staff_id: str, site: Text = "", role: Text = "") -> Response:
    """Give a role on a site, or take it away; it counts from that person's next request on."""
    try:
        with transaction() as session:
            _check_site(visit, site)
            _give(session, visit, _find(session, visit, staff_id), site, role)
    except HandrailError as error:
        return _show(visit, error=error)
    return go("/desk/staff", done="saved")


@router.post("/desk/staff/{staff_id}/password")
def new_password(visit: Changing, staff_id: str) -> Response:
    """Set a new random password, show it once, and log that person out everywhere."""
    password = passwords.made()
    try:
        with transaction() as session:
            staff = _find(session, visit, staff_id)
            _check_whole(session, visit, staff)
            accounts.set_password(session, staff, password)
            visit.note(session, "password.set", f"staff:{staff.id}", None)
    except HandrailError as error:
        return _show(visit, error=error)
    return _show(visit, password=password, whose=staff.email)


@router.post("/desk/staff/{staff_id}/disable")
def disable(visit: Changing, staff_id: str, disabled: Text = "1") -> Response:
    """Close an account, or open it again."""
    closing = disabled == "1"
    try:
        with transaction() as session:
            staff = _find(session, visit, staff_id)
            _check_whole(session, visit, staff)
            if staff.id == visit.login.staff_id:
                raise Conflict("This is your own account: have another admin close it.")
            accounts.disable(session, staff, disabled=closing)
            visit.note(session, "staff.disabled" if closing else "staff.enabled", f"staff:{staff.id}", None)
    except HandrailError as error:
        return _show(visit, error=error)
    return go("/desk/staff", done="disabled" if closing else "enabled")


def _give(session: Session, visit: Visit, staff: Staff, site: str, role: str) -> None:
    before = accounts.roles_of(session, staff.id).get(site, "")
    if staff.id == visit.login.staff_id and before in RIGHTS[Right.CHANGE_STAFF] and role != before:
        raise Conflict("This would take your own admin role: have another admin do it.")
    accounts.give_role(session, staff, site, role)
    where = None if site == EVERY_SITE else site
    visit.note(session, "role.changed", f"staff:{staff.id}", where, on=site, before=before, role=role)


def _check_site(visit: Visit, site: str) -> None:
    """An admin of one site gives roles there alone."""
    if not visit.may(Right.CHANGE_STAFF, site):
        raise RoleMissing if site in visit.login.roles.names else accounts.SiteUnknown


def _check_whole(session: Session, visit: Visit, staff: Staff) -> None:
    """Who sets a password or closes an account rules all sites of its owner: else it would be a way into others."""
    if not visit.login.roles.rules(Right.CHANGE_STAFF, accounts.roles_of(session, staff.id)):
        raise RoleMissing("This person has a role on a site that you are no admin of: take away the role on yours.")


def _find(session: Session, visit: Visit, staff_id: str) -> Staff:
    """Somebody whom one sees: with a role on one of one's sites. Raises StaffNotFound."""
    staff = session.get(Staff, id_of(staff_id, StaffNotFound))
    if staff is None or not _seen(visit, accounts.roles_of(session, staff.id)):
        raise StaffNotFound("There is no such account, or it has no role on a site of yours.")
    return staff


def _seen(visit: Visit, roles: dict[str, str]) -> bool:
    """Whether somebody with these roles works on a site whose staff one may see; admins of all see everybody."""
    if visit.may(Right.SEE_STAFF, EVERY_SITE):
        return True
    return EVERY_SITE in roles or any(visit.may(Right.SEE_STAFF, site) for site in roles)


def _show(
    visit: Visit,
    *,
    error: HandrailError | None = None,
    password: str = "",
    whose: str = "",
    given: dict[str, str] | None = None,
) -> Response:
    with reading() as session:
        people = [(staff, roles) for staff, roles in accounts.everybody(session) if _seen(visit, roles)]
    own = [EVERY_SITE] if visit.may(Right.CHANGE_STAFF, EVERY_SITE) else []
    return page(
        visit,
        "staff.html",
        status=error.status if error else HTTPStatus.OK,
        problem=error.detail if error else "",
        people=people,
        roles=ROLES,
        sites=[*own, *visit.login.roles.sites(Right.CHANGE_STAFF)],
        shown=lambda site: visit.may(Right.SEE_STAFF, site) or site == EVERY_SITE,
        password=password,
        whose=whose,
        given=given or {"email": "", "name": ""},
    )
