"""Runs of the C engine: made, stopped, resumed, read, exported."""
import json
import os
import signal
import subprocess
import sys
import types

import numpy as np
import pytest
from runs_case import SMALL, TABLES, environment, expect_files, rows_of, said, \
    same_files, small

import infoplane as ip
from infoplane import _running


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    return ip.run(small(folder), {"train.seed": 5}, out=folder / "run", device="cpu",
                  progress=False)


def test_a_run_is_that_of_the_program(run, tmp_path):
    said("run", small(tmp_path), "--set", "train.seed=5", "--set", "run.keep=measured",
         "--device", "cpu", "--quiet", "--out", tmp_path / "program")
    same_files(run.dir, tmp_path / "program", (*TABLES, "networks.bin"))


def test_columns_have_the_digits_of_the_files(run):
    expect_files(run.table, run.dir)
    assert set(run.table.columns["seed"]) == {5, 6}
    assert set(run.table.columns["epoch"]) == {0, 2, 4, 6}
    assert list(run.to_frame().columns) == list(run.table.columns)


def test_training_has_the_digits_of_the_file(run):
    rows = rows_of(run.dir / "training.csv")
    assert list(run.training) == list(rows[0]) and len(rows) > 5
    for name, column in run.training.items():
        wanted = [float(row[name] or "nan") for row in rows]
        np.testing.assert_array_equal(column, wanted, err_msg=name)
    assert run.training["epoch"].dtype == np.int64


def test_about_is_run_json(run):
    assert run.about == json.loads((run.dir / "run.json").read_text())
    about = run.table.about
    assert about["n"] == 200 and about["name"] == "ib" and about["tick"] == "epoch"
    assert about["ceilings_bits"]["h_x"] == pytest.approx(np.log2(200))
    assert 0.9 < about["ceilings_bits"]["h_y"] <= 1
    assert about["layer_captions"] == ["4-tanh", "3-tanh", "2-softmax"]
    assert [one["name"] for one in about["estimators"]] == ["bin", "kde"]
    assert "done" in repr(run)


def test_the_name_of_the_configuration_names_the_run(tmp_path, monkeypatch):
    config = small(tmp_path)
    monkeypatch.chdir(tmp_path)
    made = ip.run(str(config), {"train.epochs": 1, "train.replicas": 1}, device="cpu")
    assert made.dir.resolve() == (tmp_path / "runs" / "small").resolve()
    with pytest.raises(ip.ArgumentError, match="exists already: give another .*out="):
        ip.run(config, device="cpu")


def test_settings_are_values_of_python(tmp_path):
    made = ip.run(small(tmp_path), {
        "measure.policy": "list", "measure.list": [0, 3], "train.epochs": 3,
        "train.shuffle": True, "train.replicas": 1, "kde.noise_var": [1e-3, 0.5]},
        out=tmp_path / "run", device="cpu")
    config = made.about["config"]
    assert config["train"]["shuffle"] == "yes" and config["train"]["epochs"] == "3"
    assert set(made.table.columns["epoch"]) == {0, 3}
    assert "kde-upper@0.5" in made.table.columns["estimator"]


def test_networks_stay_as_one_asks(run, tmp_path):
    assert run.about["config"]["run"]["keep"] == "measured"
    config = small(tmp_path)
    short = {"train.epochs": 1, "train.replicas": 1}
    none = ip.run(config, short, out=tmp_path / "none", device="cpu", keep=None)
    assert none.about["config"]["run"]["keep"] == "none"
    with pytest.raises(ip.ArgumentError, match="kept"):
        none.export()
    asked = ip.run(config, {**short, "run.keep": "none"}, out=tmp_path / "asked",
                   device="cpu")
    assert asked.about["config"]["run"]["keep"] == "none"
    every = ip.run(config, {**short, "run.keep": "all"}, out=tmp_path / "all",
                   device="cpu")
    assert every.about["config"]["run"]["keep"] == "all"
    again = ip.run(config, {**short, "run.networks": str(run.dir), "train.seed": 5,
                            "train.epochs": 6, "train.replicas": 2},
                   out=tmp_path / "again", device="cpu")
    same_files(run.dir, again.dir, ("plane.csv", "training.csv"))


