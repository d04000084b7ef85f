"""The page of a report: its text, and what it does in a browser without a display."""
import html
import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

plotly = pytest.importorskip("plotly", reason="plotly is not installed")

from figure_case import change, table, value  # noqa: E402
from infoplane import report as reports  # noqa: E402
from infoplane.errors import ArgumentError  # noqa: E402

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
SEEDS = (0, 1, 2)
# Runs on the page as a user would: OUT is what was seen.
DRIVER = """<script>
const seen = [];
const set = (id, value, event) => { at(id).value = value;
                                    at(id).dispatchEvent(new Event(event)); };
const see = () => seen.push({
  now: at("now").textContent, notes: at("notes").textContent,
  lines: at("plane").data.filter(one => one.hovertext).map(one => [one.name, one.x,
         one.y, one.marker.color]),
  bars: at("plane").data.filter(one => one.error_x).map(one => one.error_x.array),
  ceilings: at("plane").layout.shapes.map(
    one => one.xref === "paper" ? one.y0 : one.x0),
  ends: at("plane").layout.annotations.filter(one => one.yshift).map(one => one.text),
  axes: [...document.querySelectorAll(".xtitle,.ytitle")].map(one => one.textContent),
  points: document.querySelectorAll(".scatterlayer .point").length});
const wait = ms => new Promise(done => setTimeout(done, ms));
(async () => {
  see();
  set("epoch", 2, "input"); see();
  set("epoch", 1, "input"); see();
  set("epoch", 0, "input"); set("view", 1, "change"); see(); set("epoch", 2, "input");
  set("view", 1, "change"); see();
  document.querySelector("[data-layer='1']").click(); see();
  Plotly.Fx.hover("plane", [{ curveNumber: 1, pointNumber: 1 }]); await wait(300);
  const hover = document.querySelector(".hoverlayer").textContent;
  set("epoch", 0, "input"); at("play").click(); await wait(9000); see();
  const out = document.createElement("pre");
  out.id = "seen";
  out.textContent = JSON.stringify({ seen, hover, play: at("play").textContent });
  document.body.append(out);
})();
</script>"""


def page(tmp_path, source, **options):
    file = tmp_path / "plane.html"
    reports.report(source, file, **options)
    assert list(tmp_path.iterdir()) == [file]
    return file.read_text(encoding="utf-8")


def data_of(text):
    return json.loads(re.search('type="application/json">(.*?)</script>', text)[1])


def tables_of(text):
    """The cells of the tables, row by row."""
    return [[[html.unescape(cell) for cell in re.findall(r"<t[hd]>(.*?)</t[hd]>", row)]
             for row in re.findall("<tr>(.*?)</tr>", of)]
            for of in re.findall("<table>(.*?)</table>", text, re.S)]


def doubtful():
    data = change(table(), {"seed": 1, "epoch": 10, "layer": 1, "estimator": "bin"},
                  flags="saturated ties")
    return change(data, {"epoch": 100, "layer": 2, "estimator": "kde-upper"},
                  flags="refused", refused="a column is constant", i_xt_bits=np.nan)


def test_the_page_holds_all_points(tmp_path):
    data = data_of(page(tmp_path, table()))
    assert data["epochs"] == [0, 1, 10, 100] and data["tick"] == "epoch"
    assert [view["title"] for view in data["views"]] == [
        "bin: 30 bins", "kde-upper: noise variance 0.1"]
    assert [one["name"] for one in data["layers"]] == ["T1: fc1 (12)", "T2: out (2)"]
    line = data["views"][1]["lines"][0]  # the last layer is drawn first
    values = np.array([[value(s, e, 2, "kde-upper") for s in SEEDS]
                       for e in (0, 1, 10, 100)])
    for axis in range(2):
        np.testing.assert_allclose(line["xy"[axis]], values[:, :, axis].mean(axis=1))
        np.testing.assert_allclose(line["xy"[axis] + "_bar"],
                                   values[:, :, axis].std(axis=1, ddof=1))
    assert line["fill"] == ["#ffffff", "#440154", "#22908c", "#fde725"]
    x, y = values[2].mean(axis=0)
    wide = values[2].std(axis=0, ddof=1)
    assert line["hover"][2] == (
        f"<b>T2: out (2)</b><br>epoch 10<br>I(X;T) {x:.6g} ± {wide[0]:.3g} bits<br>"
        f"I(T;Y) {y:.6g} ± {wide[1]:.3g} bits<br>mean of 3 seeds")
    assert data["scale"]["at"] == [0, 1, 2] and data["scale"]["high"] == 2
    assert data["scale"]["text"] == ["1", "10", "100"]
    assert data["views"][0]["ceilings"] == [6.0, 1.0]
    assert data["views"][0]["ceiling_text"] == ["log<sub>2</sub> n = 6", "H(Y) = 1"]


