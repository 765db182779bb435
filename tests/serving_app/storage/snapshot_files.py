"""A snapshot on disk, as the tests of stores find, read and damage it."""

import os

from expectations.contracts import snapshot as contract

TODAY = "2026-02-22T03:00:00Z"


def folder(home, name):
    return home / "serving" / "snapshots" / name


def first(snapshot):
    return snapshot.read_list(contract.get_customer_list_key("c_regular"))[1].item_id


def cut(data):
    os.truncate(data, data.stat().st_size // 2)