def test_what_was_exported_is_what_the_program_exports(run, tmp_path):
    said("export", run.dir, "--tick", 4, "--seed", 6, "--out", tmp_path / "x",
         "--device", "cpu")
    made = run.export(tick=4, seed=6, device="cpu")
    parts = {"layer": made.activations, "weights": made.weights,
             "biases": made.biases}
    assert (made.tick, made.seed) == (4, 6)
    for kind, of in parts.items():
        assert list(of) == [1, 2, 3]
        for layer, array in of.items():
            file = np.load(tmp_path / "x" / f"epoch_4_{kind}_{layer}.npy")
            np.testing.assert_array_equal(array, file)
    np.testing.assert_array_equal(made.inputs, np.load(tmp_path / "x" / "inputs.npy"))
    np.testing.assert_array_equal(made.labels, np.load(tmp_path / "x" / "labels.npy"))
    hidden = np.tanh(made.inputs @ made.weights[1] + made.biases[1])
    np.testing.assert_allclose(made.activations[1], hidden, atol=1e-6)


def test_export_has_the_last_tick_of_the_first_seed(run):
    made = run.export(layer=2, device="cpu")
    assert (made.tick, made.seed, list(made.weights)) == (6, 5, [2])
    whole = run.export(tick=6, seed=5, device="cpu")
    np.testing.assert_array_equal(made.activations[2], whole.activations[2])


@pytest.mark.parametrize("wrong, words", [
    ({"tick": 3}, "3"), ({"layer": 4}, "layer 4: expected 1 to 3"),
    ({"seed": 9}, "seed 9: the networks have the seeds 5 to 6"),
    ({"tick": -1}, "tick -1: expected a number from 0"),
    ({"layer": 0}, "layer 0: expected a number from 1")])
def test_what_was_not_kept_is_said(run, wrong, words):
    with pytest.raises(ip.ArgumentError, match=words):
        run.export(device="cpu", **wrong)


def test_estimates_of_a_folder_are_read(run, tmp_path):
    said("export", run.dir, "--tick", "all", "--out", tmp_path / "t", "--device", "cpu")
    said("estimate", "--t", tmp_path / "t", "--y", tmp_path / "t" / "labels.npy",
         "--estimator", "bin", "--bin-edges", 30, "--range=-1,1", "--device", "cpu",
         "--out", tmp_path / "again")
    made = ip.load(tmp_path / "again")
    expect_files(made.table, made.dir)
    bins = run.table.where(estimator="bin", seed=5).columns["i_xt_bits"]
    np.testing.assert_array_equal(made.table.columns["i_xt_bits"], bins)
    assert made.training == {} and list(made.sets) == ["all"]


def test_sets_of_rows_are_runs_of_their_own(tmp_path):
    made = ip.run(small(tmp_path), {"measure.rows": "test, train", "train.epochs": 2},
                  out=tmp_path / "run", device="cpu")
    assert list(made.sets) == ["train", "test"] and made.sets["train"] is made
    assert made.sets["test"].dir == made.dir / "test"
    expect_files(made.sets["test"].table, made.dir / "test")
    assert ip.compare(made.sets).to_frame()["run"].value_counts()["test"] == \
        len(made.table)


# -- Ctrl-C ---------------------------------------------------------------------------

def interrupt_at(monkeypatch, tick):
    """The main thread is interrupted once a run is there."""
    real, sent = _running._Told.__call__, []

    def told(self, user, now):
        if now.contents.tick >= tick and not sent:
            sent.append(os.kill(os.getpid(), signal.SIGINT))
        return real(self, user, now)

    monkeypatch.setattr(_running._Told, "__call__", told)
    return sent


