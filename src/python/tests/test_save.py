"""Planes as run directories, and sources that are compared."""
import json
import re

import numpy as np
import pytest
from runs_case import by_epoch, expect_files, plane_of, rows_of, said, small, text_of

import infoplane as ip
from infoplane import _save

OPTIONS = [{}, {"estimator": "bin,kde,ross", "k": 3, "error": "jackknife"},
           {"noise_var": [1e-3, 0.1], "bins": [5, 30]},
           {"estimator": "bin", "edges": 3000, "range": (-0.9, 0.9)},
           {"estimator": "renyi,ksg", "bins": None, "noise_var": None,
            "x": np.random.default_rng(0).normal(size=(60, 4))}]


def options_of(one):
    if "estimator" in one and "kde" not in one["estimator"]:
        one = {"noise_var": None, **one}
    return {"bins": None, **one} if "edges" in one else one


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.filterwarnings("ignore:.*needs:UserWarning")
def test_what_was_saved_is_what_is_loaded(tmp_path, options):
    plane = plane_of(**options_of(options))
    saved = plane.save(tmp_path / "mine")
    assert saved.dir == tmp_path / "mine"
    table = ip.load(tmp_path / "mine").table
    wanted = by_epoch(plane.table)
    assert list(table.columns) == list(wanted) and len(table) == len(plane.table)
    for name, column in wanted.items():
        assert table.columns[name].dtype == column.dtype, name
        assert list(map(text_of, table.columns[name])) == list(map(text_of, column)), \
            name
    assert table.about == {**plane.table.about, "name": "mine", "tick": "epoch"}
    assert ("saturated outside" in table.columns["flags"]) == ("edges" in options)
    expect_files(table, tmp_path / "mine")


def test_nats_give_back_every_bit():
    nats = np.random.default_rng(1).normal(size=200_000) * 10
    nats = np.concatenate([nats, [0.0, 1e-300, -1e-300, 12 * np.log(2), np.nan]])
    bits = nats / np.log(2)
    np.testing.assert_array_equal(_save._nats(bits) / np.log(2), bits)


def test_a_sum_has_both_of_any_labels(tmp_path):
    for classes in range(2, 12):
        plane = ip.Plane(np.eye(31), np.arange(31) % classes, bins=3, device="cpu",
                         estimator="bin")
        with plane.watch(lambda x: {"a": x[:, :2]}) as w:
            w.tick(0)
        assert len(plane.table + plane.save(tmp_path / str(classes)).table) == 2


@pytest.mark.parametrize("thing", ["plane", {}, ip.estimate(np.eye(9))])
def test_only_a_plane_is_saved(tmp_path, thing):
    with pytest.raises(ip.ArgumentError, match="save of a .*: expected a Plane"):
        ip.save(thing, tmp_path / "d")


def test_training_is_what_ticks_were_told(tmp_path):
    training = plane_of().save(tmp_path / "mine").training
    assert training["seed"].tolist() == [1, 3] * 4
    assert training["epoch"].tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    np.testing.assert_allclose(training["loss_train_nats"], [
        1 / (e + s) for e in range(4) for s in (1, 3)], rtol=1e-8)
    np.testing.assert_allclose(training["accuracy_train"],
                               np.repeat(np.arange(4) / 7, 2), rtol=1e-8)
    assert np.isnan(training["loss_test_nats"]).all()


def test_without_loss_there_is_no_training(tmp_path):
    plane = ip.Plane(np.eye(20, dtype=np.float32), device="cpu")
    with plane.watch(lambda x: {"a": x[:, :3]}) as w:
        w.tick(0)
    saved = plane.save(tmp_path / "mine")
    assert saved.training == {} and not (saved.dir / "training.csv").exists()
    assert saved.table.about["ceilings_bits"]["h_y"] is None


def test_about_says_what_was_measured(tmp_path):
    plane = plane_of(y_bins=3, error="jackknife")
    about = plane.save(tmp_path / "mine").about
    assert about["seeds"] == [1, 3] and about["status"] == "done"
    assert about["layer_names"] == ["fc1", "block.out"]
    assert about["layers"] == ["fc1 (3)", "block.out (2)"]
    assert about["data"]["targets"] == {"form": "bins", "bins": 3}
    assert about["data"]["error"] == "jackknife" and about["data"]["name"] == "mine"
    assert about["device"]["name"].startswith("cpu")
    assert about["counts"]["points"] == len(plane.table)


def test_notes_on_the_labels_are_kept(tmp_path):
    plane = ip.Plane(np.eye(30), ["cat", "dog", "eel"] * 10, bins=3, device="cpu")
    with plane.watch(lambda x: {"a": x[:, :2]}) as w:
        w.tick(0)
    notes = plane.table.about["notes"]
    saved = plane.save(tmp_path / "mine")
    assert len(notes) == 1 and saved.about["data"]["notes"] == notes
    assert saved.table.about["notes"] == notes


