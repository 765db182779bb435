"""`make next`: what to try on this home, with an id of its own, as at the end of `make run`."""

from rich.console import Console

from expectations.contracts.published import Published
from operate import page
from operate.settings import load_settings_or_exit


def main() -> None:
    """Print the steps.

    Raises:
        SystemExit: nothing has been published yet.
    """
    settings = load_settings_or_exit()
    if Published.read(settings.home) is None:
        raise SystemExit(
            f"No night has been published in {settings.home} yet: `make run` or `make backfill` is the first"
            " step."
        )
    page.print_next_steps(Console(highlight=False), page.select_visitors(settings))


if __name__ == "__main__":
    main()
