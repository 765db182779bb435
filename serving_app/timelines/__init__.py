"""One page per person: what a customer did and what was shown to and decided about them, newest first."""
