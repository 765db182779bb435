"""What the views of overrides read of a request beside its body, and the answers with an override."""

from flask import Response

from serving_app.http.auth import get_caller
from serving_app.http.requests import read_if_match, read_query_parameters
from serving_app.http.responses import make_json_response
from serving_app.overrides.schemas import DeleteQuery, WriteQuery
from serving_app.overrides.writing import WriteOptions


def read_write_options() -> WriteOptions:
    """Which version a request means, by which key it asks, and whether it only wants to know."""
    query = WriteQuery(**read_query_parameters())
    return WriteOptions(read_if_match(), get_caller().name, query.dry_run)


def read_delete_options() -> WriteOptions:
    """As `read_write_options`, with what the audit log shall say."""
    query = DeleteQuery(**read_query_parameters())
    return WriteOptions(read_if_match(), get_caller().name, query.dry_run, query.author, query.reason)


def make_override_response(override: dict, status: int = 200, **headers: str) -> Response:
    """The answer with an override; its version is its ETag."""
    return make_json_response(override, status, ETag=f'"{override["version"]}"', **headers)


def make_write_response(answer: dict, is_new: bool = False) -> Response:
    """The answer to a change: the override; of a dry run with its effect; of a deletion nothing."""
    if not answer:
        return Response(status=204)
    if answer["is_dry_run"]:
        return make_json_response(answer)
    if is_new:
        return make_override_response(answer, 201, Location=f"/v1/overrides/{answer['override_id']}")
    return make_override_response(answer)
