"""The catalogue is of every table that a contract declares."""

import pkgutil
from importlib import import_module

from expectations import contracts
from expectations.contracts.lake import LAKE
from expectations.contracts.tables import Table


def test_every_declared_table_is_in_the_catalogue():
    modules = [
        import_module(f"{contracts.__name__}.{found.name}")
        for found in pkgutil.iter_modules(contracts.__path__)
    ]
    declared = {each.name for module in modules for each in vars(module).values() if isinstance(each, Table)}
    assert declared == set(LAKE), "a table that LAKE does not list is not tidied, widened or checked"
