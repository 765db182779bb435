"""Telephone numbers as they are compared: E.164, so that `0151 234…` on a German card is the `+49 151 234…` of the account.

The work of a library (Google's libphonenumber, as `phonenumbers`): what is a trunk prefix, and how long a number may be, is a
thousand rules that change. Here and nowhere else, since who asks for a number must ask for the one that was stored.
"""

from functools import lru_cache

import phonenumbers


@lru_cache(maxsize=1 << 17)
def e164(phone: str | None, country: str | None) -> str | None:
    """The number in E.164 where it can be one of its country (ISO 3166, two letters); else its digits as received.

    A number of a possible length counts: whether it is in use nobody can tell, and new ranges open every month.
    """
    if not phone:
        return None
    try:
        number = phonenumbers.parse(phone, (country or "").upper() or None)
    except phonenumbers.NumberParseException:
        return phone
    length = phonenumbers.is_possible_number_with_reason(number)
    if length != phonenumbers.ValidationResult.IS_POSSIBLE:  # neither too long, nor one that needs its area code
        return phone
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def international(phone: str) -> str:
    """A number that says its country itself, with + or 00 in front, in E.164; any other as it is."""
    phone = phone.strip()
    return e164(f"+{phone[2:]}" if phone.startswith("00") else phone, None) if phone.startswith(("+", "00")) else phone
