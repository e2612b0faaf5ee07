from xml.etree import ElementTree

import pytest

from benchmarks.scaling_picture import Point, picture

SVG = "{http://www.w3.org/2000/svg}"
CPU: list[dict[str, float]] = [
    {"service": 2, "Ceph": 5, "PostgreSQL": 0.5, "load": 0.5},
    {"service": 4, "Ceph": 5, "PostgreSQL": 1, "load": 1},
]
POINTS = [
    Point.of(1, [90.0, 100.0, 170.0], [20.0], CPU[:1]),
    Point.of(2, [150.0], [40.0], CPU[:1]),
    Point.of(4, [160.0], [80.0], CPU[1:]),
]


@pytest.fixture
def drawn() -> ElementTree.Element:
    return ElementTree.fromstring(picture(POINTS, 2, 16, 0.25, 0.1))


def test_what_cores_allow_follows_from_all_cpu_time_of_a_gb() -> None:
    assert [point.ceiling(2) for point in POINTS] == [250, 250, pytest.approx(2000 / 11)]


def test_figures_of_a_point_are_medians() -> None:
    assert POINTS[0].speed == 100
    assert Point.of(1, [1.0], [], [*CPU, *CPU[:1]]).cpu_per_gb == CPU[0]


def test_it_tells_medians_ratios_and_shares_in_words(drawn: ElementTree.Element) -> None:
    texts = [text.text for text in drawn.iter(f"{SVG}text")]
    assert {"100", "150", "160"} <= set(texts)
    assert any(text and "2 workers 1.50 times, 4 workers 1.60 times" in text for text in texts)
    assert any(text and "service 36%, Ceph 45%, PostgreSQL 9%, load 9%" in text for text in texts)
    assert "Meanwhile 25% of the cores' time went to anything else." in texts


def test_more_is_higher_and_longer(drawn: ElementTree.Element) -> None:
    ceiling, curve, held = (
        [float(place.split(",")[1]) for place in line.attrib["points"].split()] for line in drawn.iter(f"{SVG}polyline")
    )
    assert curve == sorted(curve, reverse=True), "y counts from above"
    assert held == sorted(held, reverse=True)
    assert all(least < its for least, its in zip(ceiling, curve, strict=True))
    bars = [float(rect.attrib["width"]) for rect in drawn.iter(f"{SVG}rect") if rect.attrib["height"] == "40"]
    assert [width / bars[0] for width in bars[:4]] == pytest.approx([1, 2.5, 0.25, 0.25], rel=0.01)
    assert bars[8] == pytest.approx(2 * bars[0], rel=0.01)


def test_without_held_workers_there_is_no_curve_of_them() -> None:
    drawn = picture([point._replace(held_mb_per_s=[]) for point in POINTS], 2, 16, 0.25, 0.1)
    assert drawn.count("<polyline") == 2
    assert "held" not in drawn