def test_a_run_that_was_interrupted_goes_on_to_the_same_bytes(tmp_path, monkeypatch):
    config = small(tmp_path)
    settings = {"train.epochs": 400, "measure.every": 1, "train.batch": 64}
    sent = interrupt_at(monkeypatch, 2)
    with pytest.raises(KeyboardInterrupt, match="infoplane.resume"):
        ip.run(config, settings, out=tmp_path / "run", device="cpu")
    assert sent
    stopped = ip.load(tmp_path / "run")
    assert stopped.about["status"] == "stopped"
    assert 0 < len(stopped.table) < 18 * 400
    resumed = ip.resume(tmp_path / "run")
    assert resumed.about["status"] == "done" and resumed.dir == tmp_path / "run"
    whole = ip.run(config, settings, out=tmp_path / "whole", device="cpu")
    same_files(resumed.dir, whole.dir)


def test_the_device_serves_after_an_interrupt(tmp_path, monkeypatch):
    interrupt_at(monkeypatch, 0)
    with pytest.raises(KeyboardInterrupt):
        ip.run(small(tmp_path), {"train.epochs": 5000}, out=tmp_path / "run",
               device="cpu")
    t = np.random.default_rng(0).normal(size=(50, 3))
    assert ip.estimate(t, device="cpu", estimator="bin").i_xt > 0


class Stubborn:
    """A run that ends only when its device is stopped."""

    def __init__(self):
        self.over, self.waits = False, 0

    def is_set(self):
        return self.over

    def wait(self):
        self.waits += 1
        raise KeyboardInterrupt

    def stop(self):
        self.over = True


def test_a_second_interrupt_stops_the_device():
    run = Stubborn()
    _running._wait(run, ("no", "such", None), run)
    assert run.over and run.waits == 1


# -- Progress and threads -------------------------------------------------------------

def fake_tqdm(monkeypatch):
    bars = []

    class Bar:
        def __init__(self, **named):
            self.named, self.n, self.total, self.closed = named, 0, None, False
            bars.append(self)

        def set_postfix(self, refresh, **values):
            self.values = values

        def update(self, step):
            self.n += step

        def close(self):
            self.closed = True

    auto = types.ModuleType("tqdm.auto")
    auto.tqdm = Bar
    package = types.ModuleType("tqdm")
    package.auto = auto
    monkeypatch.setitem(sys.modules, "tqdm", package)
    monkeypatch.setitem(sys.modules, "tqdm.auto", auto)
    return bars


def test_progress_is_shown_where_tqdm_is(tmp_path, monkeypatch):
    bars, config = fake_tqdm(monkeypatch), small(tmp_path)
    ip.run(config, out=tmp_path / "a", device="cpu")
    assert len(bars) == 1 and bars[0].closed
    assert bars[0].n == bars[0].total == 6 and bars[0].values["measured"] == 4
    ip.run(config, out=tmp_path / "b", device="cpu", progress=False)
    assert len(bars) == 1


def test_the_bar_stands_where_the_run_is(monkeypatch):
    bars, told = fake_tqdm(monkeypatch), _running._Told()
    bar = _running._Bar("runs/a", True, told)
    for told.tick, told.last in ((0, 0), (3, 9), (7, 9)):
        bar.show()
    assert (bars[0].n, bars[0].total) == (7, 9)


