#!/usr/bin/env bash
# Everything that must hold, against the package installed in a virtual environment (see install.sh).
# Usage: scripts/check.sh VENV
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
PATH=$(cd "$1" && pwd)/bin:$PATH
elsewhere=$(mktemp -d) # so that `skel` can only come from the environment
trap 'rm -rf "$elsewhere"' EXIT

step() { printf '\n== %s\n' "$*"; }

step lint
ruff check .
ruff format --check .

step types of the installed package
(cd "$elsewhere" && mypy --config-file "$root/pyproject.toml" --cache-dir "$elsewhere" \
  -p skel.skeleton -p skel.sensors -p skel.models -p skel.export -p skel.training -p skel.app)

step commands
for command in skel-data skel-train skel-export skel-app; do
  (cd "$elsewhere" && "$command" --help >/dev/null)
  echo "$command --help"
done

step tests
SKEL_INSTALLED=1 pytest -rs
