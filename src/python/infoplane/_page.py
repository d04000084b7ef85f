"""_page.py - the page of a report: HTML, and the script that draws what was chosen.

The script has no numbers of its own: colours, limits and all texts come from report.py.
"""

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>@title@</title>
<style>
body { font: 15px/1.45 "DejaVu Sans", system-ui, sans-serif; color: #222;
       max-width: 980px; margin: 1.5em auto; padding: 0 1em; }
h1 { font-size: 1.35em; margin-bottom: 0; }
h2 { font-size: 1.05em; margin: 1.6em 0 0.3em; }
.about, .small { color: #666; margin-top: 0.2em; }
.row { display: flex; flex-wrap: wrap; gap: 0.4em 1.1em; align-items: center;
       margin: 0.5em 0; }
.row label { white-space: nowrap; }
#epoch { flex: 1; min-width: 240px; }
#plane { height: 560px; }
table { border-collapse: collapse; }
td, th { text-align: left; padding: 0.2em 1.2em 0.2em 0; vertical-align: top;
         border-bottom: 1px solid #e6e6e6; }
</style>
</head>
<body>
<h1>@title@</h1>
<p class="about">@about@</p>
<div class="row"><label for="view">estimator</label> <select id="view"></select></div>
<div class="row" id="layers"></div>
<div class="row"><button id="play">play</button>
<input type="range" id="epoch" min="0" step="1" aria-label="epoch">
<output id="now" for="epoch"></output></div>
<div id="plane"></div>
<p class="small" id="notes"></p>
<h2>Estimators</h2>
@captions@
<h2>Doubts</h2>
@doubts@
<script>@plotly@</script>
<script id="data" type="application/json">@data@</script>
<script>
@script@
</script>
</body>
</html>
"""

SCRIPT = """"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const at = id => document.getElementById(id);
const hidden = new Set();

// The rims of a trajectory lie below all its fills: a dense one is a band with its rim.
function traces(one, last) {
  const n = one.epoch.filter(epoch => epoch <= last).length;
  const upTo = list => list.slice(0, n);
  const end = (list, other) => upTo(list).map((v, k) => k === n - 1 ? v : other);
  const bar = list => ({ type: "data", array: end(list, 0), width: 0, thickness: 1,
                         color: "#888888", visible: n > 0 });
  const all = { type: "scatter", name: one.name, x: upTo(one.x), y: upTo(one.y),
                cliponaxis: false };
  const marker = (small, large, colour) => ({
    symbol: one.symbol, color: colour, opacity: 1, line: { width: 0 },
    size: upTo(one.x).map((v, k) => k === n - 1 ? large : small) });
  return [
    { ...all, mode: "lines+markers", hoverinfo: "skip", error_x: bar(one.x_bar),
      error_y: bar(one.y_bar), line: { color: "#c0c0c0", width: 1 },
      marker: marker(9, 15, one.colour) },
    { ...all, mode: "markers", hoverinfo: "text", hovertext: upTo(one.hover),
      hoverlabel: { bgcolor: "white", bordercolor: one.colour,
                    font: { color: "#222222" }, align: "left" },
      marker: marker(5.5, 10.5, upTo(one.fill)) },
  ];
}

// Numbers above the places of the slider's epoch; layers at one place share a label.
function labels(view, shown, last) {
  const near = view.limits.map(([low, high]) => 0.03 * (high - low)), places = [];
  for (const one of [...shown].reverse()) {
    const n = one.epoch.filter(epoch => epoch <= last).length;
    if (n === 0) continue;
    const x = one.x[n - 1], y = one.y[n - 1];
    const here = places.find(p => Math.abs(p.x - x) < near[0] &&
                                  Math.abs(p.y - y) < near[1]);
    if (!here) places.push({ x, y, of: [one.layer], colour: one.colour });
    else if (!here.of.includes(one.layer)) here.of.push(one.layer);
  }
  return places.map(p => ({ x: p.x, y: p.y, showarrow: false, yshift: 17,
    text: "<b>" + p.of.join(",") + "</b>",
    font: { color: p.of.length > 1 ? "#222222" : p.colour, size: 13 } }));
}

function scale() {
  return { type: "scatter", mode: "markers", x: [null], y: [null], hoverinfo: "skip",
           marker: { color: [0], cmin: data.scale.low, cmax: data.scale.high,
                     colorscale: data.scale.colours, showscale: true,
                     colorbar: { title: { text: data.tick + " (white: 0)",
                                          side: "right" },
                                 thickness: 14, outlinewidth: 0, ticks: "outside",
                                 tickvals: data.scale.at,
                                 ticktext: data.scale.text } } };
}

function axis(view, k) {
  return { title: { text: data.axes[k] }, range: view.limits[k], showgrid: true,
           gridcolor: "#e6e6e6", zeroline: false, linecolor: "#444444",
           ticks: "outside" };
}

function ceilings(view) {
  const lines = [], words = [];
  view.ceilings.forEach((top, k) => {
    if (top === null) return;
    const end = k ? { x0: 0, x1: 1, y0: top, y1: top, xref: "paper" }
                  : { y0: 0, y1: 1, x0: top, x1: top, yref: "paper" };
    lines.push({ type: "line", layer: "below", ...end,
                 line: { color: "#888888", width: 1, dash: "dash" } });
    words.push({ showarrow: false, text: view.ceiling_text[k],
                 font: { color: "#666666", size: 11 },
                 ...(k ? { x: 0, xref: "paper", y: top, xanchor: "left",
                           yanchor: "bottom" }
                       : { y: 0, yref: "paper", x: top, xanchor: "right",
                           yanchor: "bottom" }) });
  });
  return { lines, words };
}

function draw() {
  const view = data.views[at("view").value];
  const last = data.epochs[at("epoch").value];
  at("now").textContent = data.tick + " " + last;
  at("notes").textContent = view.notes.join("; ");
  const shown = view.lines.filter(one => !hidden.has(one.layer));
  const top = ceilings(view);
  Plotly.react("plane", [...shown.flatMap(one => traces(one, last)), scale()], {
    xaxis: axis(view, 0), yaxis: axis(view, 1), shapes: top.lines, showlegend: false,
    annotations: [...top.words, ...labels(view, shown, last)], hovermode: "closest",
    margin: { l: 60, r: 10, t: 24, b: 48 },
    plot_bgcolor: "white", uirevision: at("view").value,
    font: { family: "DejaVu Sans, system-ui, sans-serif", color: "#222222" },
  }, { responsive: true, displaylogo: false });
}

data.views.forEach((view, k) => at("view").add(new Option(view.title, k)));
data.layers.forEach(layer => {
  const label = document.createElement("label"), box = document.createElement("input");
  const name = document.createElement("span");
  Object.assign(box, { type: "checkbox", checked: true });
  box.dataset.layer = layer.number;
  name.textContent = layer.mark + " " + layer.name;
  name.style.color = layer.colour;
  box.addEventListener("change", () => {
    box.checked ? hidden.delete(layer.number) : hidden.add(layer.number);
    draw();
  });
  label.append(box, " ", name);
  at("layers").append(label);
});
at("epoch").max = data.epochs.length - 1;
at("epoch").value = data.epochs.length - 1;
at("view").addEventListener("change", draw);
at("epoch").addEventListener("input", () => { stop(); draw(); });

let timer = null;
function stop() { clearInterval(timer); timer = null; at("play").textContent = "play"; }
at("play").addEventListener("click", () => {
  if (timer) return stop();
  const end = data.epochs.length - 1;
  if (+at("epoch").value === end) at("epoch").value = 0;
  at("play").textContent = "stop";
  timer = setInterval(() => {
    if (+at("epoch").value === end) return stop();
    at("epoch").value = +at("epoch").value + 1;
    draw();
  }, Math.max(40, 6000 / data.epochs.length));
});
draw();
"""
