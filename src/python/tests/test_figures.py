"""Planes: the data of their artists, ceilings, hollow points, labels, panels."""
import numpy as np
import pytest

pytest.importorskip("matplotlib")

from figure_case import (ABOUT, EPOCHS, SEEDS, artist, artists,  # noqa: E402
                         change, means, offsets, panels, table, texts, value)
from infoplane import figures  # noqa: E402

# -- The plane -----------------------------------------------------------------------

def test_points_are_means_over_the_seeds():
    axes = panels(figures.plot(table()))
    for ax, name in zip(axes, ("bin", "kde-upper")):
        for layer in (1, 2):
            for gid in ("rim", "fill"):
                np.testing.assert_allclose(offsets(ax, f"{gid} {layer}"),
                                           means(layer, name))


def test_bars_are_one_deviation_and_mean_has_none():
    bars = artists(panels(figures.plot(table()))[0], "bars")
    assert len(bars) == 2
    at = means(2, "bin")  # the last layer is drawn first
    wide = np.std([value(s, 0, 2, "bin") for s in SEEDS], axis=0, ddof=1)
    x, y = bars[0].get_data()
    np.testing.assert_allclose(x[:2], [at[0, 0] - wide[0], at[0, 0] + wide[0]])
    np.testing.assert_allclose(y[3:5], [at[0, 1] - wide[1], at[0, 1] + wide[1]])
    figure = figures.plot(table(), seeds="mean")
    assert not artists(panels(figure)[0], "bars")
    assert figure.texts[0].get_text().endswith("mean of 3 seeds")


def test_bars_of_one_seed_are_standard_errors():
    one = change(table(seeds=(3,)), {"layer": 1}, se_x_bits=0.25)
    figure = figures.plot(one, estimator="bin")
    x = artist(panels(figure)[0], "bars").get_xdata()
    np.testing.assert_allclose(x[1] - x[0], 0.5)
    assert "± one standard error" in figure.texts[0].get_text()


def test_each_seed_is_a_trajectory():
    figure = figures.plot(table(), seeds="each", estimator="bin")
    rims = artists(panels(figure)[0], "rim 1")
    assert len(rims) == 3 and "mean of" not in figure.texts[0].get_text()
    for seed, rim in zip(SEEDS, rims):
        np.testing.assert_allclose(rim.get_offsets(), [value(seed, e, 1, "bin")
                                                       for e in EPOCHS])


@pytest.mark.parametrize("scale, middle", [("log", 0.5), ("linear", 9 / 99)])
def test_colour_is_the_epoch_and_white_for_0(scale, middle):
    from matplotlib import colormaps
    figure = figures.plot(table(), scale=scale)
    fill = artist(panels(figure)[0], "fill 1").get_facecolor()
    np.testing.assert_array_equal(fill[0], 1.0)
    np.testing.assert_allclose(fill[1:], colormaps["viridis"]([0.0, middle, 1.0]))
    assert figure.axes[-1].get_ylabel() == "epoch (white: 0)"


@pytest.mark.parametrize("last, names", [
    (1, ["1", "2"]), (7, list("1234567")), (10, ["1", "10"]),
    (20000, ["1", "10", "100", "1000", "$10^{4}$"])])
def test_epochs_have_round_names(last, names):
    data = table(epochs=(0, 1, last) if last > 1 else (0, 1))
    bar = figures.plot(data).axes[-1]
    assert [tick.get_text() for tick in bar.get_yticklabels()] == names
    assert not any(tick.get_text() for tick in bar.get_yticklabels(minor=True))
    axis = panels(figures.curves(data))[0]
    assert [tick.get_text() for tick in axis.get_xticklabels()] == ["0", *names]


def test_layers_have_edges_and_markers_of_their_own():
    ax = panels(figures.plot(table(layers=tuple("abcde"))))[0]
    rims = [artist(ax, f"rim {layer}") for layer in range(1, 6)]
    assert len({tuple(rim.get_facecolor()[0]) for rim in rims}) == 5
    assert len({rim.get_paths()[0].vertices.tobytes() for rim in rims}) == 5


