"""Networks whose forward() changes parameters or draws numbers; lists of rows."""
import random

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
from torch import nn  # noqa: E402

import infoplane as ip  # noqa: E402
from infoplane import _torch  # noqa: E402

N = 50
X = np.random.default_rng(1).normal(size=(N, 6)).astype(np.float32)
Y = (X[:, 0] > 0).astype(np.int64)


def dense():
    return nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 2))


def read(net, x=X, chunk=1024):
    probe = _torch.TorchProbe(net, None, x, chunk)
    return dict(zip(probe.names, probe.activations()))


class Grasping(nn.Module):
    """A forward pass that changes its parameters, in the ways that there are."""

    def __init__(self, way):
        super().__init__()
        self.fc, self.way = nn.Linear(6, 2), way

    def forward(self, x):
        with torch.no_grad():
            self.way(self.fc)
        return self.fc(x)


def anew(fc):
    fc.weight = nn.Parameter(fc.weight * 2)


def reassigned(fc):
    fc.weight.data = fc.weight.data * 2


WAYS = [lambda fc: fc.weight.mul_(2), lambda fc: fc.weight.data.clamp_(-0.1, 0.1),
        anew, reassigned]


@pytest.mark.parametrize("way", WAYS)
def test_parameters_are_put_back_whatever_forward_does(way):
    net = Grasping(way)
    weight, place = net.fc.weight, net.fc.weight.data_ptr()
    before = weight.detach().clone()
    read(net, chunk=9)
    assert net.fc.weight is weight and weight.data_ptr() == place
    assert torch.equal(weight, before)


def test_what_is_put_back_is_of_this_pass():
    """The memory of the bits is that of the pass before, if they fit."""
    net = Grasping(WAYS[1])
    probe = _torch.TorchProbe(net, None, X, 9)
    for change in (lambda: net.fc.weight.data.add_(3), lambda: net.double(),
                   lambda: anew(net.fc),
                   lambda: net.fc.weight.data.add_(3)):
        probe.activations()
        change()
        before = net.fc.weight.detach().clone()
        probe.activations()
        assert torch.equal(net.fc.weight, before)
        assert net.fc.weight.dtype == before.dtype


@pytest.mark.parametrize("way", WAYS[::2])
def test_many_parameters_that_change_are_an_error(way, monkeypatch):
    monkeypatch.setattr(_torch, "KEPT_BYTES", 8)
    read(dense())
    with pytest.raises(ip.ArgumentError, match="has changed parameter 'fc.weight'"):
        read(Grasping(way))


def test_a_graph_that_waits_for_its_gradients_outlives_the_pass():
    net = dense()
    loss = net(torch.tensor(X)).sum()
    read(net)
    loss.backward()
    assert all(p.grad is not None for p in net.parameters())


class Random(nn.Module):
    """Draws from each global generator, as augmentations do."""

    def __init__(self, of_numpy):
        super().__init__()
        self.of_numpy = of_numpy

    def forward(self, x):
        return x * random.random() * self.of_numpy() * torch.rand(1)


@pytest.mark.parametrize("waiting", [0, 1])
@pytest.mark.parametrize("of_numpy", [np.random.rand, np.random.randn, lambda: 1.0])
def test_random_numbers_are_left_alone(waiting, of_numpy):
    """waiting: of two normal numbers, which are drawn together, the second."""
    np.random.seed(1)
    np.random.randn(2 - waiting)
    net = nn.Sequential(Random(of_numpy), nn.Linear(6, 2))
    before = random.getstate(), np.random.get_state(), torch.get_rng_state()
    assert before[1][3] == waiting
    read(net, chunk=N)
    assert random.getstate() == before[0]
    np.testing.assert_equal(np.random.get_state(), before[1])
    assert torch.equal(torch.get_rng_state(), before[2])


def test_rows_may_be_a_list_of_tensors():
    net = dense()
    whole, rows = read(net), read(net, x=list(torch.tensor(X)))
    for name in whole:
        assert torch.equal(whole[name], rows[name])
    y = [torch.tensor(label) for label in Y]
    plane = ip.Plane(list(torch.tensor(X)), y)
    with plane.watch(net) as w:
        w.tick(0)
    one = [t.requires_grad_() for t in whole["1"]]
    np.testing.assert_array_equal(
        ip.estimate(one, y).columns["i_ty_bits"],
        plane.table.where(layer=1).columns["i_ty_bits"])


def test_a_loader_is_no_array_of_rows():
    data = torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(Y))
    for one in (data, torch.utils.data.DataLoader(data)):
        with pytest.raises(ip.ArgumentError, match="of a DataLoader take a batch"):
            ip.Plane(one)
