"""conftest.py - a last line of counts, as the project's other tests have it."""
import signal
from typing import Any

# Who starts these in the background may have it ignored, and then nothing stops.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_unconfigure(config: Any) -> None:
    reporter = config.pluginmanager.get_plugin("terminalreporter")

    def count(*names: str) -> int:
        return sum(len(reporter.stats.get(name, [])) for name in names)

    passed, skipped = count("passed"), count("skipped")
    failed = count("failed", "error")
    reporter.write_line(f"{passed} passed, {failed} failed, {skipped} skipped")
