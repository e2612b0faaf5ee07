"""What stands in the paths and queries of requests: ids, codes and numbers, each with its form."""

from typing import Annotated

from fastapi import Path

from companion_api.films.case_rows import CASE_PATTERN

UUID4 = "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
PART_NUMBER = "^(0|[1-9][0-9]{0,4})$"

FilmId = Annotated[str, Path(pattern=UUID4)]
AccountId = Annotated[str, Path(pattern=UUID4)]
CaseCode = Annotated[str, Path(pattern=CASE_PATTERN)]
KitId = Annotated[str, Path(pattern="^[a-z0-9][a-z0-9-]{0,62}$")]
PartNumber = Annotated[str, Path(pattern=PART_NUMBER)]
Fingerprint = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
