"""Is the service in this container alive? Exit status 0 when its listener says so."""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request
from http import HTTPStatus


def main() -> int:
    """Ask the service's own health listener; a refusal or silence is a failure."""
    port = os.environ["HUB_METRICS_ADDRESS"].rpartition(":")[2]
    url = f"http://127.0.0.1:{port}/healthz"
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return 0 if answer.status == HTTPStatus.OK else 1
    except (urllib.error.URLError, OSError) as error:
        sys.stderr.write(f"{url}: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
