"""arrays and labels: every library, type, order and shape gives the same digits."""
import sys

import numpy as np
import pytest
from program_case import expect_printed, printed

import infoplane as ip
from infoplane.arrays import as_activations, as_numpy
from infoplane.labels import as_labels, entropy

RNG = np.random.default_rng(4)
N = 60
# Eighths: every type from float16 on holds them.
T = np.round(RNG.normal(size=(N, 6)) * 8).clip(-15, 15) / 8
Y = np.arange(N) % 3
EXPECTED = ip.estimate(T.astype("f4"), Y)


def same(t, y=Y):
    got = ip.estimate(t, y)
    for name in ("i_xt_bits", "i_ty_bits", "h_t_bits", "cells"):
        np.testing.assert_array_equal(got.columns[name], EXPECTED.columns[name])


@pytest.mark.parametrize("kind", ["f2", "f4", "f8", ">f2", ">f4", ">f8", "g"])
def test_float_types_give_the_same(kind):
    same(T.astype(kind))


@pytest.mark.parametrize("kind", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", ">i4",
                                  "?"])
def test_whole_types_are_read(kind):
    whole = (np.abs(T * 8)).astype(kind)
    got, expected = ip.estimate(whole, Y), ip.estimate(whole.astype("f4"), Y)
    np.testing.assert_array_equal(got.columns["i_xt_bits"],
                                  expected.columns["i_xt_bits"])


@pytest.mark.parametrize("kind", ["f2", ">f4", "f8", "i8", "u1"])
def test_types_are_read_as_the_program_reads_them(tmp_path, kind):
    t = (T * 8 if kind in ("i8", "u1") else T / 3).astype(kind)
    expect_printed(ip.estimate(t, Y), printed(tmp_path, {"t": t, "y": Y}))


def test_double_is_kept_where_float32_would_round(tmp_path):
    t = 1e6 + T / 1e5
    assert as_activations(t).dtype == np.float64
    assert as_activations(T).dtype == np.float32
    expect_printed(ip.estimate(t, Y, bins=5), printed(
        tmp_path, {"t": t, "y": Y}, "--bin-count", "5"))


@pytest.mark.parametrize("t", [
    np.asfortranarray(T), T.repeat(2, 0)[::2], T[::-1][::-1], T.T.copy().T,
    np.concatenate([T, T], 1)[:, :6], T.reshape(N, 2, 3), T.reshape(N, 3, 1, 2),
    T.tolist(), [list(row) for row in T], list(T), tuple(T)])
def test_layouts_and_lists_give_the_same(t):
    same(t)


def test_layouts_that_are_not_aligned_or_read_only():
    raw = np.zeros(T.size * 4 + 1, np.uint8)
    odd = raw[1:].view("f4").reshape(T.shape)
    odd[:] = T
    assert not odd.flags.aligned and as_activations(odd).flags.aligned
    same(odd)
    frozen = T.astype("f4")
    frozen.flags.writeable = False
    same(frozen)


def test_the_callers_array_is_not_copied_nor_changed():
    t = T.astype("f4")
    assert np.shares_memory(as_activations(t.reshape(N, 2, 3)), t)
    kept = t.copy()
    ip.estimate(t, Y)
    np.testing.assert_array_equal(t, kept)


def test_rows_are_the_first_axis():
    assert as_activations(np.zeros((4, 3, 2, 5))).shape == (4, 30)
    assert as_activations(np.zeros(7)).shape == (7, 1)


# -- Libraries -----------------------------------------------------------------------

def tensors():
    import torch
    t = torch.tensor(T)
    return {"float": t.float(), "double": t, "half": t.half(), "bfloat16": t.bfloat16(),
            "gradient": t.float().requires_grad_(), "transposed": t.T.contiguous().T,
            "parameter": torch.nn.Parameter(t.float()), "n-d": t.view(N, 3, 2),
            "negative bit": torch.complex(t, -t).conj().imag}


@pytest.mark.parametrize("kind", ["float", "double", "half", "bfloat16", "gradient",
                                  "transposed", "parameter", "n-d", "negative bit"])
def test_tensors_of_torch_give_the_same(kind):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    same(tensors()[kind], torch.tensor(Y))


def test_tensors_on_a_gpu_give_the_same():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    if not torch.cuda.is_available():
        pytest.skip("torch has no GPU here")
    same(torch.tensor(T, device="cuda"), torch.tensor(Y, device="cuda"))


def test_arrays_of_jax_give_the_same():
    jnp = pytest.importorskip("jax.numpy", reason="jax is not installed")
    for kind in ("float32", "bfloat16", "float16"):
        same(jnp.asarray(T, kind), jnp.asarray(Y))


def test_tensors_of_tensorflow_give_the_same():
    tf = pytest.importorskip("tensorflow", reason="tensorflow is not installed")
    for kind in (tf.float32, tf.bfloat16):
        same(tf.constant(T, kind), tf.constant(Y))


