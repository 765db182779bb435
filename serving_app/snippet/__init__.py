"""`/concierge.js`: the snippet that a shop's pages load, as clients/javascript has it."""