def test_tables_have_captions_and_doubts(tmp_path):
    captions, doubts = tables_of(page(tmp_path, doubtful()))
    assert captions == [["estimator", "what it is"], ["bin", "30 bins"],
                        ["kde-upper", "noise variance 0.1"]]
    assert doubts == [
        ["estimator", "doubt", "points", "where"],
        ["bin", "saturated", "1 of 24", "layer fc1"],
        ["bin", "ties", "1 of 24", "layer fc1"],
        ["kde-upper", "refused (a column is constant)", "3 of 24", "layer out"]]


def test_tables_of_runs_say_which(tmp_path):
    text = page(tmp_path, {"tanh": table(), "relu": doubtful()}, estimator="bin")
    captions, doubts = tables_of(text)
    assert [row[0] for row in captions] == ["run", "tanh", "relu"]
    assert [row[0] for row in doubts] == ["run", "relu", "relu"]
    assert [view["title"] for view in data_of(text)["views"]] == [
        "tanh – bin: 30 bins", "relu – bin: 30 bins"]


def test_doubts_are_of_the_layers_that_are_shown(tmp_path):
    doubts = tables_of(page(tmp_path, doubtful(), layer="out"))[1]
    assert doubts[1:] == [["kde-upper", "refused (a column is constant)", "3 of 12",
                           "layer out"]]


def test_no_doubt_is_said(tmp_path):
    assert "<p>No point is in doubt.</p>" in page(tmp_path, table())


def test_doubtful_points_are_white_and_say_why(tmp_path):
    bins, kde = data_of(page(tmp_path, doubtful()))["views"]
    line = bins["lines"][1]
    assert [fill == "#ffffff" for fill in line["fill"]] == [True, False, True, False]
    assert line["hover"][2].endswith("<br>hollow: 1 of 3 saturated")
    assert bins["notes"] == ["hollow: 1 of 24 points saturated in layer fc1"]
    assert kde["lines"][0]["epoch"] == [0, 1, 10]  # what was refused has no place


def test_seeds_may_stand_alone(tmp_path):
    view = data_of(page(tmp_path, table(), seeds="each", layer="fc1"))["views"][0]
    assert len(view["lines"]) == 3 and view["lines"][2]["hover"][0].endswith("seed 2")
    flat = data_of(page(tmp_path, table(), seeds="mean"))["views"][0]["lines"][0]
    assert not any(flat["x_bar"])


def test_there_is_no_ceiling_that_is_not_known(tmp_path):
    data = table(estimators=("mixed",), ceilings_bits={"h_x": 6.0, "h_y": None})
    assert data_of(page(tmp_path, data))["views"][0]["ceilings"] == [None, None]


def test_names_are_text_and_nothing_comes_from_elsewhere(tmp_path):
    name = '</script><b>"x" & @data@'
    data = change(table(layers=(name, "out"), layer_captions=[name, name], name=name),
                  {"layer": 1}, flags="saturated")
    text = page(tmp_path, data, title=name, estimator="bin")
    own = text.replace(plotly.offline.get_plotlyjs(), "")
    assert f"<title>{html.escape(name)}</title>" in own and "<b>&quot;" not in own
    assert own.count("</script>") == 3 and html.escape(name) in own
    assert tables_of(own)[1][1][-1] == f"layer {name}"
    assert data_of(own)["layers"][0]["name"] == f"T1: {name}"
    assert html.unescape(data_of(own)["views"][0]["lines"][1]["name"]) == f"T1: {name}"
    assert "<" not in data_of(own)["views"][0]["lines"][1]["name"]
    assert not re.search(r"https?:|src=|<link|url\(", own)


