"""Networks of torch: what is read, and that reading leaves no trace."""
import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
from torch import nn  # noqa: E402

import infoplane as ip  # noqa: E402
from infoplane._torch import TorchProbe  # noqa: E402

N = 50
X = np.random.default_rng(1).normal(size=(N, 6)).astype(np.float32)
Y = (X[:, 0] > 0).astype(np.int64)


def dense(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.ReLU(inplace=True),
                         nn.Dropout(0.5), nn.Linear(5, 2))


class Nested(nn.Module):
    """Blocks within blocks; one activation module is called twice."""

    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Linear(6, 6), nn.Linear(6, 6))
        self.act = nn.Tanh()
        self.head = nn.Linear(6, 2)

    def forward(self, x):
        x = self.act(self.first(x))
        return self.head(self.act(self.first[1](x)))


class Careless(nn.Module):
    """A forward pass that changes what it should not, in either mode."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 2)
        self.register_buffer("count", torch.zeros(3))
        self.register_buffer("calls", torch.tensor(0))
        self.register_buffer("late", None)

    def forward(self, x):
        self.count.add_(x.mean())
        self.calls = self.calls + 1
        self.late = x[0].detach()
        return self.fc(nn.functional.dropout(x, 0.5, training=True))


def read(net, layers=None, x=X, chunk=1024):
    probe = TorchProbe(net, layers, x, chunk)
    return dict(zip(probe.names, probe.activations()))


def test_activations_are_those_of_a_forward_pass_in_evaluation_mode():
    net = dense()
    got = read(net, ["0", "1", "2", "4"])
    net.eval()
    x = torch.tensor(X)
    for k in (0, 1, 2, 4):
        # A later module in place must not have changed an earlier output.
        expected = net[:k + 1](x.clone())
        assert torch.equal(got[str(k)], expected), k


def test_chunks_give_the_rows_in_order():
    net = dense()
    whole, parts = read(net), read(net, chunk=7)
    for name in whole:
        torch.testing.assert_close(whole[name], parts[name])


def test_default_layers_are_the_activations_and_the_last():
    assert list(read(dense())) == ["2", "4"]
    assert list(read(Nested())) == ["act", "act.2", "head"]
    assert list(read(Careless())) == ["fc"]
    mlp = nn.Sequential(nn.Linear(6, 2), nn.Softmax(dim=1))
    assert list(read(mlp)) == ["1"]


def test_a_module_called_twice_has_two_names():
    net = Nested()
    got = read(net, ["act.2", "first.1.2", "first", "first.1", "act"])
    x = torch.tensor(X)
    first = net.first(x)
    assert torch.equal(got["first"], first) and torch.equal(got["first.1"], first)
    again = net.first[1](net.act(first))
    assert torch.equal(got["first.1.2"], again)
    assert torch.equal(got["act.2"], net.act(again))


def test_a_second_call_does_not_take_a_childs_name():
    block = nn.Sequential(nn.Linear(6, 6), nn.Tanh(), nn.Identity())
    net = nn.Sequential(block, block)
    names = list(read(net, ["0", "0.2", "0.call2"]))
    got = read(net, names)
    x = torch.tensor(X)
    assert torch.equal(got["0"], block(x)) and torch.equal(got["0.2"], block(x))
    assert torch.equal(got["0.call2"], net(x))


def test_convolutions_are_flattened():
    net = nn.Sequential(nn.Conv2d(1, 3, 2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                        nn.Linear(12, 2))
    x = torch.randn(N, 1, 5, 5)
    got = read(net, ["1", "2"], x, chunk=16)
    assert got["1"].shape == (N, 48) and got["2"].shape == (N, 12)
    torch.testing.assert_close(got["1"], net[:2](x).flatten(1))


def test_the_module_inside_a_wrapper_is_read():
    net = dense()
    assert list(read(nn.DataParallel(net))) == ["2", "4"]
    compiled = nn.Module()
    compiled._orig_mod = net
    assert list(read(compiled)) == ["2", "4"]
    assert list(read(nn.DataParallel(net), ["module.2", "4"])) == ["2", "4"]


def test_a_recurrent_layer_gives_its_output():
    class Recurrent(nn.Module):
        def __init__(self, batch_first):
            super().__init__()
            self.rnn = nn.LSTM(3, 4, batch_first=batch_first)
            self.fc = nn.Linear(4, 2)

        def forward(self, x):
            return self.fc(self.rnn(x)[0][:, -1])

    x = torch.randn(N, 2, 3)
    assert read(Recurrent(True), ["rnn"], x)["rnn"].shape == (N, 8)
    # A net that wants its rows second still runs, with rows taken as steps.
    probe = TorchProbe(Recurrent(True), ["fc"], x, 9)
    assert probe.activations()[0].shape == (N, 2)


@pytest.mark.parametrize("kind", [np.float64, ">f4", np.float16])
def test_the_rows_take_the_networks_type(kind):
    got = read(dense(), x=X.astype(kind))
    assert got["2"].dtype == torch.float32
    half = read(nn.Sequential(nn.Linear(6, 2), nn.Tanh()).to(torch.bfloat16))
    assert half["1"].dtype == torch.bfloat16


def test_token_numbers_stay_whole():
    net = nn.Sequential(nn.Embedding(9, 3), nn.Flatten(), nn.Linear(12, 2), nn.Tanh())
    assert read(net, x=np.arange(N * 4).reshape(N, 4) % 9)["3"].shape == (N, 2)


def test_flags_of_each_module_are_put_back():
    net = dense()
    net.train()
    net[1].eval()
    before = [m.training for m in net.modules()]
    read(net)
    assert [m.training for m in net.modules()] == before and len(set(before)) == 2


def state(net):
    return {name: value.clone() for name, value in net.state_dict().items()}


def test_buffers_are_put_back_whatever_forward_does():
    net = Careless()
    objects, before = dict(net._buffers), state(net)
    random_state = torch.get_rng_state()
    read(net, chunk=9)
    for name in objects:
        assert net._buffers[name] is objects[name], name
    for name, value in state(net).items():
        assert torch.equal(value, before[name]), name
    assert torch.equal(torch.get_rng_state(), random_state)


def test_nothing_stays_on_the_network():
    net = dense()
    got = read(net)
    assert not any(m._forward_hooks for m in net.modules())
    assert all(p.grad is None for p in net.parameters())
    assert not any(t.requires_grad for t in got.values())
    assert torch.is_grad_enabled()


class Broken(nn.Module):
    """Fails from its second pass on, the first being that of `watch`."""

    def __init__(self):
        super().__init__()
        self.net, self.passes = dense(), 0

    def forward(self, x):
        self.passes += 1
        x = self.net(x)
        if self.passes > 1:
            raise RuntimeError("mine")
        return x


def test_the_pass_makes_no_graph():
    net, seen = dense(), []
    net.register_forward_hook(lambda *_: seen.append(torch.is_grad_enabled()))
    read(net)
    assert seen == [False, False]


def test_a_forward_pass_that_fails_leaves_no_trace():
    net = Broken()
    probe = TorchProbe(net, ["net.2"], X, 1024)
    before, random_state = state(net), torch.get_rng_state()
    with pytest.raises(RuntimeError, match="mine"):
        probe.activations()
    assert all(m.training for m in net.modules())
    assert not any(m._forward_hooks for m in net.modules())
    assert torch.equal(torch.get_rng_state(), random_state)
    assert all(torch.equal(value, before[name]) for name, value in state(net).items())


def test_autocast_does_not_keep_the_probes_weights():
    net = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 2))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        read(net)
        net(torch.tensor(X)).float().sum().backward()
    assert all(p.grad is not None for p in net.parameters())


def train(net, watch=None, epochs=6):
    torch.manual_seed(5)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    x, y = torch.tensor(X), torch.tensor(Y)
    for epoch in range(epochs):
        if watch:
            watch.tick(epoch, loss=torch.tensor(0.5))
        for rows in torch.randperm(N).split(10):
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(x[rows]), y[rows]).backward()
            optimizer.step()
    return state(net)


class Deep(nn.Module):
    """Convolution, batch-norm of two kinds, dropout, a shared module."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(nn.Conv1d(1, 4, 3), nn.BatchNorm1d(4), nn.ReLU())
        self.act, self.drop = nn.Tanh(), nn.Dropout(0.3)
        self.fc = nn.Linear(16, 5)
        self.norm = nn.BatchNorm1d(5, momentum=None)
        self.head = nn.utils.spectral_norm(nn.Linear(5, 2))

    def forward(self, x):
        x = self.act(self.conv(x[:, None]).flatten(1))
        return self.head(self.act(self.drop(self.norm(self.fc(x)))))