def test_frames_of_pandas_give_the_same():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    same(pandas.DataFrame(T), pandas.Series(Y))
    words = pandas.Series(list("abc"))[Y].reset_index(drop=True)
    same(pandas.DataFrame(T), words)
    same(pandas.DataFrame(T), words.astype("category"))


def test_what_offers_an_array_is_read():
    class Other:
        def __array__(self, dtype=None, copy=None):
            return np.asarray(T, dtype)

    same(Other())


def test_numpy_alone_is_imported():
    import subprocess
    code = ("import sys; before = set(sys.modules); import infoplane, numpy; "
            "import numpy.ma, concurrent.futures; "
            "new = {m.split('.')[0] for m in set(sys.modules) - before}; "
            "print(sorted(new & set('torch pandas matplotlib keras plotly jax "
            "tensorflow scipy PIL'.split())))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


# -- What is no layer ----------------------------------------------------------------

@pytest.mark.parametrize("t, text", [
    (T.astype(complex), "T is an array of complex128: expected real numbers; give its"),
    (T.astype(object), "array of object: expected real numbers; rows of equal length"),
    (np.array([["a"] * 3] * 4), "array of <U1: expected real numbers"),
    (np.zeros((4, 3), "M8[s]"), "array of datetime64"),
    (np.zeros(4, [("a", "f4")]), "array of .*'a'"),
    (np.zeros((4, 3), "V2"), "raw bytes: expected numbers; import ml_dtypes"),
    (np.zeros((0, 3)), r"T is empty, of shape \(0, 3\)"),
    (np.zeros((4, 0)), r"T is empty, of shape \(4, 0\)"),
    ([], "T is empty"),
    (3.5, "T is the single value 3.5"),
    (None, "array of object"),
    ([[1, 2], [3]], "that is no array of numbers|array of object"),
    (np.ma.masked_equal(T, T[0, 0]), "masked values: leave their rows out"),
    ({"fc1": T}, "array of object"),
])
def test_what_is_no_layer_is_refused(t, text):
    with pytest.raises(ip.ArgumentError, match=text):
        ip.estimate(t)


def test_tensors_that_are_no_layer_are_refused():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    for tensor in (torch.tensor(T).to_sparse(), torch.empty(3, 2, device="meta"),
                   torch.tensor(T).to(torch.complex64)):
        with pytest.raises(ip.ArgumentError, match="T is a"):
            ip.estimate(tensor)


def test_masked_arrays_without_masks_are_read():
    same(np.ma.array(T))


# -- Labels --------------------------------------------------------------------------

@pytest.mark.parametrize("y", [
    Y, Y.astype("u1"), Y.astype(">i8"), Y.astype("f4"), Y[:, None], Y[None, :],
    Y.tolist(), np.eye(3)[Y], np.eye(3, dtype=bool)[Y], np.eye(3, dtype="i8")[Y],
    [["no", "yes", "ß"][k] for k in Y], np.array([b"a", b"b", b"c"])[Y],
    np.array(["a", "b", "c"], object)[Y], Y.astype(object), Y * 1000 - 5,
    Y.astype("f2"), (Y + 2**40), np.array([3, 70000, 10**9])[Y]])
def test_kinds_of_labels_give_the_same(y):
    same(T, y)
    labels = as_labels(y, N)
    np.testing.assert_array_equal(labels.y, Y)
    assert entropy(labels.counts) == pytest.approx(np.log2(3))


def test_labels_beyond_int64_keep_their_order():
    big = np.array([3, 2**63 - 1, 2**63 + 1], np.uint64)
    np.testing.assert_array_equal(as_labels(big[Y], N).y, Y)


def test_bools_are_labels():
    np.testing.assert_array_equal(as_labels(Y > 0, N).y, Y > 0)


@pytest.mark.parametrize("y, text", [
    (Y[:7], "y is 7 x 1: expected a label for each of the 60 rows of T"),
    (np.eye(3)[Y].T, "y is 3 x 60: .* transpose the labels"),
    (Y + 0.5, "row 0 is 0.5, a real value and not a class"),
    (np.where(Y > 0, Y, np.nan), "row 0 is NaN"),
    (Y.astype(complex), "y is an array of complex128: expected whole numbers, words"),
    (np.array(5), r"y is of shape \(\)"),
    ([], "y is of shape"),
    (np.array([None, 1, 2])[Y], "y holds None, a NoneType"),
    (np.full((N, 3), 1 / 3), "y holds probabilities, 60 x 3"),
])
def test_what_are_no_labels_is_refused(y, text):
    with pytest.raises(ip.ArgumentError, match=text):
        ip.estimate(T, y)


def test_words_have_no_bins():
    with pytest.raises(ip.ArgumentError, match="expected a real number for each row"):
        ip.estimate(T, ["a"] * N, y_bins=3)


def test_as_numpy_keeps_type_and_shape():
    assert as_numpy(T) is T
    assert as_numpy([[1, 2]]).shape == (1, 2)