def test_no_tqdm_is_no_error(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    ip.run(small(tmp_path), out=tmp_path / "a", device="cpu")


def test_scripts_print_nothing(tmp_path):
    text = (f"import infoplane as ip; ip.run({str(small(tmp_path))!r}, out='run', "
            "device='cpu', progress=False)")
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True,
                          cwd=tmp_path, env=environment(), timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# -- Errors ---------------------------------------------------------------------------

@pytest.mark.parametrize("settings, words", [
    ({"train.epoch": 3}, "train.epoch"), ({"train.epochs": "many"}, "many"),
    ({"train.epochs": -1}, "epochs"), ({"net.layers": "11, 2"}, "layers")])
def test_wrong_settings_have_the_text_of_the_library(tmp_path, settings, words):
    with pytest.raises(ip.ArgumentError, match=words):
        ip.run(small(tmp_path), settings, out=tmp_path / "run", device="cpu")
    assert not (tmp_path / "run").exists()


def test_wrong_files_are_named(tmp_path):
    with pytest.raises(ip.FileError, match="none.ini"):
        ip.run(tmp_path / "none.ini", device="cpu")
    with pytest.raises(ip.FormatError, match="small.ini:2"):
        ip.run(small(tmp_path, "[data]\nsett = ib\n"), device="cpu")
    with pytest.raises(ip.FileError, match="nowhere"):
        ip.resume(tmp_path / "nowhere")
    with pytest.raises(ip.FileError, match="run.json: .*expected the directory of a"):
        ip.load(tmp_path)


def test_a_run_that_is_done_stays_as_it_is(run):
    before = (run.dir / "run.json").read_bytes()
    assert len(ip.resume(run.dir).table) == len(run.table)
    assert (run.dir / "run.json").read_bytes() == before


@pytest.mark.parametrize("file, change, words", [
    ("run.json", lambda text: text[:-9], "run.json: JSONDecodeError"),
    ("run.json", lambda text: "{}", "run.json: KeyError 'layers'"),
    ("plane.csv", lambda text: "", "plane.csv: it is empty"),
    ("plane.csv", lambda text: text[:-1], "the file ends within this line"),
    ("plane.csv", lambda text: text + text.splitlines()[-1] + "\n", "points and"),
    ("plane.csv", lambda text: text.replace("\n5,0,1", "\n5,0,1,9", 1),
     "plane.csv:2: 7 fields: expected 6, as in line 1"),
    ("plane.csv", lambda text: text.replace("i_xt_bits", "i_tx_bits"),
     "no column i_xt_bits"),
    ("plane_details.csv", lambda text: text.replace("\n5,0,1", "\n6,0,1", 1),
     "its seed are not those of"),
    ("plane_details.csv", lambda text: text.replace("\n5,0,1", "\nfive,0,1", 1),
     "column seed"),
    ("training.csv", lambda text: text.replace("\n5,0,", "\n5,0,x", 1),
     "training.csv: column loss_train_nats")])
def test_damage_is_told(run, tmp_path, file, change, words):
    for path in run.dir.iterdir():
        if path.suffix in (".json", ".csv"):
            text = path.read_text()
            (tmp_path / path.name).write_text(
                change(text) if path.name == file else text)
    with pytest.raises(ip.FormatError, match=words):
        ip.load(tmp_path)


def test_a_run_at_work_is_read_as_far_as_it_is(run, tmp_path):
    for name in ("run.json", "plane.csv", "plane_details.csv", "training.csv"):
        text = (run.dir / name).read_text()
        if name == "run.json":
            text = text.replace('"status": "done"', '"status": "running"')
        cut = {"plane.csv": 700, "plane_details.csv": 500}.get(name, len(text))
        (tmp_path / name).write_text(text[:cut])
    table = ip.load(tmp_path).table
    assert 2 < len(table) < 12
    for name in table.columns:
        np.testing.assert_array_equal(table.columns[name],
                                      run.table.columns[name][:len(table)])


def test_the_configuration_of_the_papers_is_one_call(tmp_path):
    assert "subset" in SMALL
    config = "configs/ib-relu.ini"
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(
        os.path.abspath(__file__)))))
    made = ip.run(os.path.join(root, config),
                  {"train.epochs": 10, "train.replicas": 2, "measure.subset": 300,
                   "measure.list": "0:10"}, out=tmp_path / "relu", device="cpu")
    assert made.export(tick=10, device="cpu").activations[1].shape == (300, 10)
