"""`make insights`: write the page of answers and say where it is."""

import sys

from expectations.contracts.files import write_text_atomically
from expectations.contracts.published import Published
from operate.insights.answers import answer_questions
from operate.insights.page import render_page
from operate.settings import load_settings_or_exit
from spark_jobs.warehouse.dbt import DbtFailed


def main() -> int:
    """Write the page; 1 with a sentence when there is nothing to ask."""
    settings = load_settings_or_exit()
    try:
        answers = answer_questions(settings)
    except (FileNotFoundError, DbtFailed, ValueError) as error:
        print(f"insights: {error}", file=sys.stderr)
        return 1
    published = Published.read(settings.home)
    page = settings.paths.insights_page
    title = f"Twenty questions: {', '.join(settings.sources)}, up to {published.landing_date}"
    write_text_atomically(page, render_page(title, answers))
    print(f"Twenty questions, answered: {page}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
