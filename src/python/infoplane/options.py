"""options.py - estimators and their options, from names and Python's values.

Families, keys, limits and defaults are those of the C library's table: nothing of it
is repeated here. An option has the name of the program's flag (`bin_width` is
--bin-width) or of its key (`width`), and `bins` is `bin_count`. A list sweeps it:
noise_var=[1e-3, 0.1] gives the points kde-upper@0.001, kde-upper@0.1 and so on.
"""
from __future__ import annotations

import ctypes as C
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple, Union

from . import _structs as S
from ._library import Options, check, lib
from .errors import ArgumentError

ALIASES = {"bins": "bin_count"}


@dataclass(frozen=True)
class Choice:
    """One option of one family."""
    key: str
    flag: str   # the name of its flag: "bin_width"; "": it has none
    form: str   # it counts with this form of the family only; "": always
    switch: bool
    sweeps: bool
    last: str   # of a switch: what it stands for
    row: Any    # the library's own row


@dataclass(frozen=True)
class Family:
    """One family of estimators; all is the library's."""
    number: int
    name: str
    points: int
    needs: int
    choices: Tuple[Choice, ...]


@dataclass(frozen=True)
class Settings:
    """What one call estimates: array[count] of ipl_mi_options, and what they are."""
    array: Any
    count: int
    moments: int  # of these so many that need the layer's moments
    families: Tuple[Family, ...]
    about: Tuple[Dict[str, Any], ...]  # as in run.json: name, points, description, ..


def _last_choice(row: Any) -> str:
    number, last = 0, b""
    while True:
        name = lib.ipl_option_choice(C.byref(row), number)
        if name is None:
            return last.decode()
        number, last = number + 1, name


def _choice(row: Any) -> Choice:
    flag = (row.flag or b"").decode().lstrip("-").replace("-", "_")
    switch = bool(row.flag) and not row.value
    return Choice(row.key.decode(), flag, (row.form or b"").decode(), switch,
                  bool(lib.ipl_mi_may_sweep(C.byref(row))),
                  _last_choice(row) if switch else "", row)


def _families() -> Dict[str, Family]:
    found: Dict[str, Family] = {}
    while lib.ipl_mi_family_name(len(found)):
        row = lib.ipl_mi_family_of(len(found)).contents
        choices = tuple(_choice(row.option[k]) for k in range(row.options))
        name = row.name.decode()
        found[name] = Family(len(found), name, row.points, row.needs, choices)
    return found


FAMILIES = _families()


def comparing() -> List[str]:
    """The families that compare values of X and T, or of T and Y."""
    return [f.name for f in FAMILIES.values() if f.needs & S.NEEDS_INPUTS]


def settings_of(estimator: Union[None, str, Sequence[str]], options: Dict[str, Any]
                ) -> Settings:
    """The settings of these families ("bin,kde" or a list; None: those that the
    program estimates where nobody chooses), under these options."""
    names = estimator
    if estimator is not None and not isinstance(estimator, str):
        if not isinstance(estimator, Iterable):
            raise ArgumentError(f"estimator {estimator!r}: expected names, 'bin,kde' "
                                "or a list of them")
        names = ",".join(map(str, estimator))
    given = tuple((name, _frozen(value)) for name, value in options.items()
                  if value is not None)
    return _settings(names, given, repr(given))


def _frozen(value: Any) -> Any:
    """A key of the cache: numbers, texts and tuples of these."""
    if hasattr(value, "tolist"):  # of numpy, torch and jax
        value = value.tolist()
    if isinstance(value, (list, tuple, range)):
        return tuple(_frozen(one) for one in value)
    return value if isinstance(value, (bool, int, float, str)) else str(value)


@lru_cache(maxsize=256)
def _settings(names: Optional[str], given: Tuple[Tuple[str, Any], ...],
              key: str) -> Settings:
    """key tells 1 from True and 1.0, which are equal in Python."""
    families = _named(names)
    made: List[Any] = []
    meant = {name: _meant(name, families) for name, _ in given}
    for family in families:
        made += _of_family(family, [(name, meant[name][family.name], value)
                                    for name, value in given
                                    if family.name in meant[name]])
    if len(made) > S.SETTINGS_MAX:
        raise ArgumentError(f"{len(made)} settings in all: expected at most "
                            f"{S.SETTINGS_MAX}; shorten a list, or call twice")
    array = (Options * len(made))(*made)
    by_number = {f.number: f for f in families}
    about = tuple(_about(by_number[one.estimator], one) for one in array)
    moments = sum(bool(by_number[one.estimator].needs & S.NEEDS_MOMENTS)
                  for one in array)
    return Settings(array, len(made), moments, tuple(families), about)


def _named(names: Optional[str]) -> List[Family]:
    if names is None:
        text = C.create_string_buffer(256)
        lib.ipl_mi_standard(text, len(text))
        names = text.value.decode()
    chosen: List[Family] = []
    for name in (part.strip() for part in names.split(",")):
        if name not in FAMILIES:
            raise ArgumentError(f"estimator '{name}': expected any of "
                                f"{', '.join(FAMILIES)}")
        if FAMILIES[name] in chosen:
            raise ArgumentError(f"estimator names {name} twice")
        chosen.append(FAMILIES[name])
    return chosen


# -- What a name means ---------------------------------------------------------------

