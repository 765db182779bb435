"""The databases of live states that need no server."""

from serving_app.live.lmdb_store import LmdbBackend
from serving_app.live.memory import MemoryBackend


def make_memory(folder, clock):
    return MemoryBackend(clock)


def make_lmdb(folder, clock):
    return LmdbBackend(folder / "serving" / "live", clock)