def test_a_layer_that_others_cover_is_a_ring():
    data = table(estimators=("bin",))
    first = data.columns["layer"] == 1
    for name in ("i_xt_bits", "i_ty_bits"):
        data.columns[name][~first] = data.columns[name][first]
    ax = panels(figures.plot(data))[0]
    below, above = (artist(ax, f"rim {layer}").get_sizes() for layer in (2, 1))
    assert (below > 1.3 * above.max()).all()
    # One place has one label, of both.
    assert [one.get_text() for one in figures.plot(data).panels[0].labels] == ["1,2"]


def test_doubtful_points_are_hollow_and_counted():
    data = change(table(), {"seed": 1, "epoch": 10, "layer": 1, "estimator": "bin"},
                  flags="negative saturated")
    change(data, {"epoch": 100, "layer": 2, "estimator": "bin"}, outside_share=0.1)
    bins, kde = panels(figures.plot(data))
    np.testing.assert_allclose(offsets(bins, "hollow 1"), means(1, "bin", (10,)))
    np.testing.assert_allclose(offsets(bins, "hollow 2"), means(2, "bin", (100,)))
    assert (artist(bins, "hollow 1").get_facecolor() == 1.0).all()
    assert artist(bins, "notes").get_text().split("\n") == [
        "hollow: 1 of 24 points saturated in layer fc1",
        "hollow: 3 of 24 points with values outside the bins, layer out"]
    assert not artists(kde, "hollow 1") and not artists(kde, "notes")


def test_refused_and_missing_points_are_noted():
    data = change(table(), {"layer": 2, "estimator": "bin"}, i_xt_bits=np.nan,
                  refused="a column is constant")
    change(data, {"layer": 1, "estimator": "bin", "epoch": 1}, i_xt_bits=np.nan)
    change(data, {"estimator": "kde-upper"}, i_ty_bits=np.nan)
    bins, kde = panels(figures.plot(data))
    assert set(artist(bins, "notes").get_text().split("\n")) == {
        "layer fc1: 1 of 4 points without values",
        "layer out: I(X;T) refused (a column is constant)"}
    np.testing.assert_allclose(offsets(bins, "rim 1"), means(1, "bin", (0, 10, 100)))
    assert any("no values of I(X;T) [bits] and I(T;Y)" in text for text in texts(kde))
    assert not artists(kde, "notes")


def test_numbers_join_layers_without_names():
    data = table(layers=("",) * 5, layer_captions=[], layer_names=[])
    for layer in (1, 2, 3, 5):
        change(data, {"layer": layer}, flags="saturated")
    figure = figures.plot(data)
    assert "layers 1–3,5" in artist(panels(figure)[0], "notes").get_text()
    assert figure.legends[0].texts[4].get_text() == "T$_{5}$: layer 5"


def test_ceilings_are_dashed_lines():
    ax = panels(figures.plot(table()))[0]
    upright, level = artists(ax, "ceiling")
    assert list(upright.get_xdata()) == [6.0, 6.0] and upright.is_dashed()
    assert list(level.get_ydata()) == [1.0, 1.0] and level.is_dashed()
    places = {one.get_text(): one.xy for one in ax.texts}
    assert places["log$_2$ n = 6"][0] == 6.0 and places["H(Y) = 1"][1] == 1.0
    assert ax.get_xlim()[1] > 6.0 and ax.get_ylim()[1] > 1.0


def test_there_is_no_ceiling_where_values_are_compared_or_nothing_is_known():
    data = table(estimators=("mixed@5", "bin@30"),
                 ceilings_bits={"h_x": 6.0, "h_y": None})
    mixed, bins = panels(figures.plot(data))
    assert not artists(mixed, "ceiling")
    assert list(artist(bins, "ceiling").get_xdata()) == [6.0, 6.0]
    ax = panels(figures.plot(data, x="h_t_bits", y="i_xt_bits", estimator="bin"))[0]
    assert list(artist(ax, "ceiling").get_ydata()) == [6.0, 6.0]


