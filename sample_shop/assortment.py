"""What the shop can sell: its categories, its brands, and the words its titles are made of."""

from typing import NamedTuple


class Category(NamedTuple):
    """One leaf of the category tree.

    `cycle_days` is how long one unit lasts (0: not a consumable); `season` is how far demand swings (log
    scale) and `peak_day` the day of the year it is highest.
    """

    path: tuple[str, str, str]
    nouns: tuple[str, ...]
    price_low: float
    price_high: float
    cycle_days: int
    season: float
    peak_day: int
    attributes: dict[str, tuple[str, ...]]


_SIZES = ("S", "M", "L", "XL")
_COLOURS = ("black", "white", "grey", "blue", "green", "red", "sand")
_ROAST = {"roast": ("light", "medium", "dark"), "form": ("beans", "ground")}
_LEAF = {"kind": ("green", "black", "herbal"), "form": ("loose", "bags")}
_COLOUR = {"colour": _COLOURS}
_WEAR = {"colour": _COLOURS, "size": _SIZES}

CATEGORIES = (
    Category(
        ("Food", "Drinks", "Coffee"), ("Espresso", "House Blend", "Single Origin"), 6, 24, 16, 0.1, 20, _ROAST
    ),
    Category(
        ("Food", "Drinks", "Tea"), ("Breakfast Tea", "Evening Tea", "Sencha"), 3, 18, 22, 0.3, 15, _LEAF
    ),
    Category(
        ("Food", "Pantry", "Oil"),
        ("Olive Oil", "Rapeseed Oil"),
        6,
        30,
        32,
        0.1,
        200,
        {"origin": ("IT", "ES", "GR")},
    ),
    Category(
        ("Food", "Sweets", "Chocolate"),
        ("Chocolate Bar", "Truffles"),
        2,
        20,
        11,
        0.5,
        350,
        {"cocoa": ("40%", "70%", "85%")},
    ),
    Category(
        ("Pets", "Dogs", "Dog Food"),
        ("Dry Food", "Treats"),
        8,
        60,
        17,
        0.0,
        1,
        {"flavour": ("beef", "fish", "lamb")},
    ),
    Category(
        ("Pets", "Cats", "Cat Food"),
        ("Wet Food", "Crunchies"),
        5,
        45,
        13,
        0.0,
        1,
        {"flavour": ("beef", "fish", "poultry")},
    ),
    Category(
        ("Body", "Hair", "Shampoo"),
        ("Shampoo", "Conditioner"),
        4,
        22,
        26,
        0.1,
        190,
        {"for": ("dry", "fine", "all")},
    ),
    Category(
        ("Body", "Skin", "Face Care"),
        ("Day Cream", "Serum"),
        9,
        70,
        34,
        0.2,
        10,
        {"for": ("dry", "oily", "all")},
    ),
    Category(
        ("Body", "Shaving", "Blades"),
        ("Razor Blades", "Shaving Gel"),
        5,
        28,
        24,
        0.0,
        1,
        {"pack": ("4", "8", "12")},
    ),
    Category(
        ("Home", "Cleaning", "Detergent"),
        ("Liquid", "Tabs"),
        5,
        25,
        20,
        0.0,
        1,
        {"scent": ("none", "citrus", "lavender")},
    ),
    Category(
        ("Home", "Decoration", "Candles"),
        ("Candle", "Tealights"),
        4,
        35,
        28,
        0.5,
        340,
        {"scent": ("none", "cedar", "fig")},
    ),
    Category(
        ("Kitchen", "Cookware", "Pans"),
        ("Frying Pan", "Casserole"),
        18,
        190,
        0,
        0.2,
        345,
        {"coating": ("steel", "ceramic", "iron")},
    ),
    Category(("Kitchen", "Appliances", "Kettles"), ("Kettle", "Toaster"), 20, 140, 0, 0.2, 345, _COLOUR),
    Category(("Home", "Textiles", "Bed Linen"), ("Duvet Cover", "Sheet"), 18, 150, 0, 0.2, 300, _COLOUR),
    Category(("Home", "Lighting", "Lamps"), ("Table Lamp", "Floor Lamp"), 20, 220, 0, 0.4, 320, _COLOUR),
    Category(("Garden", "Plants", "Pots"), ("Planter", "Hanging Pot"), 6, 80, 0, 0.9, 120, _COLOUR),
    Category(
        ("Sports", "Running", "Running Shoes"), ("Road Shoe", "Trail Shoe"), 60, 190, 0, 0.4, 110, _WEAR
    ),
    Category(("Sports", "Outdoor", "Backpacks"), ("Daypack", "Trekking Pack"), 30, 210, 0, 0.6, 160, _COLOUR),
    Category(("Fashion", "Knitwear", "Sweaters"), ("Crew Neck", "Cardigan"), 30, 160, 0, 0.8, 330, _WEAR),
    Category(("Fashion", "Shirts", "Shirts"), ("Oxford Shirt", "Linen Shirt"), 25, 120, 0, 0.4, 150, _WEAR),
    Category(
        ("Toys", "Building", "Building Sets"),
        ("Castle Set", "Train Set"),
        10,
        160,
        0,
        0.7,
        345,
        {"age": ("3+", "6+", "9+")},
    ),
    Category(
        ("Office", "Paper", "Notebooks"),
        ("Notebook", "Planner"),
        4,
        30,
        0,
        0.4,
        250,
        {"ruling": ("plain", "lined", "dotted")},
    ),
)

BRANDS = (
    "Alderline",
    "Bluefen",
    "Brightkettle",
    "Corvane",
    "Dunmoor",
    "Elmwick",
    "Fennel & Rye",
    "Goldfinchery",
    "Harborlight",
    "Isolde",
    "Juniperhaus",
    "Kestrelby",
    "Lindenhof",
    "Mossgrove",
    "Northquay",
    "Oakenshaw",
    "Plumcraft",
    "Quillwerk",
    "Rookstead",
    "Saltmarsh",
    "Thistledown",
    "Umbrelle",
    "Vale & Fern",
    "Willowmere",
    "Xylora",
    "Yarrowfield",
    "Zephyrine",
    "Amberloom",
    "Birchbark",
    "Cloudberry",
)

ADJECTIVES = (
    "Classic",
    "Fine",
    "Daily",
    "Slow",
    "Bright",
    "Quiet",
    "Northern",
    "Little",
    "Grand",
    "Plain",
    "Golden",
    "Wild",
    "Simple",
    "Rich",
    "Light",
    "Deep",
    "Warm",
    "Crisp",
    "Soft",
    "Bold",
    "Early",
    "Late",
    "Old Town",
    "Harvest",
)

ITEMS_AT_OPENING = 480
LAUNCHES_PER_DAY = 0.9
POSTAGE_ITEM = "POSTAGE"  # the item_id of charge lines; not an item of the catalogue
POSTAGE = 4.90
FREE_POSTAGE_FROM = 40.0
CAMPAIGNS = ("newsletter", "spring_sale", "search_ads", "social_video")
