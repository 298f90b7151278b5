"""Find the Chromium of the browser tests, or install Debian's: `python -m crm.deploy.browser`."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

# The headless shell is the same engine without windows: a tenth less work, and a smaller package.
NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
)
PLACES = (
    "/usr/bin/chromium",
    "/usr/lib/chromium/chromium",
    "/snap/bin/chromium",
    "/opt/google/chrome/chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
# By preference: not every distribution has the first one.
BROWSER_PACKAGES = ("chromium-headless-shell", "chromium")
MORE_PACKAGES = ("fonts-liberation", "libatomic1")  # the last one for Playwright's driver
HOW_TO = (
    "No Chromium that Playwright can drive. Debian: apt-get install chromium libatomic1; or set"
    " RELEVO_BROWSER."
)


def find() -> str | None:
    """Return the path of a Chromium or Chrome that the tests can drive, or None.

    RELEVO_BROWSER comes first, then PATH, then the usual places.
    """
    named = os.environ.get("RELEVO_BROWSER")
    if named:
        candidates = [named]
    else:
        on_path = [shutil.which(name) for name in NAMES]
        candidates = [path for path in (*on_path, *PLACES) if path]
    for path in dict.fromkeys(candidates):
        if Path(path).exists() and works(path):
            return path if driver_works() else None
    return None


def driver_works() -> bool:
    """Return whether Playwright's own node starts; it needs a library that a bare Debian lacks."""
    spec = importlib.util.find_spec("playwright")
    if spec is None or not spec.submodule_search_locations:
        return True
    node = Path(spec.submodule_search_locations[0]) / "driver" / "node"
    return not node.exists() or works(str(node))


def works(path: str) -> bool:
    """Return whether the program starts.

    Some systems ship a script that only prints where to get the real browser.
    """
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def ensure() -> tuple[str | None, str]:
    """Return the path of a browser, else None and a line that explains how to get one.

    As root, Debian's is installed when there is none.
    """
    path = find()
    if path is None and can_install():
        print("Installing Debian's chromium for the browser tests …", flush=True)
        install()
        path = find()
    if path is None:
        return None, HOW_TO
    return path, ""


def can_install() -> bool:
    """Return whether this process may install Debian's package; not when a browser is named."""
    if os.environ.get("RELEVO_BROWSER"):
        return False
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install() -> None:
    """Install Debian's Chromium."""
    apt_get("update")
    for browser in BROWSER_PACKAGES:
        if apt_get("install", "-y", "--no-install-recommends", browser, *MORE_PACKAGES):
            return


def apt_get(*arguments: str) -> bool:
    """Run apt-get; return whether it succeeded."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "-q", *arguments]
    return subprocess.run(command, env=environment, stdout=subprocess.DEVNULL).returncode == 0


def main() -> int:
    path, advice = ensure()
    print(f"Browser for the tests: {path}" if path else advice)
    return 0 if path or os.environ.get("CI") != "true" else 1


if __name__ == "__main__":
    sys.exit(main())
