#!/usr/bin/env bash
# Install the project, as a built wheel, and one tested set of what it needs into a virtual environment.
# Usage: scripts/install.sh VENV EXTRAS        e.g. scripts/install.sh .venv cpu,train,kinect,dev
# PYTHON=/path/to/python chooses the interpreter; otherwise the first of 3.11, 3.12, 3.13 that is found is taken.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$1 extras=$2

python=
for candidate in ${PYTHON:-python3.11 python3.12 python3.13 python3}; do
  if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
    python=$candidate
    break
  fi
done
if [ -z "$python" ]; then
  echo "error: Python 3.11, 3.12 or 3.13 is needed and none was found: install one, or name it with PYTHON=/path/to/python" >&2
  exit 2
fi
"$python" scripts/system_libraries.py

[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
pip() { "$venv/bin/python" -m pip --disable-pip-version-check --no-input "$@"; }

# The usual `torch` for Linux brings several GB of CUDA: take PyTorch's own build for CPUs where its index answers.
cpu_torch=https://download.pytorch.org/whl/cpu
if [[ ,$extras, == *,train,* && $(uname) == Linux ]] && ! pip show --quiet torch 2>/dev/null; then
  torch=$(grep '^torch==' constraints.txt)
  if timeout 15 "$venv/bin/python" -c "import urllib.request as u; u.urlopen('$cpu_torch/torch/', timeout=5)" 2>/dev/null; then
    pip install --no-deps --index-url "$cpu_torch" "$torch"
  else
    echo "PyTorch's index of CPU builds does not answer: $torch comes from pip's usual places"
  fi
fi

# A `build` folder left by an earlier build would put modules that are gone by now into the wheel.
rm -rf build
wheels=$(mktemp -d)
trap 'rm -rf "$wheels"' EXIT
pip wheel --quiet --no-deps --wheel-dir "$wheels" .
pip uninstall --quiet --yes skel-action 2>/dev/null
pip install --constraint constraints.txt "skel-action[$extras] @ file://$(echo "$wheels"/*.whl)"