def _is_called(choice: Choice, name: str) -> bool:
    return name in (choice.key, choice.flag) or ALIASES.get(name) == choice.flag


def _meant(name: str, families: List[Family]) -> Dict[str, Choice]:
    """The choice that this name is, by the families that have it."""
    found = {f.name: c for f in families for c in f.choices if _is_called(c, name)}
    if not found:
        raise ArgumentError(_unknown(name, families))
    flags = {c.flag: family for family, c in found.items()}
    if len(flags) > 1:
        raise ArgumentError(f"{name} is an option of {' and of '.join(flags.values())}"
                            f": say {' or '.join(flags)}")
    return found


def _unknown(name: str, families: List[Family]) -> str:
    having = [f.name for f in FAMILIES.values()
              if any(_is_called(c, name) for c in f.choices)]
    chosen = ",".join(f.name for f in families)
    if having:
        return (f"{name} is an option of {' and '.join(having)}, and estimator is "
                f"'{chosen}': estimator='{chosen},{having[0]}'")
    known = dict.fromkeys(c.flag or c.key for f in families for c in f.choices)
    return (f"'{name}' is no option of {chosen}: expected any of "
            f"{', '.join(list(ALIASES) + list(known))}, or one of estimate's own")


# -- One family's options ------------------------------------------------------------

def _of_family(family: Family, given: Sequence[Tuple[str, Choice, Any]]) -> List[Any]:
    base = lib.ipl_mi_defaults(family.number)
    form, sweep = None, None
    seen: Dict[str, str] = {}
    for name, choice, value in given:
        if choice.switch and value is False:
            continue
        if choice.key in seen:
            raise ArgumentError(f"{seen[choice.key]} and {name} are one option: leave "
                                "one out")
        seen[choice.key] = name
        values = _texts(choice, name, value)
        wants = values[0] if choice.key == "form" else choice.form
        if wants:
            form = _choose_form(base, form, (name, wants))
        if len(values) > 1:
            if sweep:
                raise ArgumentError(f"{sweep[0]} and {name} are lists, and one option "
                                    f"of {family.name} may be: give one of them one "
                                    "value")
            sweep = (name, choice, values)
        elif choice.key != "form":
            _set(base, name, choice, values[0])
    return _swept(base, *sweep) if sweep else [base]


def _texts(choice: Choice, name: str, value: Any) -> List[str]:
    """The value, or of a list each value, as the library reads it."""
    if isinstance(value, str) and choice.sweeps:
        return [part.strip() for part in value.split(",")]
    if not isinstance(value, tuple):
        return [_text(choice, value)]
    if not choice.sweeps:
        return [", ".join(_text(choice, one) for one in value)]
    if not value:
        raise ArgumentError(f"{name} is an empty list: expected one value or more")
    return [_text(choice, one) for one in value]


def _text(choice: Choice, value: Any) -> str:
    if choice.switch and value is True:
        return choice.last
    return repr(value) if isinstance(value, float) else str(value)


def _choose_form(base: Any, before: Optional[Tuple[str, str]],
                 now: Tuple[str, str]) -> Tuple[str, str]:
    if before and before[1] != now[1]:
        raise ArgumentError(f"{before[0]} and {now[0]} exclude each other: leave one "
                            "out")
    _set_text(base, now[0], f"form={now[1]}")
    return before or now


def _set(options: Any, name: str, choice: Choice, text: str) -> None:
    _set_text(options, name, f"{choice.key}={text}")


def _set_text(options: Any, name: str, text: str) -> None:
    try:
        check(lib.ipl_mi_options_set(C.byref(options), text.encode()))
    except ArgumentError as error:
        raise ArgumentError(f"{name}: {error}") from None


def _swept(base: Any, name: str, choice: Choice, values: List[str]) -> List[Any]:
    """A setting for each value, named by it: in at most nine digits."""
    made: List[Any] = []
    for text in values:
        one = Options.from_buffer_copy(base)
        _set(one, name, choice, text)
        label = text if len(text) < S.SETTING_BYTES else f"{float(text):.9g}"
        if any(label.encode() == other.setting for other in made):
            raise ArgumentError(f"{name} has {label} twice: leave one out")
        one.setting = label.encode()
        made.append(one)
    return made


# -- Captions ------------------------------------------------------------------------

def _about(family: Family, options: Any) -> Dict[str, Any]:
    """As run.json has it."""
    text = C.create_string_buffer(S.OPTION_BYTES)
    name = C.create_string_buffer(S.NAME_BYTES)
    check(lib.ipl_mi_options_check(C.byref(options)))
    lib.ipl_mi_describe(C.byref(options), text, len(text))
    points = [lib.ipl_mi_name_point(C.byref(options), p, name).decode()
              for p in range(family.points)]
    about: Dict[str, Any] = {"name": family.name, "points": points,
                             "description": text.value.decode(), "options": {}}
    for choice in family.choices:
        lib.ipl_option_print(C.byref(choice.row), C.byref(options), text, len(text))
        about["options"][choice.key] = _value(choice.row.type, text.value.decode())
    return about


def _value(kind: int, text: str) -> Any:
    if kind == S.OPTION_INTEGER:
        return int(text)
    if kind == S.OPTION_REAL:
        return float(text)
    if kind == S.OPTION_RANGE:
        return [float(part) for part in text.split(",")]
    return text
