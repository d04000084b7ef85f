"""figure_case.py - small tables for the tests of figures and reports, and what is in a
figure."""
import numpy as np

from infoplane.table import Table

ABOUT = {"ceilings_bits": {"h_x": 6.0, "h_y": 1.0}, "layer_names": ["fc1", "out"],
         "layer_captions": ["fc1 (12)", "out (2)"], "n": 64, "name": "digits",
         "estimators": [{"name": "bin", "points": ["bin"], "description": "30 bins"},
                        {"name": "kde", "points": ["kde-upper", "kde-lower"],
                         "description": "noise variance 0.1"}]}
SEEDS, EPOCHS = (0, 1, 2), (0, 1, 10, 100)
TEXTS = ("layer_name", "estimator", "flags", "refused")


def value(seed, epoch, layer, estimator):
    """I(X;T) and I(T;Y) of a point, all different."""
    shift = 0.07 * seed + 0.01 * len(estimator)
    return (5.0 / layer + shift - 0.1 * np.log2(epoch + 1),
            0.9 / layer - shift / 4 + 0.01 * np.log2(epoch + 1))


def table(seeds=SEEDS, epochs=EPOCHS, layers=("fc1", "out"),
          estimators=("bin", "kde-upper"), **about):
    """A Table of all combinations; `change` alters single rows of it."""
    rows = [(s, e, layer, layers[layer - 1], name, *value(s, e, layer, name),
             "", 0.0, "", np.nan, np.nan, 0.5 / layer, np.nan)
            for s in seeds for e in epochs for layer in range(1, len(layers) + 1)
            for name in estimators]
    names = ("seed", "epoch", "layer", "layer_name", "estimator", "i_xt_bits",
             "i_ty_bits", "flags", "outside_share", "refused", "se_x_bits",
             "se_y_bits", "h_t_bits", "i_t_next_bits")
    columns = {name: np.array([row[k] for row in rows],
                              dtype=object if name in TEXTS else None)
               for k, name in enumerate(names)}
    return Table(columns, {**ABOUT, **about})


def change(of, where, **values):
    """Sets columns of the rows of which `where` names column values."""
    rows = np.ones(len(of), bool)
    for name, wanted in where.items():
        rows &= of.columns[name] == wanted
    assert rows.any(), where
    for name, new in values.items():
        of.columns[name][rows] = new
    return of


# -- What is in a figure ---------------------------------------------------------------

def panels(figure):
    return [panel.ax for panel in figure.panels]


def artists(ax, gid):
    return [one for one in ax.get_children() if one.get_gid() == gid]


def artist(ax, gid):
    found = artists(ax, gid)
    assert len(found) == 1, (gid, [one.get_gid() for one in ax.get_children()])
    return found[0]


def offsets(ax, gid):
    return np.asarray(artist(ax, gid).get_offsets())


def means(layer, estimator, epochs=EPOCHS):
    return np.array([np.mean([value(s, e, layer, estimator) for s in SEEDS], axis=0)
                     for e in epochs])


def texts(ax):
    return [one.get_text() for one in ax.texts]
