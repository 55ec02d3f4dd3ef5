#!/usr/bin/env bash
# Make a virtual environment, or install into one, with as little as CPython >= 3.11 and pip.
#   PYTHON=python3 tools/venv.sh make DIR
#   tools/venv.sh install DIR REQUIREMENT...
# uv is used where it can be had, because it is quick; pip does the same otherwise.
set -euo pipefail

say() { printf '%s\n' "$*" >&2; }

make_venv() {
    local dir=$1 python=${PYTHON:-python3}
    command -v "$python" >/dev/null || { say "$python was not found. Install CPython 3.11 or newer, or set PYTHON=..."; exit 1; }
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
        say "$("$python" --version) is too old: Ytterby needs CPython 3.11 or newer. Set PYTHON=python3.11 or similar."
        exit 1
    }
    if "$python" -c 'import ensurepip' 2>/dev/null; then
        "$python" -m venv --clear "$dir"
    elif "$python" -m pip --version >/dev/null 2>&1; then
        # Debian splits ensurepip off; pip itself can fill an environment that has none.
        "$python" -m venv --clear --without-pip "$dir"
        "$python" -m pip --python "$dir/bin/python" install --quiet pip
    elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "Neither ensurepip nor pip: installing python3-venv."
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
        "$python" -m venv --clear "$dir"
    else
        say "$python has neither ensurepip nor pip. Install them, for example: sudo apt-get install python3-venv"
        exit 1
    fi
    "$dir/bin/python" -m pip install --quiet uv || say "uv cannot be had here; pip will do."
}

install() {
    local dir=$1
    shift
    if [ -x "$dir/bin/uv" ] && "$dir/bin/uv" pip install --quiet --python "$dir/bin/python" "$@"; then
        return
    fi
    "$dir/bin/python" -m pip install --quiet "$@"
}

action=$1
shift
case $action in
    make) make_venv "$@" ;;
    install) install "$@" ;;
    *) say "unknown action $action"; exit 2 ;;
esac
