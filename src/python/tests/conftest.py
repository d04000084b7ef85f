"""conftest.py - a last line of counts, as the project's other tests have it."""
from typing import Any


def pytest_unconfigure(config: Any) -> None:
    reporter = config.pluginmanager.get_plugin("terminalreporter")

    def count(*names: str) -> int:
        return sum(len(reporter.stats.get(name, [])) for name in names)

    passed, skipped = count("passed"), count("skipped")
    failed = count("failed", "error")
    reporter.write_line(f"{passed} passed, {failed} failed, {skipped} skipped")