def test_words_say_what_is_drawn():
    figure = figures.plot(table())
    ax = panels(figure)[0]
    assert figure.texts[0].get_text() == (
        "digits – 64 samples measured, mean of 3 seeds, ± one deviation")
    assert ax.get_xlabel() == "I(X;T) [bits]" and ax.get_ylabel() == "I(T;Y) [bits]"
    assert [ax.get_title() for ax in panels(figure)] == [
        "bin: 30 bins", "kde-upper: noise variance 0.1"]
    assert [one.get_text() for one in figure.legends[0].texts] == [
        "T$_{1}$: fc1 (12)", "T$_{2}$: out (2)"]
    ends = {one.get_text(): one.xy for one in figure.panels[0].labels}
    np.testing.assert_allclose(ends["2"], means(2, "bin")[-1])


def test_x_and_y_are_columns():
    ax = panels(figures.plot(table(), x="h_t_bits", y="i_xt_bits"))[0]
    assert ax.get_xlabel() == "H(T) [bits]"
    np.testing.assert_allclose(offsets(ax, "rim 2"), [
        (0.25, x) for x, _ in means(2, "bin")])


# -- Which panels --------------------------------------------------------------------

def test_col_row_and_hue_choose_panels_and_colours():
    figure = figures.plot(table(), col="layer", hue="estimator", row="seed",
                          seeds="each")
    assert len(panels(figure)) == 6
    assert [one.get_text() for one in figure.legends[0].texts] == [
        "bin: 30 bins", "kde-upper: noise variance 0.1"]
    assert panels(figure)[0].get_title() == "fc1 (12)   seed 0"
    assert {len(panel.ones) for panel in figure.panels} == {2}


def test_runs_have_a_row_each_and_common_axes():
    wide = change(table(epochs=(0, 5)), {"layer": 1}, i_xt_bits=9.0)
    figure = figures.plot({"tanh": table(), "relu": wide})
    assert [ax.get_title() for ax in panels(figure)] == [
        "tanh   bin: 30 bins", "tanh   kde-upper: noise variance 0.1",
        "relu   bin: 30 bins", "relu   kde-upper: noise variance 0.1"]
    first, _, third, _ = panels(figure)
    assert first.get_xlim() == third.get_xlim() and first.get_xlim()[1] > 9.0


def test_many_estimators_stand_in_rows():
    names = tuple(f"bin@{k}" for k in range(1, 7))
    figure = figures.plot(table(estimators=names))
    corners = {tuple(np.round(ax.get_position().p0, 3)) for ax in panels(figure)}
    assert len(corners) == 6 and len({x for x, _ in corners}) == 3
    assert [ax.get_title() for ax in panels(figure)] == list(names)


@pytest.mark.parametrize("chosen, expected", [
    ("kde", ["kde-upper@0.1", "kde-lower@0.1"]), ("kde-lower", ["kde-lower@0.1"]),
    (["bin", "kde-upper@0.1"], ["bin", "kde-upper@0.1"])])
def test_estimators_are_chosen_by_name_point_or_family(chosen, expected):
    data = table(estimators=("bin", "kde-upper@0.1", "kde-lower@0.1"))
    ones = [panel.ones[0].estimator
            for panel in figures.plot(data, estimator=chosen).panels]
    assert ones == expected


@pytest.mark.parametrize("layer", [2, "out", [2], np.int64(2)])
def test_layers_are_chosen_by_number_or_name(layer):
    ax = panels(figures.plot(table(), layer=layer))[0]
    assert artist(ax, "rim 2") and not artists(ax, "rim 1")


def test_sources_may_have_a_table():
    class Run:
        table = table()
    assert len(panels(figures.plot(Run()))) == 2


def test_captions_are_those_of_each_run():
    other = table(layer_captions=["a", "b"], name="mnist", n=10)
    figure = figures.plot({"one": table(), "two": other})
    assert figure.legends[0].texts[0].get_text() == "T$_{1}$: fc1 (12) / a"
    assert figure.texts[0].get_text().startswith("digits, mnist, mean of 3 seeds")
    assert ABOUT["layer_captions"][0] == "fc1 (12)"
