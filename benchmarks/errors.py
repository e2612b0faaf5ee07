"""Why nothing could be measured. Each has a `code`; each message says what to do next."""

from typing import ClassVar


class BenchmarkError(Exception):
    """Base of everything that keeps a benchmark from giving a figure."""

    code: ClassVar[str] = "benchmark-error"


class PeerMissing(BenchmarkError):
    """A program that we compare with is not on PATH."""

    code = "peer-missing"


class PeerFailed(BenchmarkError):
    """A program that we compare with ended with an error."""

    code = "peer-failed"


class SourceUnfit(BenchmarkError):
    """The film to be filmed did not become what the claim says."""

    code = "source-unfit"


class FilmingFailed(BenchmarkError):
    """Our own process ended with an error."""

    code = "filming-failed"


class ServerFailed(BenchmarkError):
    """A server, ours or a peer, did not start, or lost what it had acknowledged."""

    code = "server-failed"


class LoadFailed(BenchmarkError):
    """A server did not answer a request as it should."""

    code = "load-failed"


class UplinkFailed(BenchmarkError):
    """Our uplink, or a peer, did not bring its film to the other end."""

    code = "uplink-failed"


class NoResults(BenchmarkError):
    """There are no results to write into the documents."""

    code = "no-results"
