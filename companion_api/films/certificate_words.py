"""Everything that the page of an erasure certificate says, a language each. `{name}` is filled in."""

from collections.abc import Mapping
from typing import NamedTuple

from footage.erasure import Reason


class Words(NamedTuple):
    """One language."""

    title: str
    subtitle: str
    film: str
    filmed: str
    length: str
    minutes: str
    case: str
    number: str
    why: str
    reasons: Mapping[Reason, str]
    decided: str
    deciders: Mapping[str, str]  # by the kind of actor
    gone: str
    destroyed: str
    not_arrived: str
    key: str
    pieces: str
    joined: str
    nobody: str
    on_kit: str
    left_on_kit: str
    backups: str
    until: str
    again: str
    check: str
    how: str
    signed: str
    agency: str
    date: str
    months: tuple[str, ...]


ENGLISH = Words(
    title="Your film is erased",
    subtitle="This page is for you to keep.",
    film="The film",
    filmed="Filmed on",
    length="Length",
    minutes="{minutes} min {seconds} s",
    case="Your code with us",
    number="Film number",
    why="Why",
    reasons={
        Reason.TAKEN_BACK: "You took it back, with the button on the kit.",
        Reason.FAMILY_ASKED: "A parent or carer asked us to erase it.",
        Reason.CHILD_ASKED: "The child did not want this film.",
        Reason.OTHER_ASKED: "Somebody else who is seen or heard in it asked us to erase it.",
        Reason.NO_AGREEMENT: "Not everybody in it had agreed to be filmed.",
        Reason.MISTAKE: "It was filmed, or sent to us, by mistake.",
        Reason.ORDERED: "A court or an authority told us to erase it.",
        Reason.WORK_ENDED: "Our work together has ended, and the agreed time after it is over.",
        Reason.TOO_OLD: "It had come to the longest time that we keep any film.",
    },
    decided="Since {date} nobody could watch it here.",
    deciders={
        "kit": "Decided by the family, at the kit.",
        "staff": "Entered by our staff.",
        "operator": "Entered by our IT staff.",
        "service": "Erased automatically, as agreed.",
    },
    gone="What is gone",
    destroyed="On {date} we destroyed {what}.",
    not_arrived="Nothing of it had come to us. If any of it comes after all, it is destroyed on arrival.",
    key="the key to the film",
    pieces="its {parts} locked pieces",
    joined=" and ",
    nobody="Nothing of it is left with us that anybody could watch.",
    on_kit="On the kit",
    left_on_kit="Not all of it had come to us. What {kit} still has of it is locked, and the kit can't open it. Ask us "
    "to erase it there too.",
    backups="Our backups",
    until="Locked copies may lie in our backups until {date}. Nobody looks at them there.",
    again="If we have to use a backup before that day, the film is erased from it by itself. After that day the copies "
    "are gone as well.",
    check="How to check this page",
    how="We keep the signed original. Ask us for it by the film number, now or in years. Its fingerprint must be:",
    signed="Filmed with {kit}. Erased at {erased_at}: {megabytes} MB (store: {store}, database: {database}). Signed "
    "with the agency's key {key}.",
    agency="Whom to ask at our agency: name, telephone",
    date="{day} {month} {year}",
    months=(
        *("January", "February", "March", "April", "May", "June", "July"),
        *("August", "September", "October", "November", "December"),
    ),
)
WORDS: Mapping[str, Words] = {"en": ENGLISH}
