"""Hard cases planted beside the shop's own trade, each with its expected result."""
