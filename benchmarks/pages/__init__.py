"""Pages as people meet them: how soon slots are filled, what moves, what Lighthouse says."""
