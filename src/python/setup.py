"""setup.py - the Python package, with the C library that make builds for it.

The library is a plain shared object, which ctypes loads: one wheel serves every Python
of a platform. Its sources are those of the checkout around this folder, so a package
is built in the checkout (`pip install ./src/python`): a source distribution of this
folder alone could not be built. Nothing is written here but under build/.
"""

import os
import re
import subprocess
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = ROOT / "build" / "python"


def version() -> str:
    """The project's one version, which stands in the Makefile."""
    makefile = ROOT / "Makefile"
    if not makefile.is_file():
        raise SystemExit(
            f"infoplane: {makefile} is missing: the C library is built from the "
            "checkout around src/python (pip install ./src/python there)"
        )
    return re.search(r"^VERSION := (\S+)$", makefile.read_text(), re.M).group(1)


class BuildWithLibrary(build_py):
    """Has make put the shared objects into infoplane/_lib."""

    def run(self) -> None:
        super().run()
        package = HERE if self.editable_mode else Path(self.build_lib)
        # MAT=0: HDF5 would bring thirty libraries, and Python reads such files itself.
        into = (package / "infoplane" / "_lib").resolve()
        make = ["make", "-s", f"-j{os.cpu_count() or 1}", "-C", str(ROOT)]
        if subprocess.call([*make, "MAT=0", f"INTO={into}", "python-library"]):
            raise SystemExit(
                "infoplane: the C library was not built; what it needs is installed "
                f"by: make -C {ROOT} setup"
            )


class PlatformWheel(bdist_wheel):
    """Any Python 3, this platform."""

    def get_tag(self) -> tuple:
        return "py3", "none", super().get_tag()[2]


class NoSources(sdist):
    """Refused: see above."""

    def run(self) -> None:
        raise SystemExit("infoplane: build a wheel of the checkout: make wheel")


class WithLibrary(Distribution):
    """A package with binaries, though none is a module of Python's."""

    def has_ext_modules(self) -> bool:
        return True


BUILD.mkdir(parents=True, exist_ok=True)
setup(
    version=version(),
    cmdclass={
        "build_py": BuildWithLibrary,
        "bdist_wheel": PlatformWheel,
        "sdist": NoSources,
    },
    distclass=WithLibrary,
    options={
        "build": {"build_base": str(BUILD)},
        "egg_info": {"egg_base": str(BUILD)},
    },
)
