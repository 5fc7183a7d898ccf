#!/bin/sh
# Makes .venv from nothing with the locked dependencies: by uv when it is there, by pip otherwise.
# PYTHON=... chooses the interpreter; without it the first suitable one on PATH is taken.
set -eu
lowest=11 beyond=15 # the minor versions of Python 3 that requires-python in pyproject.toml admits

say() { printf '%s\n' "$*" >&2; }

suits() { # is $1 a Python that requires-python admits?
    "$1" -c "import sys; sys.exit(not (3, $lowest) <= sys.version_info[:2] < (3, $beyond))" 2>/dev/null
}

can_make_venv() { # Debian's python3 comes without ensurepip; uv does not need it
    [ -n "$uv" ] || "$1" -c 'import ensurepip, venv' 2>/dev/null
}

find_python() { # prints the first suitable interpreter; its own python3 is the user's choice, so it goes first
    for candidate in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if suits "$candidate" && can_make_venv "$candidate"; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
        if suits "$candidate"; then
            say "$candidate cannot make a virtual environment: its venv or ensurepip module is missing."
            say "Next: on Debian or Ubuntu 'sudo apt install python3-venv', or install uv; then make again."
            return 1
        fi
    done
    say "No Python >= 3.$lowest and < 3.$beyond on PATH."
    say "Next: install one, or name one: 'make setup PYTHON=/path/to/python3.13'."
    return 1
}

uv=$(command -v uv || true)
if [ -n "${PYTHON:-}" ]; then
    if ! suits "$PYTHON"; then
        say "PYTHON=$PYTHON is not a Python >= 3.$lowest and < 3.$beyond that runs."
        exit 1
    fi
    if ! can_make_venv "$PYTHON"; then
        say "PYTHON=$PYTHON cannot make a virtual environment: its venv or ensurepip module is missing."
        exit 1
    fi
    python=$PYTHON
else
    python=$(find_python)
fi

# first what builds packages, then the rest without build isolation: so nothing is fetched that the lock does not name
pick_builders() {
    awk '/^[a-z]/ { keep = /^(pip|setuptools)==/ } keep' requirements.lock >.venv/builders.lock
}

with_uv() {
    uv venv --quiet --clear --no-project --python "$python" .venv &&
        pick_builders &&
        uv pip install --quiet --python .venv --require-hashes -r .venv/builders.lock &&
        uv pip install --quiet --python .venv --require-hashes --no-build-isolation -r requirements.lock
}

with_pip() {
    export PIP_DISABLE_PIP_VERSION_CHECK=1
    "$python" -m venv --clear .venv &&
        pick_builders &&
        .venv/bin/python -m pip install --quiet --require-hashes -r .venv/builders.lock &&
        .venv/bin/python -m pip install --quiet --require-hashes --no-build-isolation -r requirements.lock
}

say "Making .venv with $("$python" --version) ($(command -v "$python")); this takes a minute or two."
if [ -z "$uv" ]; then
    with_pip
elif ! with_uv; then
    say "uv could not do it; trying pip."
    with_pip
fi
