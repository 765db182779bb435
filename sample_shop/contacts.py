"""Names, addresses and contacts of people who do not exist: from faker's word lists, e-mails at example
domains.
"""

import re
import unicodedata
from importlib import import_module
from typing import NamedTuple

import numpy as np

DOMAINS = ("example.com", "example.org", "example.net")


class Country(NamedTuple):
    """Where people live: faker's locale, share of the shop's people, and how addresses and phones
    look there.
    """

    code: str
    locale: str
    share: float
    cities: tuple[str, ...]
    streets: tuple[str, ...]
    postcode_digits: int
    dialling: str
    mobile: str
    house_first: bool


COUNTRIES = (
    Country(
        "DE",
        "de_DE",
        0.42,
        ("Berlin", "Hamburg", "München", "Köln", "Leipzig", "Kassel", "Mainz", "Bremen"),
        ("Hauptstraße", "Lindenweg", "Gartenstraße", "Am Markt", "Bergstraße", "Schulstraße"),
        5,
        "49",
        "15",
        False,
    ),
    Country(
        "NL",
        "nl_NL",
        0.16,
        ("Amsterdam", "Utrecht", "Rotterdam", "Groningen", "Breda"),
        ("Kerkstraat", "Dorpsstraat", "Molenweg", "Stationsweg"),
        4,
        "31",
        "6",
        False,
    ),
    Country(
        "FR",
        "fr_FR",
        0.18,
        ("Paris", "Lyon", "Lille", "Nantes", "Dijon", "Metz"),
        ("rue de la Gare", "rue du Moulin", "avenue des Tilleuls", "place du Marché"),
        5,
        "33",
        "6",
        True,
    ),
    Country(
        "AT",
        "de_AT",
        0.10,
        ("Wien", "Graz", "Linz", "Salzburg"),
        ("Hauptplatz", "Wiener Straße", "Feldgasse", "Bahnhofstraße"),
        4,
        "43",
        "66",
        False,
    ),
    Country(
        "ES",
        "es_ES",
        0.14,
        ("Madrid", "Valencia", "Sevilla", "Bilbao", "Murcia"),
        ("Calle Mayor", "Calle del Sol", "Avenida de la Paz"),
        5,
        "34",
        "6",
        False,
    ),
)


def load_name_pools() -> list[tuple[list[str], list[str]]]:
    """First and last names of each country, in a fixed order."""
    found = []
    for country in COUNTRIES:
        provider = import_module(f"faker.providers.person.{country.locale}").Provider
        found.append((sorted(set(provider.first_names)), sorted(set(provider.last_names))))
    return found


def fold_to_ascii(text: str) -> str:
    """Lower-case letters only, accents folded: what a name becomes in an e-mail address."""
    folded = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode()
    return re.sub("[^a-z]", "", folded.lower())


def make_email(rng: np.random.Generator, first: str, last: str, number: int) -> str:
    """An address nobody else has: the person's number is part of it."""
    a, b = fold_to_ascii(first) or "x", fold_to_ascii(last) or "x"
    local = (f"{a}.{b}{number}", f"{a[0]}{b}{number}", f"{b}.{a}.{number}", f"{a}{number}")[
        rng.integers(0, 4)
    ]
    return f"{local}@{DOMAINS[rng.integers(0, 3)]}"


def make_phone(rng: np.random.Generator, country: Country) -> str:
    """A number shaped like the country's mobile numbers, digits drawn at random."""
    n_digits = 10 - len(country.mobile)
    return (
        f"+{country.dialling} {country.mobile}{rng.integers(0, 10):d}"
        f" {rng.integers(0, 10 ** (n_digits - 1)):0{n_digits - 1}d}"
    )


def format_national_phone(number: str) -> str:
    """The same number as people at home write it: `+49 151 234` is `0151 234`."""
    return "0" + number.split(" ", 1)[1]


def make_address(rng: np.random.Generator, country: Country) -> tuple[str, str, str]:
    """Address line, city, postcode. One line in eight has a comma, so that the export must quote it."""
    street, number = country.streets[rng.integers(0, len(country.streets))], rng.integers(1, 190)
    line = f"{number} {street}" if country.house_first else f"{street} {number}"
    if rng.random() < 0.125:
        line = f"{line}, {('2. OG', 'App. 7', 'c/o Büro', 'Stiege 3')[rng.integers(0, 4)]}"
    postcode = f"{rng.integers(10 ** (country.postcode_digits - 1), 10**country.postcode_digits)}"
    return line, country.cities[rng.integers(0, len(country.cities))], postcode


def mistype(rng: np.random.Generator, text: str) -> str:
    """The text with one slip: a letter swapped with the next, left out, doubled, or replaced by its
    neighbour.
    """
    spots = [k for k, c in enumerate(text) if c.isalnum() and (k + 1 == len(text) or text[k + 1].isalnum())]
    if not spots:
        return text
    k = spots[rng.integers(0, len(spots))]
    slip = rng.integers(0, 4)
    if slip == 0 and k + 1 < len(text) and text[k] != text[k + 1]:
        return text[:k] + text[k + 1] + text[k] + text[k + 2 :]
    if slip == 1 and len(text) > 3:
        return text[:k] + text[k + 1 :]
    if slip == 2:
        return text[: k + 1] + text[k:]
    near = "0123456789" if text[k].isdigit() else "abcdefghijklmnopqrstuvwxyz"
    return text[:k] + near[(near.find(text[k].lower()) + 1) % len(near)] + text[k + 1 :]
