"""Curves over the epochs; films, notebooks, and errors of all figures."""
import os
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from figure_case import (EPOCHS, SEEDS, artist, artists, change, means,  # noqa: E402
                         offsets, panels, table, texts, value)
from infoplane import figures  # noqa: E402
from infoplane._points import sparse  # noqa: E402
from infoplane.errors import ArgumentError  # noqa: E402

# -- Curves --------------------------------------------------------------------------

def test_curves_have_means_bands_and_marks():
    figure = figures.curves(table(), estimator="bin")
    left, right = panels(figure)
    assert (left.get_ylabel(), right.get_ylabel()) == ("I(X;T) [bits]", "I(T;Y) [bits]")
    assert left.get_xlabel() == "epoch" and left.get_title() == "bin: 30 bins"
    for axis, ax in enumerate((left, right)):
        x, y = artist(ax, "line 1").get_data()
        np.testing.assert_array_equal(x, EPOCHS)
        np.testing.assert_allclose(y, means(1, "bin")[:, axis])
        band = artist(ax, "band 1").get_paths()[0].vertices
        wide = np.std([value(s, 100, 1, "bin") for s in SEEDS], axis=0, ddof=1)[axis]
        ends = band[band[:, 0] == 100, 1]
        np.testing.assert_allclose([ends.min(), ends.max()], [y[-1] - wide,
                                                              y[-1] + wide])
        np.testing.assert_array_equal(artist(ax, "measured").get_xdata(), EPOCHS)
    assert [list(artist(ax, "ceiling").get_ydata()) for ax in (left, right)] == [
        [6.0, 6.0], [1.0, 1.0]]
    assert "log$_2$ n = 6" in texts(left) and "H(Y) = 1" in texts(right)
    assert [tick.get_text() for tick in left.get_xticklabels()] == [
        "0", "1", "10", "100"]


def test_curves_of_seeds_and_of_runs():
    ax = panels(figures.curves(table(), estimator="bin", seeds="each"))[0]
    assert len(artists(ax, "line 1")) == 3 and not artists(ax, "band 1")
    figure = figures.curves({"tanh": table(), "relu": table()}, estimator="bin")
    lines = artists(panels(figure)[0], "line 1")
    assert [line.is_dashed() for line in lines] == [False, True]
    assert [one.get_text() for one in figure.legends[0].texts][-2:] == ["tanh", "relu"]
    each = figures.curves({"tanh": table(), "relu": table()}, estimator="bin",
                          row="run")
    assert [ax.get_title() for ax in panels(each)[::2]] == ["tanh   bin: 30 bins",
                                                            "relu   bin: 30 bins"]


def test_runs_of_other_settings_share_a_title_and_have_paler_bands():
    edges = table()
    edges.about["estimators"] = [{"name": "bin", "points": ["bin"],
                                  "description": "30 edges"}]
    figure = figures.curves({"tanh": table(), "relu": edges}, estimator="bin")
    ax = panels(figure)[0]
    alone = panels(figures.curves(table(), estimator="bin"))[0]
    assert ax.get_title() == "bin" and len(artists(ax, "band 1")) == 2
    assert (artists(ax, "band 1")[0].get_alpha()
            < artist(alone, "band 1").get_alpha())


def test_doubtful_points_of_curves_are_hollow():
    data = change(table(), {"epoch": 10, "layer": 1}, flags="saturated|ties")
    ax = panels(figures.curves(data))[0]
    np.testing.assert_allclose(offsets(ax, "hollow 1"),
                               [(10, means(1, "bin", (10,))[0, 0])])
    np.testing.assert_array_equal(offsets(ax, "points 1")[:, 0], [0, 1, 100])
    assert "saturated in layer fc1" in artist(ax, "notes").get_text()


def test_curves_show_one_value_where_the_other_is_missing():
    data = change(table(), {"layer": 1}, i_ty_bits=np.nan)
    left, right = panels(figures.curves(data, estimator="bin"))
    assert len(artist(left, "line 1").get_xdata()) == 4
    assert artist(right, "notes").get_text() == "layer fc1: no values"


# -- Films, notebooks, errors --------------------------------------------------------

def test_a_film_shows_the_points_up_to_an_epoch():
    figure = figures.plot(table(), estimator="bin")
    panel = figure.panels[0]
    panel.until(10)
    shown = offsets(panel.ax, "rim 2")
    assert np.isfinite(np.ma.filled(shown, np.nan)).all(axis=1).tolist() == [
        True, True, True, False]
    ends = {one.get_text(): one.xy for one in panel.labels}
    np.testing.assert_allclose(ends["2"], means(2, "bin", (10,))[0])


