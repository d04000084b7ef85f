"""The callback of Lightning, in its Trainer where it is installed, and in a small one
that calls the hooks in Lightning's order where it is not."""
import sys
import types

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

import infoplane as ip  # noqa: E402

X = np.random.default_rng(1).normal(size=(40, 6)).astype(np.float32)
Y = (X[:, 0] > 0).astype(np.int64)


class SmallTrainer:
    """The hooks that the callback uses, in Lightning's order."""

    def __init__(self, callbacks, max_epochs, first=0, is_global_zero=True):
        self.callbacks, self.max_epochs = callbacks, max_epochs
        self.current_epoch, self.is_global_zero = first, is_global_zero
        self.callback_metrics, self.stop_after = {}, None

    def call(self, hook, *args):
        for callback in self.callbacks:
            getattr(callback, hook, lambda *a: None)(self, self.module, *args)

    def fit(self, module):
        self.module = module
        optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
        self.call("on_train_start")
        try:
            while self.current_epoch != self.max_epochs:
                module.epoch(optimizer)
                self.callback_metrics = {"train_loss": torch.tensor(0.25),
                                         "train_acc": torch.tensor(0.75)}
                self.call("on_train_epoch_end")
                self.current_epoch += 1
                if self.current_epoch == self.stop_after:
                    break
        except RuntimeError as error:
            self.call("on_exception", error)
            raise
        self.call("on_train_end")


class Module(torch.nn.Module):
    def __init__(self, fail=False):
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Linear(6, 4), torch.nn.Tanh(),
                                       torch.nn.Linear(4, 2))
        self.fail = fail

    def forward(self, x):
        return self.net(x)

    def epoch(self, optimizer):
        if self.fail:
            raise RuntimeError("mine")
        loss = torch.nn.functional.cross_entropy(self(torch.tensor(X)),
                                                 torch.tensor(Y))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@pytest.fixture
def callback(monkeypatch):
    """The callback, on a base class of our own."""
    package, pytorch = types.ModuleType("lightning"), types.ModuleType("l.pytorch")
    pytorch.Callback, package.pytorch = object, pytorch
    monkeypatch.setitem(sys.modules, "lightning", package)
    monkeypatch.setitem(sys.modules, "lightning.pytorch", pytorch)
    monkeypatch.delitem(sys.modules, "infoplane.lightning", raising=False)
    import infoplane.lightning
    yield infoplane.lightning.InformationPlane
    del sys.modules["infoplane.lightning"]


def epochs(plane):
    return sorted(set(plane.table.columns["epoch"].tolist()))


def test_the_untrained_network_and_the_last_epoch_are_measured(callback):
    plane = ip.Plane(X, Y, schedule=ip.every(3))
    SmallTrainer([callback(plane, layers=["net.1", "net.2"], seed=7)], 5).fit(Module())
    assert epochs(plane) == [0, 3, 5] and plane.layers == ["net.1", "net.2"]
    rows = plane.training
    assert rows["epoch"].tolist() == list(range(6)) and set(rows["seed"]) == {7}
    assert np.isnan(rows["loss"][0]) and rows["loss"][1] == 0.25
    assert rows["acc"][5] == 0.75


@pytest.mark.parametrize("most", [9, -1, None])
def test_a_training_that_stops_early_ends_with_a_measured_epoch(callback, most):
    plane = ip.Plane(X, Y, schedule=ip.every(3))
    trainer = SmallTrainer([callback(plane)], most)
    trainer.stop_after = 4
    trainer.fit(Module())
    assert epochs(plane) == [0, 3, 4]


def test_a_training_goes_on_in_another_fit(callback):
    plane = ip.Plane(X, Y)
    watcher, module = callback(plane), Module()
    SmallTrainer([watcher], 2).fit(module)
    SmallTrainer([watcher], 4, first=2).fit(module)
    assert epochs(plane) == [0, 1, 2, 3, 4]


def test_only_the_first_process_measures(callback):
    plane = ip.Plane(X, Y)
    SmallTrainer([callback(plane)], 2, is_global_zero=False).fit(Module())
    with pytest.raises(ip.ArgumentError, match="no points yet"):
        plane.table


def test_a_training_that_fails_closes_its_watch(callback):
    plane = ip.Plane(X, Y, background=True)
    with pytest.raises(RuntimeError, match="mine"):
        SmallTrainer([callback(plane)], 2).fit(Module(fail=True))
    assert epochs(plane) == [0] and not plane._open


def test_lightnings_own_trainer(tmp_path):
    lightning = pytest.importorskip("lightning.pytorch",
                                    reason="lightning is not installed")
    if not torch.distributed.is_available():  # as of Debian's package
        pytest.skip("this PyTorch lacks torch.distributed, which Lightning needs")
    import infoplane.lightning

    class Lit(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = Module().net

        def forward(self, x):
            return self.net(x)

        def training_step(self, batch, at):
            loss = torch.nn.functional.cross_entropy(self(batch[0]), batch[1])
            self.log("train_loss", loss, on_epoch=True, on_step=False)
            return loss

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.1)

    data = torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(Y))
    plane = ip.Plane(X, Y, schedule=ip.every(2))
    trainer = lightning.Trainer(
        max_epochs=3, accelerator="cpu", logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False,
        default_root_dir=str(tmp_path),
        callbacks=[infoplane.lightning.InformationPlane(plane)])
    trainer.fit(Lit(), torch.utils.data.DataLoader(data, 10))
    assert epochs(plane) == [0, 2, 3] and plane.layers == ["net.1", "net.2"]
    assert np.isfinite(plane.training["loss"][1:]).all()
