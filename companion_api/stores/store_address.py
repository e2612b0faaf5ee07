"""The address of a store: a folder, or a bucket. Credentials come from the environment, and are never part of it."""

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore, ObjectStore, S3Store

from companion_api.stores.cloud_store import CloudStore
from companion_api.stores.disk_store import DiskStore
from companion_api.stores.store import Store, StoreUnfit

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

_BUCKET = re.compile(r"(s3|az|gs)://([A-Za-z0-9][\w.-]*)((?:/[A-Za-z0-9][\w.-]*)*)/?", re.ASCII)


class Provider(NamedTuple):
    """Who keeps a bucket: the form of its address, where its credentials stand, and the prefix of all its variables."""

    address: str
    credentials: str
    variables: str


PROVIDERS = {
    "s3": Provider("s3://BUCKET/PREFIX", "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT", "AWS"),
    "az": Provider("az://CONTAINER/PREFIX", "AZURE_STORAGE_ACCOUNT_NAME, AZURE_STORAGE_ACCOUNT_KEY", "AZURE"),
    "gs": Provider("gs://BUCKET/PREFIX", "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE"),
}
# A kit waits 30 s for an answer. A create that timed out is not repeated here, but by the kit; all else only as long
# as its last try can end within that time.
_RETRY: "RetryConfig" = {
    "max_retries": 4,
    "retry_timeout": timedelta(seconds=10),
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=3), "base": 2},
}
_SECONDS_A_REQUEST = 20
_SECONDS_TO_CONNECT = 3
_SECONDS_IDLE = 15  # less than providers keep an idle connection, so that none is used that has just been closed


class AddressUnusable(StoreUnfit):
    """The address is no store's, or the environment has not what the store needs."""


def open_store(address: str) -> Store:
    """Return the store at an address; nothing is asked of a bucket yet. Raises `AddressUnusable`, `StoreFailed`."""
    if found := _BUCKET.fullmatch(address):
        scheme, bucket, prefix = found.groups()
        return CloudStore(_bucket(scheme, bucket, prefix.strip("/") or None))
    if folder := folder_of(address):
        return DiskStore(folder)
    forms = ", ".join(provider.address for provider in PROVIDERS.values())
    raise AddressUnusable(f"The store's address is none. Use a folder, {forms}; credentials belong in the environment.")


def folder_of(address: str) -> Path | None:
    """Return the folder that an address names, or None if it names none."""
    for form in ("file://localhost/", "file:///"):
        if address.startswith(form):
            return Path("/" + unquote(address.removeprefix(form)))
    return Path(address) if address and ":" not in address.partition("/")[0] else None


def _bucket(scheme: str, name: str, prefix: str | None) -> ObjectStore:
    client = _client(PROVIDERS[scheme].variables)
    try:
        match scheme:
            case "s3":  # both are obstore's defaults, but could be changed by the environment
                return S3Store(
                    name,
                    prefix=prefix,
                    unsigned_payload=False,
                    conditional_put="etag",
                    client_options=client,
                    retry_config=_RETRY,
                )
            case "az":
                return AzureStore(name, prefix=prefix, client_options=client, retry_config=_RETRY)
            case _:
                return GCSStore(name, prefix=prefix, client_options=client, retry_config=_RETRY)
    except BaseError:
        credentials = PROVIDERS[scheme].credentials
        raise AddressUnusable(f"The environment lacks what a {scheme}:// store needs. Check {credentials}.") from None


def _client(variables: str) -> "ClientConfig":
    return {
        "timeout": timedelta(seconds=_SECONDS_A_REQUEST),
        "connect_timeout": timedelta(seconds=_SECONDS_TO_CONNECT),
        "pool_idle_timeout": timedelta(seconds=_SECONDS_IDLE),
        # obstore reads this one of the environment only where it is given no options
        "allow_http": os.environ.get(f"{variables}_ALLOW_HTTP", "").lower() in ("1", "true"),
    }
