"""The fields of Segment's HTTP tracking format that ingest reads, with their JSON shapes and ids."""

from spark_jobs.sources.declaration import IdField

COLUMNS = (
    "type",
    "messageId",
    "event",
    "userId",
    "anonymousId",
    "previousId",
    "groupId",
    "timestamp",
    "originalTimestamp",
    "sentAt",
    "receivedAt",
    "context",
    "properties",
    "traits",
)
CONTEXT = (
    "sessionId string, device struct<type:string>, page struct<path:string,referrer:string>, campaign"
    " struct<name:string>, location struct<country:string,latitude:string,longitude:string>,"
    " timezone string, isBot string"
)
PRODUCT = "product_id string, quantity string, price string"
PROPERTIES = (
    f"{PRODUCT}, currency string, order_id string, request_id string, products array<struct<{PRODUCT}>>"
)
ID_FIELDS = (
    IdField("message_id", "messageId"),
    IdField("user_id", "userId"),
    IdField("anonymous_id", "anonymousId"),
    IdField("anonymous_id", "previousId"),
    IdField("item_id", "properties.product_id"),
    IdField("item_id", "properties.products.product_id"),
    IdField("order_id", "properties.order_id"),
    IdField("request_id", "properties.request_id"),
    IdField("session_id", "context.sessionId"),
    IdField("country", "context.location.country"),
)