def test_a_film_has_a_frame_for_each_epoch(tmp_path):
    image = pytest.importorskip("PIL.Image")
    file = tmp_path / "plane.gif"
    figures.movie(table(), file, dpi=20, estimator="bin")
    with image.open(file) as film:
        frames = film.n_frames
    assert frames == len(EPOCHS) and list(tmp_path.iterdir()) == [file]


def test_a_film_says_its_epochs(tmp_path, monkeypatch):
    animation = pytest.importorskip("matplotlib.animation")
    grab, said = animation.PillowWriter.grab_frame, []

    def listen(self, **options):
        said.append(self.fig.texts[0].get_text())
        grab(self, **options)
    monkeypatch.setattr(animation.PillowWriter, "grab_frame", listen)
    figures.movie(table(tick="step"), tmp_path / "a.gif", dpi=20, estimator="bin")
    assert [text.rsplit(", ", 1)[1] for text in said] == [
        f"step {epoch}" for epoch in EPOCHS]


def test_films_of_many_epochs_are_thinned():
    epochs = np.arange(3000)
    kept = epochs[sparse(epochs, 59)]
    assert 40 <= len(kept) <= 61 and kept[0] == 0 and kept[-1] == 2999
    assert len(epochs[sparse(epochs, 59, "linear")]) <= 61


def test_a_film_that_fails_leaves_what_was_there(tmp_path, monkeypatch):
    file = tmp_path / "plane.gif"
    file.write_text("before")
    pytest.importorskip("PIL")

    def fail(*names):
        raise OSError("no space")
    monkeypatch.setattr(figures.os, "replace", fail)
    with pytest.raises(OSError, match="no space"):
        figures.movie(table(), file, dpi=20, estimator="bin")
    assert file.read_text() == "before" and list(tmp_path.iterdir()) == [file]


def test_notebooks_show_figures_and_nothing_else_changes():
    code = ("import sys, warnings, matplotlib; before = dict(matplotlib.rcParams)\n"
            "warnings.filterwarnings('error', module='infoplane')\n"
            "from infoplane import figures; from figure_case import table\n"
            "from matplotlib.figure import Figure\n"
            "figure = figures.plot(table()); figures.curves(table())\n"
            "assert isinstance(figure, Figure)\n"
            "assert figure._repr_png_()[:4] == b'\\x89PNG'\n"
            "assert dict(matplotlib.rcParams) == before\n"
            "pyplot = sys.modules.get('matplotlib.pyplot')  # some versions import it\n"
            "assert not pyplot or not pyplot.get_fignums()\n")
    subprocess.run([sys.executable, "-c", code], check=True,
                   env={**os.environ, "PYTHONPATH": ":".join(sys.path)})


@pytest.mark.parametrize("call, text", [
    (lambda: figures.plot(3), "a figure of a int: expected a Table"),
    (lambda: figures.plot({}), "has no points: measure an epoch first"),
    (lambda: figures.plot(table(epochs=())), "has no points"),
    (lambda: figures.plot(table(), seeds="all"), "seeds 'all': expected one of band"),
    (lambda: figures.plot(table(), x="i_tx"), "axis 'i_tx': expected one of i_xt_bits"),
    (lambda: figures.plot(table(), col="epoch"), "col='epoch': expected one of run"),
    (lambda: figures.plot(table(), hue="colour"), "hue='colour': expected one of run"),
    (lambda: figures.plot(table(), scale="sqrt"), "scale='sqrt': expected log or"),
    (lambda: figures.plot(table(), estimator="ksg"), "there are bin, kde-upper"),
    (lambda: figures.movie(table(), "a.mp4"), "'a.mp4': expected a name that ends in"),
    (lambda: figures.plot(table(), col=None),
     'pass row="estimator" or hue="estimator", or choose one with estimator='),
    (lambda: figures.plot(table(), hue="estimator"),
     'several layers would lie in one panel'),
])
def test_errors_say_what_mends_them(call, text):
    with pytest.raises(ArgumentError) as error:
        call()
    assert text in str(error.value)


@pytest.mark.parametrize("options", [
    {"row": "estimator"}, {"hue": "estimator", "row": "layer"}, {"estimator": "bin"}])
def test_their_advice_helps(options):
    assert panels(figures.plot(table(), **{"col": None, **options}))


def test_a_missing_matplotlib_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match="pip install matplotlib"):
        figures.plot(table())
