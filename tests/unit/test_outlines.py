"""Boundary files: which property names the areas, shapes that look right, one clear line for a bad file."""

from __future__ import annotations

import json
import math

import pytest

from presentation.outlines import BadOutlines, flattened, middle, proportions, read_outlines, refuse_large

SQUARE = [[0.0, 44.0], [1.0, 44.0], [1.0, 45.0], [0.0, 45.0], [0.0, 44.0]]
FAR = [[2.0, 44.0], [3.0, 44.0], [3.0, 45.0], [2.0, 45.0], [2.0, 44.0]]


def layer(*features: tuple[dict[str, object], dict[str, object]]) -> str:
    return json.dumps(
        {
            "type": "FeatureCollection",
            "features": [
                {"type": "Feature", "properties": properties, "geometry": geometry}
                for properties, geometry in features
            ],
        }
    )


def polygon(*rings: object) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": list(rings)}


def test_the_property_with_the_names_of_the_release_is_found() -> None:
    text = layer(
        ({"id": 1, "BDNAME": "Alder"}, polygon(SQUARE)), ({"id": 2, "BDNAME": "Birch"}, polygon(FAR))
    )
    found = read_outlines(text, "areas.geojson", ["Alder", "Birch"])
    assert sorted(found) == ["Alder", "Birch"]
    assert read_outlines(text, "areas.geojson", ["1", "2"]).keys() == {"1", "2"}


def test_two_features_of_one_area_are_one_area() -> None:
    text = layer(({"ward": "2"}, polygon(SQUARE)), ({"ward": 2.0}, polygon(FAR)))
    assert len(read_outlines(text, "wards.geojson", ["2"])["2"]) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<html>", "not a GeoJSON file"),
        ('{"features": 3}', "not a GeoJSON file"),
        (layer(({"name": "Elsewhere"}, polygon(SQUARE))), "no property holds the areas' names"),
        (layer(({"name": "Alder"}, {"type": "Point", "coordinates": [0, 0]})), "a Point, not a polygon"),
        (layer(({"name": "Alder"}, polygon([[-1e7, 5e6], [1, 1], [2, 2]]))), "not degrees"),
        (layer(({"name": "Alder"}, {"type": "Polygon"})), "Give a polygon in degrees"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(BadOutlines, match=said) as error:
        read_outlines(text, "areas.geojson", ["Alder"])
    assert "\n" not in str(error.value)
    assert str(error.value).startswith("areas.geojson")


def test_a_file_too_large_for_a_page_is_refused() -> None:
    with pytest.raises(BadOutlines, match="Simplify"):
        refuse_large("areas.geojson", 30_000_000)


def test_shapes_keep_their_proportions_on_the_plane() -> None:
    # A square of one degree at 44.5 degrees north is cos(44.5 deg) as wide as it is high.
    flat = flattened(read_outlines(layer(({"n": "A"}, polygon(SQUARE))), "f", ["A"]))
    assert proportions(flat) == pytest.approx(1 / math.cos(math.radians(44.5)), rel=1e-3)


def test_the_label_stands_in_the_middle_of_the_largest_part() -> None:
    small = [[5.0, 0.0], [5.1, 0.0], [5.1, 0.1], [5.0, 0.1], [5.0, 0.0]]
    big = [[0.0, 0.0], [4.0, 0.0], [4.0, 2.0], [0.0, 2.0], [0.0, 0.0]]
    found = read_outlines(layer(({"n": "A"}, polygon(small)), ({"n": "A"}, polygon(big))), "f", ["A"])
    assert middle(found["A"]) == pytest.approx((2.0, 1.0))
