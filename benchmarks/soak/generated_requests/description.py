"""The API's description as requests made of it are judged by: each status must be named."""

import copy

from schemathesis.specs.openapi import checks

# What an answer may be is judged; not whether a request that the description allows has to succeed (a cursor
# must be one that was handed out, an item one that there is), nor whether one that it does not allow has to
# fail: an empty id is taken as none, and Segment's clients send fields of other types than Segment says.
EXCLUDED_CHECKS = [checks.positive_data_acceptance, checks.negative_data_rejection]
CATCH_ALLS = ("default", "4XX")


def describe_strictly(document):
    """The description without the answers that stand for any status."""
    strict = copy.deepcopy(document)
    for methods in strict["paths"].values():
        for operation in methods.values():
            for status in CATCH_ALLS:
                operation["responses"].pop(status, None)
    return strict
