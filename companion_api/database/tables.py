"""All tables of the service, for migrations: importing a domain's module declares its tables on `METADATA`."""

from companion_api.audit import trail
from companion_api.films import case_rows, erasure_rows, fault_rows, film_rows, hold_rows, term_rows
from companion_api.kits import enrolment_rows, heartbeat_rows
from companion_api.staff import account_rows, ceremonies, invitation_rows, link_rows, passkey_rows, staff_sessions
from companion_api.truth import scrub_rows

DECLARED_BY = (
    *(case_rows, erasure_rows, fault_rows, film_rows, hold_rows, term_rows),
    *(enrolment_rows, heartbeat_rows),
    *(account_rows, ceremonies, invitation_rows, link_rows, passkey_rows, staff_sessions),
    *(scrub_rows, trail),
)
