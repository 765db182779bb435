"""Writes the SQL of the segments."""

from pathlib import Path


def write_models(project: Path) -> None:
    """nothing yet"""
