"""How fast the service answers, beside a hello-world of Flask and one bare read of LMDB through Flask."""
