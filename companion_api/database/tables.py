"""All tables of the service, for migrations: importing a domain's module declares its tables on `METADATA`."""

from companion_api.admissions import admission_rows
from companion_api.audit import trail
from companion_api.films import case_rows, description_rows, erasure_rows, fault_rows, film_rows, hold_rows, term_rows
from companion_api.kits import enrolment_rows, heartbeat_rows
from companion_api.library import grant_rows, holder_rows, member_rows
from companion_api.staff import account_rows, ceremonies, invitation_rows, link_rows, passkey_rows, staff_sessions
from companion_api.truth import scrub_rows

DECLARED_BY = (
    *(case_rows, description_rows, erasure_rows, fault_rows, film_rows, hold_rows, term_rows),
    *(enrolment_rows, heartbeat_rows),
    *(account_rows, ceremonies, invitation_rows, link_rows, passkey_rows, staff_sessions),
    *(grant_rows, holder_rows, member_rows, admission_rows),
    *(scrub_rows, trail),
)
