#!/usr/bin/env bash
# See to it that the browser tests find a Chromium; where it cannot be installed they are skipped, in CI they fail.
set -euo pipefail

for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null; then exit 0; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Chromium for the browser tests."
    apt-get update -qq
    if DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null; then
        exit 0
    fi
fi
echo "No Chromium: the browser tests will be skipped. To run them: sudo apt-get install chromium"
if [ -n "${CI:-}" ]; then exit 1; fi
