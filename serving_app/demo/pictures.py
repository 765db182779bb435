"""Pictures of items, drawn from what the catalogue says of them: the same item has the same picture, and no
two look quite alike. `shapes/` has a drawing for each leaf of a category, as SVG over 200 × 200.
"""

import colorsys
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

SHAPES = Path(__file__).parent / "shapes"
OTHER = "parcel"
# what stands in the drawings for the item's colour, its shade and that of a label
COLOUR, SHADE, LABEL = "#c00001", "#c00002", "#c00003"
# of an attribute `colour` or `color`; any other colour is the item's own
NAMED = {
    "black": "#3a3d42",
    "white": "#f4f2ec",
    "grey": "#9aa0a6",
    "blue": "#3f6fae",
    "green": "#5a8a5e",
    "red": "#b9483d",
    "sand": "#cdb48a",
}
DRAWING = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200" width="200" height="200">'
    '<rect width="200" height="200" fill="{back}"/><circle cx="{x}" cy="{y}" r="{r}" fill="{spot}"/>'
    '<ellipse cx="100" cy="172" rx="62" ry="8" fill="#000" opacity=".08"/>{shape}</svg>'
)


def draw_item(item_id: str, category_path: Sequence[str], attributes: Mapping[str, str]) -> str:
    """An item's picture as SVG text; nothing of what the catalogue says stands in it."""
    draw = hashlib.blake2b(item_id.encode(errors="replace"), digest_size=8).digest()
    hue = draw[0] / 256
    word = next((value for name, value in attributes.items() if name in ("colour", "color")), "")
    colour = NAMED.get(word) or mix(hue, 0.38 + draw[1] / 900, 0.5 + draw[2] / 1400)
    leaf = category_path[-1].lower().replace(" ", "-") if category_path else OTHER
    shapes = read_shapes()
    shape = shapes.get(leaf, shapes[OTHER]).replace(COLOUR, colour).replace(SHADE, darken(colour))
    return DRAWING.format(
        back=mix(hue + 0.08, 0.35, 0.93),
        spot=mix(hue + 0.08, 0.45, 0.87),
        x=60 + draw[3] % 80,
        y=60 + draw[4] % 80,
        r=56 + draw[5] % 30,
        shape=shape.replace(LABEL, "#fffaf0"),
    )


@cache
def read_shapes() -> dict[str, str]:
    """The drawings by name, without the element around them."""
    texts = {path.stem: path.read_text() for path in SHAPES.glob("*.svg")}
    return {name: text[text.index(">") + 1 : text.rindex("<")] for name, text in texts.items()}


def mix(hue: float, saturation: float, lightness: float) -> str:
    """A colour as `#rrggbb`, from parts of 1."""
    parts = colorsys.hls_to_rgb(hue % 1, lightness, saturation)
    return "#" + "".join(f"{round(255 * part):02x}" for part in parts)


def darken(colour: str, share: float = 0.72) -> str:
    """The shade of a colour `#rrggbb`."""
    return "#" + "".join(f"{round(int(colour[n : n + 2], 16) * share):02x}" for n in (1, 3, 5))
