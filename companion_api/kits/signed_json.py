"""A small JSON body that a kit has signed: read strictly, and told to OpenAPI."""

from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from companion_api import problems as p
from companion_api.kits.upload import receive_upload
from companion_api.problems import REQUEST_INVALID, Refusal

MAX_JSON_SIZE = 16 * 1024
BODY_REFUSALS = (
    *(p.BODY_INCOMPLETE, p.UPLOAD_STALLED, p.UPLOAD_TOO_SLOW, p.BODY_TOO_LARGE, p.BODY_EMPTY),
    p.DIGEST_MISMATCH,
)
ModelT = TypeVar("ModelT", bound=BaseModel)


async def read_json(request: Request, model: type[ModelT]) -> ModelT:
    """Return the body, which is the one that was signed for. Raises `Refusal`; its detail repeats no value."""
    upload = await receive_upload(request, MAX_JSON_SIZE)
    try:
        return model.model_validate_json(upload.body)
    except ValidationError as reason:
        faults = "; ".join(f"{'.'.join(map(str, error['loc'])) or 'body'}: {error['msg']}" for error in reason.errors())
        raise Refusal(REQUEST_INVALID, f"Correct the body. {faults}.") from None


def json_body(model: type[BaseModel]) -> dict[str, object]:
    """Return the `openapi_extra` of a route that reads such a body."""
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})

    def inlined(part: Any) -> Any:
        if isinstance(part, list):
            return [inlined(value) for value in part]
        if not isinstance(part, dict):
            return part
        found = definitions[part["$ref"].rpartition("/")[2]] if "$ref" in part else part
        return {name: inlined(value) for name, value in found.items()}

    digest = {"name": "Content-Digest", "in": "header", "required": True, "schema": {"type": "string"}}
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": inlined(schema)}}},
        "parameters": [digest | {"description": "RFC 9530, one sha-256"}],
    }
