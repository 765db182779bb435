"""Every pair of colours that stand on each other can be read, light and dark: WCAG 2.2, 1.4.3 and 1.4.11."""

import re

import pytest

from pages.styles import SHEETS, read_style

TEXTS = [
    ("text", "surface"),
    ("text", "surface-raised"),
    ("text", "surface-sunken"),
    ("text-muted", "surface"),
    ("text-muted", "surface-raised"),
    ("text-muted", "surface-sunken"),
    ("accent", "surface"),
    ("accent", "surface-raised"),
    ("accent", "surface-sunken"),
    ("accent-strong", "accent-soft"),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("good", "good-soft"),
    ("warn", "warn-soft"),
    ("bad", "bad-soft"),
    ("bad", "surface-raised"),
]
MARKS = [("border-strong", "surface-raised"), ("focus", "surface"), ("focus", "surface-raised")]
MARKS += [(f"series-{number}", "surface-raised") for number in range(1, 7)]


def read_colours(scheme):
    light, dark = read_style("tokens.css").split("@media (prefers-color-scheme: dark)")
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light))
    return colours | (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark)) if scheme == "dark" else {})


def compute_luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def compute_contrast(one, other):
    low, high = sorted(map(compute_luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def test_the_measure_is_that_of_the_standard():
    assert compute_contrast("#000000", "#ffffff") == pytest.approx(21)
    assert compute_contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_marks_stand_out(scheme):
    colours = read_colours(scheme)
    poor = [
        (front, back, round(compute_contrast(colours[front], colours[back]), 2))
        for pairs, least in ((TEXTS, 4.5), (MARKS, 3.0))
        for front, back in pairs
        if compute_contrast(colours[front], colours[back]) < least
    ]
    assert not poor


def test_dark_says_another_colour_for_each_of_light():
    light, dark = read_colours("light"), read_colours("dark")
    assert len(light) > 20
    assert [name for name in light if light[name] == dark[name]] == []


def test_other_sheets_hold_no_colours_and_only_names_that_there_are():
    names = set(re.findall(r"--([\w-]+):", read_style("tokens.css")))
    for sheet in SHEETS[1:]:
        text = re.sub(r"/\*.*?\*/", "", read_style(sheet), flags=re.S)
        assert set(re.findall(r"var\(--([\w-]+)\)", text)) <= names
        assert re.findall(r"#[0-9a-f]{3,8}\b", text.replace("#fff;", "")) == [], sheet
