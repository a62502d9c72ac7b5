#!/bin/sh
# Installs what the browser test needs: the driver and axe into the given Python, Debian's Chromium.
set -eu
"$1" -m pip install --quiet --disable-pip-version-check -r "$(dirname "$0")/requirements.lock"
command -v chromium >/dev/null && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "The browser test needs a chromium on the PATH: install it, or be root on Debian." >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null ||
    { echo "apt-get could not install chromium: see its message above." >&2; exit 1; }
