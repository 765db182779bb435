"""The broker away for seconds and minutes, under traffic."""
