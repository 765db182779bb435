"""`make docs`: dbt's documentation of the published warehouse as one static page."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
