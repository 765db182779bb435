"""Which segments somebody is in now: live ones as events come and time passes, the others by the night."""