def test_the_program_draws_a_saved_plane(tmp_path):
    saved = plane_of().save(tmp_path / "mine")
    said("plot", saved.dir, "-o", tmp_path / "mine.svg", "--what", "all")
    text = (tmp_path / "mine.svg").read_text()
    words = re.sub(r"<[^>]*>", "", text)
    for wanted in ("fc1 (3)", "block.out (2)", "bin: 10 equal bins", "mine",
                   "60 samples measured", "no gradients are known"):
        assert wanted in words, wanted
    said("plot", saved.dir, "-o", tmp_path / "plane.svg", "--what", "plane")
    summary = rows_of(saved.dir / "summary.csv")
    mean = saved.table.where(estimator="bin", layer=1, epoch=2).columns["i_xt_bits"]
    row = next(row for row in summary if (row["epoch"], row["layer"], row["estimator"],
               row["quantity"]) == ("2", "1", "bin", "i_xt_bits"))
    assert float(row["mean"]) == pytest.approx(mean.mean(), rel=1e-8)
    assert float(row["deviation"]) == pytest.approx(mean.std(ddof=1), abs=1e-8)


@pytest.mark.parametrize("names, words", [
    (("a,b", "c"), "layer 'a,b': expected a name without commas"),
    (("a", "b" * 64), "expected 1 to 63 bytes")])
def test_names_that_no_table_can_have_are_refused(tmp_path, names, words):
    with pytest.raises(ip.ArgumentError, match=words):
        plane_of(names=names).save(tmp_path / "mine")
    assert not (tmp_path / "mine").exists()


def test_names_are_text_of_any_language(tmp_path):
    saved = plane_of(names=("Schicht ä", "層\u2028二")).save(tmp_path / "mine")
    assert set(saved.table.columns["layer_name"]) == {"Schicht ä", "層\u2028二"}


def test_what_is_there_stays(tmp_path):
    plane = plane_of()
    plane.save(tmp_path / "mine")
    before = (tmp_path / "mine" / "run.json").read_bytes()
    with pytest.raises(ip.ArgumentError, match="exists already: give another dir"):
        plane.save(tmp_path / "mine")
    assert (tmp_path / "mine" / "run.json").read_bytes() == before
    (tmp_path / "file").write_text("")
    with pytest.raises(ip.FileError, match="file/in: Not a directory"):
        plane.save(tmp_path / "file" / "in")
    with pytest.raises(ip.ArgumentError, match="no points yet"):
        ip.Plane(np.eye(4)).save(tmp_path / "none")


# -- Comparisons ----------------------------------------------------------------------

@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sources")
    run = ip.run(small(folder), out=folder / "run", device="cpu", progress=False)
    return {"mine": plane_of(), "engine": run}


def test_a_plane_and_a_run_are_compared(sources):
    pytest.importorskip("matplotlib")
    both = ip.compare(sources)
    figure = both.plot(row="run", estimator="kde-upper")
    titles = [panel.ax.get_title(loc) for panel in figure.panels
              for loc in ("left", "center")]
    assert len(figure.panels) == 2
    assert any("mine" in text for text in titles), titles
    assert any("engine" in text for text in titles), titles


def test_a_comparison_is_a_frame_a_film_and_a_page(sources, tmp_path):
    pytest.importorskip("pandas")
    both = ip.compare(sources)
    frame = both.to_frame()
    assert frame.index.tolist() == list(range(len(frame)))
    assert frame.columns[0] == "run" and len(frame) == sum(
        len(one.table) for one in sources.values())
    assert (frame[frame["run"] == "engine"]["i_xt_bits"].to_numpy()
            == sources["engine"].table.columns["i_xt_bits"]).all()
    pytest.importorskip("PIL")
    both.movie(tmp_path / "both.gif", estimator="bin")
    assert (tmp_path / "both.gif").read_bytes()[:3] == b"GIF"
    pytest.importorskip("plotly")
    both.report(tmp_path / "both.html", estimator="bin")
    assert "engine" in (tmp_path / "both.html").read_text()


def test_a_run_draws_itself(sources, tmp_path):
    pytest.importorskip("matplotlib")
    pytest.importorskip("plotly")
    run = sources["engine"]
    assert len(run.plot(estimator="bin").panels) == 1
    run.movie(tmp_path / "run.gif", estimator="bin")
    run.report(tmp_path / "run.html")
    page = (tmp_path / "run.html").read_text()
    assert json.dumps(run.table.columns["estimator"][1])[1:-1] in page


def test_what_is_no_source_is_refused():
    with pytest.raises(ip.ArgumentError, match="a comparison of a Table: expected"):
        ip.compare(plane_of().table)
    with pytest.raises(ip.ArgumentError, match="a figure of a int"):
        ip.compare({"a": 3})
    with pytest.raises(ip.ArgumentError, match="no points"):
        ip.compare({})
