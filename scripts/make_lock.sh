#!/bin/sh
# Remakes requirements.lock: one version of everything for every Python and platform, by hash, from no named host.
# Without an existing lock everything moves to its newest version; --upgrade-package NAME (passed on) moves one.
set -eu
command -v uv >/dev/null || { echo "make lock needs uv on PATH." >&2; exit 1; }
new=requirements.lock.new
trap 'rm -f "$new" "$new.head"' EXIT
[ ! -f requirements.lock ] || grep -v '^#' requirements.lock >"$new"
uv --no-config pip compile pyproject.toml --extra cjk --group dev --group build \
    --universal --python-version 3.11 --fork-strategy fewest \
    --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate \
    --quiet --output-file "$new" "$@" >/dev/null
cat >"$new.head" <<'EOF'
# Every package that funnelml, its tests, its checks and its build need: versions and hashes, and no host.
# Remake after a change of pyproject.toml: make lock. Take all newest versions: rm requirements.lock; make lock.
EOF
cat "$new.head" "$new" >requirements.lock
