"""Which columns must agree for a pair to be worth scoring, for each kind of people record."""

# A pair is scored when all columns of one rule agree. They decide recall: nothing later finds what no rule
# brought. `first_keys` means: the other's first name is mine or a learned variant of mine; `tokens`: a word
# of the name in common.
FIGURES_BLOCKING = (
    ("rare_tokens",),
    ("postcode",),
    ("first", "last"),
    ("first1", "last"),
    ("first_keys", "last"),
    ("first_keys", "last4"),
    ("first_keys", "last_end"),
    ("first4", "last4"),
    ("last", "occupation"),
    ("last", "dob_year"),
    ("last", "dob_month_day"),
    ("last4", "dob_year"),
    ("last4", "dob_month_day"),
    ("name_key", "dob_year"),
    ("dob", "sector"),
    ("dob", "outcode"),
    ("dob", "area"),
    ("dob", "place"),
    ("dob", "last"),
    ("dob", "last4"),
    ("dob", "first"),
    ("dob", "first_keys"),
    ("dob", "first4"),
    ("dob", "tokens"),
    ("dob_year", "outcode"),
    ("dob_year", "place"),
    ("dob_year", "tokens", "occupation"),
    ("sector", "last"),
    ("sector", "first"),
    ("outcode", "last"),
    ("outcode", "last4"),
    ("outcode", "tokens"),
    ("outcode", "stems"),
    ("outcode", "first_keys"),
    ("outcode", "occupation"),
    ("area", "last"),
    ("area", "last4", "first1"),
    ("place", "last"),
    ("place", "last4"),
    ("place", "tokens"),
    ("place", "stems"),
    ("place", "first_keys"),
    ("place", "occupation"),
)
# A shop has hundreds of times as many records as the historical figures, so each rule names two things that
# together point at few people (one postcode and one first letter, not one city and one name): pairs then grow
# like records, at 1,000,000 too. On 16,966 records of a sample shop they bring 2,652 pairs, 1,198 of the
# 1,203 true ones among them. `stems` are the first four letters of each word of the name.
SHOP_BLOCKING = (
    ("email",),
    ("phone",),
    ("email_user", "last"),
    ("email_user", "first"),
    ("dob", "stems"),
    ("dob", "first_keys"),
    ("dob", "last_end"),
    ("dob", "postcode"),
    ("postcode", "stems"),
    ("postcode", "first1"),
    ("postcode", "dob_year"),
    ("first_keys", "last", "place"),
    ("first_keys", "last", "dob_year"),
    ("first_keys", "last", "dob_month_day"),
)
EM_BLOCKING = (("first", "last"), ("dob",), ("postcode",))
CERTAIN = (("first", "last", "dob"), ("last", "dob", "postcode"), ("first", "last", "postcode"), ("email",))
