"""The Chromium of the browser tests: found, or installed from Debian (`python -m
crm.deploy.browser`).
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = (
    "/usr/bin/chromium",
    "/usr/lib/chromium/chromium",
    "/snap/bin/chromium",
    "/opt/google/chrome/chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
PACKAGES = ("chromium", "fonts-liberation", "libatomic1")  # the last one for Playwright's driver
HOW_TO = (
    "No Chromium that Playwright can drive. Debian: apt-get install chromium libatomic1; or set"
    " RELEVO_BROWSER."
)


def find() -> str | None:
    """Path of a Chromium or Chrome that the tests can drive: RELEVO_BROWSER, then PATH, then the
    usual places.
    """
    named = os.environ.get("RELEVO_BROWSER")
    candidates = (
        [named] if named else [path for path in (*map(shutil.which, NAMES), *PLACES) if path]
    )
    found = next(
        (path for path in dict.fromkeys(candidates) if Path(path).exists() and works(path)), None
    )
    return found if found and driver_works() else None


def driver_works() -> bool:
    """Whether Playwright's own node starts: it wants a library that a bare Debian lacks."""
    spec = importlib.util.find_spec("playwright")
    if spec is None or not spec.submodule_search_locations:
        return True
    node = Path(spec.submodule_search_locations[0]) / "driver" / "node"
    return not node.exists() or works(str(node))


def works(path: str) -> bool:
    """Whether it starts: some systems ship a script that only tells where to get the real one."""
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=30).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def ensure() -> tuple[str | None, str]:
    """Path of a browser, from Debian if need be and root may; else None and a line that
    says how.
    """
    path = find()
    if (
        path is None
        and os.geteuid() == 0
        and shutil.which("apt-get")
        and not os.environ.get("RELEVO_BROWSER")
    ):
        print("Installing Debian's chromium for the browser tests …", flush=True)
        install()
        path = find()
    return (path, "") if path else (None, HOW_TO)


def install() -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", *PACKAGES]):
        subprocess.run(["apt-get", "-q", *command], env=environment, stdout=subprocess.DEVNULL)


def main() -> int:
    path, advice = ensure()
    print(f"Browser for the tests: {path}" if path else advice)
    return 0 if path or os.environ.get("CI") != "true" else 1


if __name__ == "__main__":
    sys.exit(main())