def test_errors(tmp_path, monkeypatch):
    file = tmp_path / "plane.html"
    file.write_text("before")
    with pytest.raises(ArgumentError, match="there are bin, kde-upper"):
        reports.report(table(), file, estimator="ksg")
    with pytest.raises(OSError):
        reports.report(table(), tmp_path / "none" / "plane.html")

    def fail(*names):
        raise OSError("no space")
    with monkeypatch.context() as patch, pytest.raises(OSError, match="no space"):
        patch.setattr(reports.os, "replace", fail)
        reports.report(table(), file)
    assert list(tmp_path.iterdir()) == [file]
    monkeypatch.setitem(sys.modules, "plotly.offline", None)
    with pytest.raises(ImportError, match="pip install plotly"):
        reports.report(table(), file)
    assert file.read_text() == "before"


@pytest.mark.skipif(not BROWSER, reason="chromium is not installed")
def test_the_page_works_in_a_browser(tmp_path):
    file = tmp_path / "driven.html"
    data = doubtful()
    for seed in SEEDS:  # layers meet at epoch 1; the second has no values at first
        x, y = value(seed, 1, 1, "bin")
        change(data, {"epoch": 1, "estimator": "bin", "seed": seed}, i_xt_bits=x,
               i_ty_bits=y)
    change(data, {"epoch": 0, "estimator": "kde-upper", "layer": 2}, i_xt_bits=np.nan)
    reports.report(data, file)
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("</body>", DRIVER + "</body>"), encoding="utf-8")
    dom = subprocess.run(
        [BROWSER, "--headless", "--no-sandbox", "--disable-gpu",
         "--disable-dev-shm-usage", f"--user-data-dir={tmp_path / 'profile'}",
         "--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=20000",
         "--window-size=1000,1200", "--dump-dom", file.as_uri()],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=100, check=True,
        encoding="utf-8").stdout
    out = json.loads(html.unescape(
        re.search('<pre id="seen">(.*?)</pre>', dom).group(1)))
    whole, earlier, met, first, kde, hidden, played = out["seen"]

    assert whole["now"] == "epoch 100" and whole["points"] == 2 * 2 * 4
    assert whole["axes"] == ["I(X;T) [bits]", "I(T;Y) [bits]"]
    assert whole["ceilings"] == [6, 1]
    assert whole["ends"] == ["<b>1</b>", "<b>2</b>"]
    assert [name for name, *_ in whole["lines"]] == ["T2: out (2)", "T1: fc1 (12)"]
    assert whole["notes"] == "hollow: 1 of 24 points saturated in layer fc1"
    bins = np.array([np.mean([value(s, e, 1, "bin") for s in SEEDS], axis=0)
                     for e in (0, 1, 10, 100)])
    np.testing.assert_allclose(np.transpose(whole["lines"][1][1:3]), bins)
    bar = np.std([value(s, 100, 1, "bin") for s in SEEDS], axis=0, ddof=1)[0]
    np.testing.assert_allclose(whole["bars"][1], [0, 0, 0, bar])

    assert earlier["now"] == "epoch 10"
    np.testing.assert_allclose(np.transpose(earlier["lines"][1][1:3]), bins[:3])
    assert earlier["lines"][1][3][2] == "#ffffff"
    assert met["ends"] == ["<b>1,2</b>"] and first["ends"] == ["<b>1</b>"]
    assert kde["lines"][1][1] != earlier["lines"][1][1] and "refused" in kde["notes"]
    assert [name for name, *_ in hidden["lines"]] == ["T2: out (2)"]
    assert hidden["ends"] == ["<b>2</b>"]
    assert out["hover"].startswith("T2: out (2)epoch 10I(X;T) ")
    assert played["now"] == "epoch 100" and out["play"] == "play"
