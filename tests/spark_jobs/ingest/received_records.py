"""Records of feeds as received, with nothing to refuse in them."""

ORDER = {
    "order_id": "o1",
    "line_no": "1",
    "ordered_at": "2026-01-05T12:00:00Z",
    "item_id": "i1",
    "quantity": "2",
    "unit_price": "2.50",
    "currency": "EUR",
    "kind": "sale",
}
LINE = {
    "InvoiceNo": "1",
    "StockCode": "85123A",
    "Quantity": "6",
    "InvoiceDate": "2026-01-05 08:26:00",
    "UnitPrice": "2.55",
}
PRODUCT = {
    "item_id": "i1",
    "price": "2.50",
    "currency": "EUR",
    "status": "active",
    "updated_at": "2026-01-05T12:00:00Z",
}
