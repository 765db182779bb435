"""The committed drawing of the packages is the one that the code gives."""

from operate.draw_architecture import PAGE, render_page


def test_the_page_is_what_the_code_gives() -> None:
    assert PAGE.read_text("utf-8") == render_page(), (
        "packages or imports have changed: run `make architecture`"
    )
