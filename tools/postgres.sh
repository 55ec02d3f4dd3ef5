#!/usr/bin/env bash
# See to it that the ledger's tests find PostgreSQL; where it cannot be installed they are skipped, in CI they fail.
# Only the programs are needed: the tests start a cluster of their own and remove it again.
set -euo pipefail

if command -v initdb >/dev/null || compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing PostgreSQL for the tests of the ledger."
    apt-get update -qq
    if DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null; then
        exit 0
    fi
fi
echo "No PostgreSQL: the tests of the ledger on it will be skipped. To run them: sudo apt-get install postgresql"
if [ -n "${CI:-}" ]; then exit 1; fi
