"""What `rec_customer_items_v1` must hold before it may be published."""

from expectations.contracts.lake import REC_CUSTOMER_ITEMS
from expectations.suites.lists import ORDERED_LIST
from expectations.suites.suite import Suite, expect_customer_ids

SUITE = Suite(REC_CUSTOMER_ITEMS, (expect_customer_ids(), *ORDERED_LIST))