@pytest.mark.parametrize("make", [dense, Deep, Careless,
                                  lambda: nn.DataParallel(dense())])
@pytest.mark.parametrize("background", [False, True])
def test_watching_does_not_change_the_training(make, background):
    torch.manual_seed(2)
    net = make()
    alone = train(copy.deepcopy(net))
    plane = ip.Plane(X, Y, background=background, chunk=20)
    with plane.watch(net) as w:
        watched = train(net, w)
    assert alone.keys() == watched.keys()
    for name in alone:
        assert torch.equal(alone[name], watched[name]), name
    assert set(plane.table.columns["epoch"]) == set(range(6))
    assert set(plane.training["loss"]) == {0.5}


def test_a_thread_sees_the_weights_of_its_tick():
    tables = []
    for background in (False, True):
        plane = ip.Plane(X, Y, background=background)
        for seed in range(3):
            net = dense(seed)
            with plane.watch(net, seed=seed) as w:
                train(net, w)
        tables.append(plane.table.columns)
    for name in tables[0]:
        np.testing.assert_array_equal(tables[0][name], tables[1][name], err_msg=name)


class Other(nn.Module):
    def __init__(self, value):
        super().__init__()
        self.fc, self.value = nn.Linear(6, 2), nn.Identity()
        self.given = value

    def forward(self, x):
        self.value(self.given)
        return self.fc(x)


