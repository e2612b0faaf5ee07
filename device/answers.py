"""What an answer is: the service's own, a refusal by its name, or the word of something that stands in its place."""

from typing import TypeVar

import httpx
import msgspec

from device.errors import AgencyRefused, AgencyUnreachable, DeviceError
from device.link_diagnosis import trouble_of_answer
from device.link_trouble import LinkTrouble

_PROBLEM_PREFIX = "urn:attune-kit:problem:"
_OF_THE_LINK = {"upload-stalled", "upload-too-slow", "body-incomplete", "head-stalled"}  # too little came, or too late
_OURS = {"", "application/jose", "application/json"}  # what the service answers, when it refuses nothing


class _Problem(msgspec.Struct):
    type: str
    detail: str = ""


_Document = TypeVar("_Document", bound=msgspec.Struct)


def accepted(answer: httpx.Response) -> httpx.Response:
    """Return an answer by which the service has done what it was asked for.

    Raises `AgencyRefused` for its named problems, and `AgencyUnreachable` for those that are the link's fault and for
    what only a captive portal or a proxy would say.
    """
    if not answer.is_success and answer.status_code != httpx.codes.NOT_MODIFIED:
        raise _refusal(answer)
    if _kind(answer) not in _OURS:
        raise _none_of_the_services(answer)
    return answer


def decoded(answer: httpx.Response, kind: type[_Document]) -> _Document:
    """Return an answer's JSON. Raises `AgencyUnreachable` for what only a captive portal or a proxy would say."""
    try:
        return msgspec.json.decode(answer.content, type=kind)
    except msgspec.DecodeError:
        raise _none_of_the_services(answer) from None


def _refusal(answer: httpx.Response) -> DeviceError:
    problem = decoded(answer, _Problem)
    if not problem.type.startswith(_PROBLEM_PREFIX):
        return _none_of_the_services(answer)
    code = problem.type.removeprefix(_PROBLEM_PREFIX)
    if code in _OF_THE_LINK:
        return AgencyUnreachable(LinkTrouble.STALLED, f"{answer.request.url}: {code}")
    return AgencyRefused(code, problem.detail)


def _none_of_the_services(answer: httpx.Response) -> AgencyUnreachable:
    trouble = trouble_of_answer(answer.status_code, tls=answer.request.url.scheme == "https")
    return AgencyUnreachable(trouble, f"{answer.request.url}: {answer.status_code} with {_kind(answer) or 'no type'}")


def _kind(answer: httpx.Response) -> str:
    """Return an answer's media type, empty if it tells none."""
    kind: str = answer.headers.get("content-type", "")
    return kind.partition(";")[0].strip()
