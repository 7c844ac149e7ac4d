# Each does everything on a fresh Debian or Ubuntu with Python 3.11 or newer: environment, system libraries, pinned packages.
#   make demo    see it work
#   make webcam  see it work on you
#   make test    what CI checks
VENV := .venv
FLOORS := app export models sensors skeleton training
# Folders too: their time changes when a file is removed. Python's caches do not count.
SOURCES := pyproject.toml constraints.txt $(shell find $(FLOORS) -not -name '*.pyc' -not -name __pycache__)

.PHONY: demo webcam test clean

demo: $(VENV)/installed-cpu
	$(VENV)/bin/skel-app --demo

webcam: $(VENV)/installed-cpu,webcam
	$(VENV)/bin/skel-app --sensor webcam

test: $(VENV)/installed-cpu,train,kinect,dev
	scripts/check.sh $(VENV)

# The stem names the extras.
$(VENV)/installed-%: $(SOURCES)
	scripts/install.sh $(VENV) $*
	touch $@

clean:
	rm -rf $(VENV) build skel_action.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
