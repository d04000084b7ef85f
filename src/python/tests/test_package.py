"""What the package exports."""
import importlib
import inspect
import sys

import pytest

import infoplane as ip


def test_all_names_are_there():
    for name in ip.__all__:
        if name in ("keras", "lightning"):
            continue  # of packages that may be missing
        assert getattr(ip, name) is not None, name
        assert name in dir(ip)
    with pytest.raises(AttributeError, match="no 'estimat'"):
        ip.estimat


def test_everything_public_is_described():
    for name in ip.__all__:
        thing = None if name in ("keras", "lightning") else getattr(ip, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            assert thing.__doc__, name
            for key, member in vars(thing).items() if inspect.isclass(thing) else ():
                if inspect.isfunction(member) and not key.startswith("_"):
                    assert member.__doc__ and "return" in member.__annotations__, key


@pytest.mark.parametrize("name", ["keras", "lightning"])
def test_callbacks_are_imported_late(name):
    pytest.importorskip(name, reason=f"{name} is not installed")
    assert getattr(ip, name) is importlib.import_module(f"infoplane.{name}")
    assert getattr(ip, name).InformationPlane


@pytest.mark.parametrize("package,call", [
    ("keras", lambda: ip.keras), ("lightning", lambda: ip.lightning),
    ("matplotlib", lambda: ip.figures.plot(ip.estimate([1.0, 2.0]))),
    ("matplotlib", lambda: ip.figures.curves(ip.estimate([1.0, 2.0]))),
    ("plotly", lambda: ip.report.report(ip.estimate([1.0, 2.0]), "a.html")),
    ("pandas", lambda: ip.estimate([1.0, 2.0]).to_frame())])
def test_a_missing_package_says_what_to_install(monkeypatch, package, call):
    for name in [*sys.modules]:
        if name.split(".")[0] == package:
            monkeypatch.delitem(sys.modules, name)
    for name in (package, "pytorch_lightning"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, f"infoplane.{package}", raising=False)
    monkeypatch.delitem(vars(ip), package, raising=False)
    with pytest.raises(ImportError, match=f"pip install {package}"):
        call()


def test_the_type_checker_knows_the_late_modules():
    with open(ip.__file__) as file:
        text = file.read()
    assert f"from . import {', '.join(ip._LATER)}\n" in text


@pytest.mark.parametrize("thing", [ip.estimate, ip.Plane])
def test_the_defaults_of_the_help_are_the_librarys(thing):
    about = {one["name"]: one["options"] for one in ip.estimate([1.0, 2.0]).about[
        "estimators"]}
    text = " ".join(thing.__doc__.split())
    assert about["bin"]["form"] == "edges" and about["bin"]["range"] == [-1, 1]
    assert f"bin has {about['bin']['edges']} edges over [-1, 1]" in text
    assert f"noise_var={about['kde']['noise_var']}" in text
