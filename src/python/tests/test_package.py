"""What the package exports."""
import inspect

import infoplane as ip


def test_all_names_are_there():
    for name in ip.__all__:
        assert getattr(ip, name) is not None, name
        assert name in dir(ip)


def test_everything_public_is_described():
    for name in ip.__all__:
        thing = getattr(ip, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            assert thing.__doc__, name
            for key, member in vars(thing).items() if inspect.isclass(thing) else ():
                if inspect.isfunction(member) and not key.startswith("_"):
                    assert member.__doc__ and "return" in member.__annotations__, key
