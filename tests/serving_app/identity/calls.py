"""Requests to `/v1/identity` of the small shop, and what each answer must not hold."""

SECRET = "ada@shop.example"
EXPLAIN, DECISIONS, REVIEWS = (f"/v1/identity/{name}" for name in ("explain", "decisions", "reviews"))
SPLIT = {
    "decision": "split",
    "a": "user_id:u-regular",
    "b": f"email:{SECRET}",
    "reason": "two sisters",
    "decided_by": "MK",
}


def explain(shop, a, b, **more):
    answer = shop.client.get(EXPLAIN, query_string={"a": a, "b": b, **more})
    assert answer.status_code == 200, answer.text
    assert SECRET not in answer.text
    return answer.json


def decide(shop, **fields):
    return shop.client.post(DECISIONS, json={**SPLIT, **fields})


def check_problem(answer, status, kind, words):
    assert (answer.status_code, answer.json["type"]) == (status, f"urn:concierge:problem:{kind}"), answer.text
    assert words in answer.json["detail"]
    assert SECRET not in answer.text
