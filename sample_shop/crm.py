"""The customer file: one record per account and store card, typed by people at a till, exported whole each
night.
"""

import csv
import io

import numpy as np

from sample_shop.contacts import format_national_phone, mistype
from sample_shop.people import ACCOUNT, CRM_ONLY, People
from sample_shop.random_streams import create_random_stream, make_opaque_id
from sample_shop.shop_calendar import format_utc, get_day_start_ms

PEOPLE_HEADER = (
    "crm_id",
    "user_id",
    "email",
    "phone",
    "first_name",
    "last_name",
    "address_line",
    "city",
    "postcode",
    "country",
    "birth_date",
    "created_at",
    "updated_at",
    "marketing_consent",
    "personalization_consent",
)
ACCOUNT_RECORDS = 0.96  # accounts that are in the file
SECOND_CARDS = 0.16  # of those who also go to the store
_ADDRESS = ("address_line", "city", "postcode")


def format_csv_line(fields: list[str] | tuple[str, ...]) -> bytes:
    """One line of an export, without its line end; fields quoted where they must be."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(fields)
    return text.getvalue().encode()


class Crm:
    """The records, in order of creation. `owner[k]` is the person behind record k."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.records: list[dict[str, str]] = []
        self.owner: list[int] = []
        self.lines: list[bytes] = []
        self.first_records: dict[int, int] = {}  # person → record with the account or the first card
        self.shown_cards: dict[int, int] = {}  # person → record whose e-mail the till shows

    def create_records(self, people: People, day: int) -> list[int]:
        """Create the day's records: accounts that signed up, store cards of newcomers. Returns record
        numbers.
        """
        rows, made = people.rows, []
        signs = (rows.signup == day) | ((day == 0) & (rows.signup < 0))
        cards = (rows.kind == CRM_ONLY) & (rows.arrived == day)
        for row in np.flatnonzero(signs | cards):
            rng, row = create_random_stream(self.seed, "crm", int(row)), int(row)
            before_opening = int(rows.signup[row]) if rows.signup[row] < 0 else -int(rng.integers(1, 900))
            created = before_opening if day == 0 else day
            if rng.random() < (ACCOUNT_RECORDS if rows.kind[row] == ACCOUNT else 1.0):
                self.first_records[row] = self.shown_cards[row] = self._add(
                    people, row, created, rng, second=False
                )
                made.append(self.first_records[row])
            if rows.store_share[row] > 0 and rng.random() < SECOND_CARDS:
                self.shown_cards[row] = self._add(
                    people, row, min(day, created + int(rng.integers(0, 60))), rng, second=True
                )
                made.append(self.shown_cards[row])
        return made

    def _add(self, people: People, row: int, created: int, rng: np.random.Generator, second: bool) -> int:
        """One record. A second card is typed anew: e-mail and phone are missing or wrong in part, names and
        postcodes too.
        """
        contact, rows, number = people.contacts[row], people.rows, len(self.records)
        is_account = rows.kind[row] == ACCOUNT and not second
        record = {name: contact.get(name, "") for name in PEOPLE_HEADER}
        record["crm_id"] = f"C{make_opaque_id(self.seed, 'crm', number, 9)}"
        record["user_id"] = people.user_ids[row] if is_account else ""
        seconds = 3600 * (8 + rng.integers(0, 12)) + 60 * rng.integers(0, 60) + rng.integers(0, 60)
        created_at = format_utc(get_day_start_ms(created) + 1000 * seconds)
        record["created_at"] = record["updated_at"] = created_at
        record["marketing_consent"] = "true" if rows.consent[row, 2] else "false"
        record["personalization_consent"] = "true" if rows.consent[row, 1] else "false"
        if not is_account:
            self._mistype(record, rng, second)
        elif rng.random() < 0.3:
            record["phone"] = ""
        if rng.random() < 0.15 and record["phone"]:
            record["phone"] = format_national_phone(record["phone"])
        self.records.append(record)
        self.owner.append(row)
        self.lines.append(format_csv_line([record[name] for name in PEOPLE_HEADER]))
        return number

    def _mistype(self, record: dict[str, str], rng: np.random.Generator, second: bool) -> None:
        """What goes wrong at a till."""
        draw = rng.random(6)
        email_wrong, phone_wrong = (0.30, 0.20) if second else (0.0, 0.0)
        record["email"] = "" if draw[0] > (0.75 if second else 0.85) else record["email"]
        record["phone"] = "" if draw[1] > 0.70 else record["phone"]
        if draw[0] < email_wrong:
            local, domain = record["email"].split("@")
            record["email"] = f"{mistype(rng, local)}@{domain}"
        if draw[1] < phone_wrong:
            head, tail = record["phone"].rsplit(" ", 1)
            record["phone"] = f"{head} {mistype(rng, tail)}"
        for name, chance in (("first_name", 0.25), ("last_name", 0.25), ("postcode", 0.12)):
            if second and rng.random() < chance:
                record[name] = mistype(rng, record[name])
        if second and draw[5] < 0.15:
            record["birth_date"] = ""

    def update_records(
        self, people: People, day: int, changed: dict[str, list[int]], withdrew: np.ndarray
    ) -> list[int]:
        """Write the day's changes into first records (a second card is forgotten). Returns the records that
        changed.
        """
        touched = []
        for row in sorted(
            {*changed["address"], *changed["email"], *changed["phone"], *(int(r) for r in withdrew)}
        ):
            number = self.first_records.get(row)
            if number is None:
                continue
            contact, hour = (
                people.contacts[row],
                create_random_stream(self.seed, "crm_update", day, row).integers(8, 22),
            )
            fields = [
                *(_ADDRESS if row in changed["address"] else ()),
                *(k for k in ("email", "phone") if row in changed[k]),
            ]
            written = {name: contact[name] for name in fields}
            written["marketing_consent"] = "true" if people.rows.consent[row, 2] else "false"
            written["personalization_consent"] = "true" if people.rows.consent[row, 1] else "false"
            self.set_fields(
                number,
                {**written, "updated_at": format_utc(get_day_start_ms(day) + hour * 3_600_000 + 600_000)},
            )
            touched.append(number)
        return touched

    def set_fields(self, number: int, fields: dict[str, str]) -> None:
        """Write these fields into a record."""
        self.records[number].update(fields)
        self.lines[number] = format_csv_line([self.records[number][name] for name in PEOPLE_HEADER])

    def format_lines(self) -> list[bytes]:
        """The export of the night: every record as it is now, without the header."""
        return list(self.lines)
