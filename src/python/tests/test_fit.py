"""Texts of figures: all stand inside the page, however many and long they are."""
import numpy as np
import pytest

pytest.importorskip("matplotlib")

from figure_case import ABOUT, artist, change, panels, table  # noqa: E402
from infoplane import figures  # noqa: E402
from infoplane._fit import columns_of, width_of, wrapped  # noqa: E402

SHORT = tuple(f"fc{k}" for k in range(1, 7))
LONG = tuple(f"encoder.block{k}.attention.output" for k in range(1, 7))


def boxes(figure):
    """Of each text of the page, in inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    entries = figure.legends[0].get_texts() if figure.legends else []
    notes = [one for ax in figure.axes for one in ax.texts if one.get_gid() == "notes"]
    titles = [ax.title for ax in figure.axes]
    return {one.get_text(): one.get_window_extent().extents / figure.dpi
            for one in [*figure.texts, *entries, *notes, *titles] if one.get_text()}


def expect_inside(figure):
    width, height = figure.get_size_inches()
    for text, (left, low, right, high) in boxes(figure).items():
        assert 0 < left and right < width and 0 < low and high < height, text


def named(layers, words="", **about):
    captions = [f"{name} ({k} wide{words})" for k, name in enumerate(layers, 1)]
    return table(layers=layers, layer_captions=captions, seeds=(0, 1), epochs=(0, 10),
                 **about)


def runs(layers):
    return {"tanh": named(layers, ", tanh"), "relu": named(layers, ", relu")}


@pytest.mark.parametrize("layers", [SHORT, LONG, SHORT * 3], ids=["6", "long", "18"])
@pytest.mark.parametrize("draw, options", [
    (figures.plot, {"estimator": "bin", "row": "run", "col": None}),
    (figures.curves, {"estimator": "bin"}),
    (figures.curves, {"values": ["i_ty_bits"]})])
def test_the_key_of_two_runs_stands_inside_the_page(draw, options, layers):
    figure = draw(runs(layers), **options)
    expect_inside(figure)
    top = max(ax.title.get_window_extent().y1 for ax in panels(figure))
    assert figure.legends[0].get_window_extent().y0 >= top
    assert len(figure.legends[0].get_texts()) >= len(layers)


def test_a_name_wider_than_the_page_has_lines():
    figure = figures.plot(named(("x" * 150, "out " * 50)), estimator="bin")
    expect_inside(figure)
    assert all("\n" in one.get_text() for one in figure.legends[0].get_texts())


def test_headings_titles_and_notes_stand_inside_their_panels():
    wide = {"name": "bin", "points": ["bin"], "description": "WIDE " * 30}
    data = named(LONG, name="a rather long name of a data set " * 3)
    data.about["estimators"] = [wide, *ABOUT["estimators"][1:]]
    data = change(data, {"epoch": 10}, flags="saturated outside")
    figure = figures.plot(data)
    expect_inside(figure)
    left, right = panels(figure)
    assert (artist(left, "notes").get_window_extent().x1
            < artist(right, "notes").get_window_extent().x0)
    assert left.title.get_window_extent().x1 < right.title.get_window_extent().x0


# -- The parts -----------------------------------------------------------------------

def test_lines_fit_and_lose_nothing():
    text = "layers a.b,c.d,e.f: saturated " + "w" * 90
    for room in (0.5, 1.0, 3.0):
        lines = wrapped(text, 8, room)
        assert max(width_of(line, 8) for line in lines) <= room
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert wrapped("", 8, 1.0) == [""] and wrapped("one", 8, 1.0) == ["one"]


def test_formulas_are_as_wide_as_they_look():
    assert width_of("T$_{1}$", 8) < width_of("T_{1}", 8) < width_of("US$_{1}", 8)


@pytest.mark.parametrize("widths, room, columns", [
    ([1] * 6, 6, 6), ([1] * 6, 5.9, 3), ([1] * 7, 6, 4), ([1, 3, 1, 3], 4, 1),
    ([3, 3, 1, 1], 4, 2), ([9, 9], 1, 1), ([], 1, 1)])
def test_rows_of_a_key_are_few_and_alike(widths, room, columns):
    assert columns_of(np.array(widths), 0.0, room) == columns
