"""tus-py-client sends one file: `python -m benchmarks.tus_client URL FILE`; it prints the seconds, and the upload's id.

A request that fails is repeated from the offset that the server has, as its documents show.
"""

import sys
import time

from tusclient.client import TusClient

_RETRIES, _RETRY_SECONDS = 1000, 1


def main() -> None:
    """Send it."""
    url, file = sys.argv[1:]
    began = time.monotonic()
    uploader = TusClient(url).uploader(file, retries=_RETRIES, retry_delay=_RETRY_SECONDS)
    uploader.upload()
    seconds = time.monotonic() - began
    print(seconds, str(uploader.url).rpartition("/")[2])


if __name__ == "__main__":
    main()