class Moody(nn.Module):
    """Leaves a layer out at times."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.short = nn.Linear(6, 6), nn.Linear(6, 2), False

    def forward(self, x):
        return self.b(x if self.short else self.a(x))


def moody():
    net = Moody()
    probe = TorchProbe(net, ["a"], X, 1024)
    net.short = True
    probe.activations()


@pytest.mark.parametrize("call,text", [
    (lambda: read(dense(), ["fc1"]), "layer 'fc1': expected names among 0, 1, 2, 3, 4"),
    (lambda: read(nn.Linear(6, 2)), "no named layers inside"),
    (lambda: read(nn.Sequential(nn.LazyLinear(3))), "pass it a batch first"),
    (lambda: read(Other({}), ["value"]), "returns a dict: expected a tensor"),
    (lambda: read(Other(torch.zeros(3, 2)), ["value"]), r"returns shape \(3, 2\) for "
                                                         "50 rows"),
    (moody, "layer 'a' was not called in this pass"),
])
def test_what_is_wrong_is_said(call, text):
    with pytest.raises(ip.ArgumentError, match=text):
        call()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU")
def test_a_gpu_hands_its_tensors_over_and_keeps_its_random_numbers():
    net = Careless().cuda()
    before = torch.cuda.get_rng_state()
    assert read(net)["fc"].is_cuda
    assert torch.equal(torch.cuda.get_rng_state(), before)
    plane = ip.Plane(X, Y, background=True)
    with plane.watch(net) as w:
        w.tick(0)
    assert len(plane.table)


# -- The memory of the copies --------------------------------------------------------

class Alternating(nn.Module):
    """Its outputs are inference tensors in every second pass."""

    def __init__(self):
        super().__init__()
        self.fc, self.calls = nn.Linear(4, 3), 0

    def forward(self, x):
        self.calls += 1
        with torch.inference_mode(self.calls % 2 == 0):
            return self.fc(x)


@pytest.mark.parametrize("held", [0, 2])
def test_copies_stay_for_as_many_calls_as_are_held(held):
    net, x = Alternating(), torch.rand(10, 4)
    probe = TorchProbe(net, ["fc"], x, 4, held)
    given, wanted = [], []
    for _ in range(7):
        with torch.no_grad():
            net.fc.weight += 1
            wanted.append(net.fc(x).numpy())
        given.append(probe.activations()[0])
        for got, want in zip(given[-held - 1:], wanted[-held - 1:]):
            np.testing.assert_allclose(got.numpy(), want, rtol=1e-6)
    assert len({one.data_ptr() for one in given}) == held + 1
