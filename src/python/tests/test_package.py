"""What the package exports."""
import importlib
import inspect

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
