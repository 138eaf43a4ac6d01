# One word for each daily act. Bare `make` lists them.
#
# `make run` needs Python >= 3.11 with pip, and nothing else: pip puts uv into .tools (which no "externally managed"
# system forbids), and uv makes .venv without the venv module. What is installed is what the lock files name, checked
# by hash. Stamp files remember what is done, so a second start goes straight to the server.
# Plain POSIX shell, no feature of one make only: macOS brings GNU make 3.81, the BSDs their own.

UV = .tools/bin/uv
BIN = .venv/bin
COMPILE = $(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	--custom-compile-command "make lock" $(UPGRADE)

.PHONY: words run test check bench autobahn catalogues lock pictures clean system

words:
	@sed -n 's/^## //p' Makefile

## make run       set everything up in this folder and serve the demo (PORT=8000 HOST=127.0.0.1)
run: .venv/run.stamp
	@exec $(BIN)/qa demo --serve

## make test      all checks and all tests, with real Redis, PostgreSQL and Chromium
test: system .venv/dev.stamp
	@failed=; \
	$(MAKE) check || failed="$$failed check"; \
	$(BIN)/pytest -n 2 || failed="$$failed tests"; \
	$(BIN)/pytest tests/journeys || failed="$$failed journeys"; \
	if test -n "$$failed"; then echo "Failed:$$failed" >&2; exit 1; fi; \
	echo "All checks and tests passed."

## make check     format, lint, types
check: .venv/dev.stamp
	@failed=0; \
	$(BIN)/ruff format --check . || failed=1; \
	$(BIN)/ruff check . || failed=1; \
	$(BIN)/mypy || failed=1; \
	exit $$failed

## make bench     every figure beside its yardstick, as a table; it takes some minutes
bench: .venv/dev.stamp
	@$(BIN)/python -m tests.bench

## make autobahn  the Autobahn suite's cases, against our sockets and against the websockets library
autobahn: .venv/dev.stamp .tools/autobahn.stamp
	@$(BIN)/python -m tests.autobahn

## make pictures  the screenshots of the README
pictures: system .venv/dev.stamp
	@$(BIN)/python -m tests.pictures

## make catalogues  bring the pages' sentences in every language up to date
catalogues: .venv/dev.stamp
	@$(BIN)/python -m tests.catalogues

## make lock      write the lock files again (UPGRADE=--upgrade moves to newer versions)
lock: .venv/stamp
	$(COMPILE) --group tools --output-file requirements-tools.lock
	$(COMPILE) pyproject.toml --extra postgres --group build --output-file requirements.lock
	$(COMPILE) pyproject.toml --extra postgres --group build --group dev --constraint requirements.lock \
		--output-file requirements-dev.lock

## make clean     remove what the words above have installed (the demo's data stays)
clean:
	rm -rf .tools .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis

# The first Python that is new enough and has pip; PYTHON=... asks for another.
.venv/stamp: requirements-tools.lock
	@for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
		if "$$python" -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then break; fi; \
		python=; \
	done; \
	if test -z "$$python"; then \
		echo "Python 3.11 or newer with pip is needed, and none was found." >&2; \
		echo "Debian, Ubuntu: apt install python3-pip. macOS: brew install python. Elsewhere: make PYTHON=/path/to/python3" >&2; \
		exit 1; \
	fi; \
	set -e; \
	PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore "$$python" -m pip install --quiet --upgrade \
		--target .tools --require-hashes --requirement requirements-tools.lock; \
	$(UV) venv --quiet --clear --no-python-downloads --python "$$python" .venv; \
	touch $@

.venv/run.stamp: .venv/stamp requirements.lock pyproject.toml
	$(UV) pip install --python .venv --require-hashes --requirement requirements.lock
	$(UV) pip install --python .venv --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev.stamp: .venv/run.stamp requirements-dev.lock
	$(UV) pip install --python .venv --require-hashes --requirement requirements-dev.lock
	@touch $@

.tools/autobahn.stamp: .venv/stamp tests/autobahn/requirements.txt tests/autobahn/build.txt
	$(UV) pip install --python .venv --quiet --target .tools/autobahn --no-deps --require-hashes \
		--requirement tests/autobahn/requirements.txt --build-constraints tests/autobahn/build.txt
	@touch $@

# What the tests need from the system: installed where that is allowed, else named.
system:
	@missing=; \
	command -v openssl >/dev/null || missing="$$missing openssl"; \
	command -v redis-server >/dev/null || missing="$$missing redis-server"; \
	command -v nginx >/dev/null || ls /usr/sbin/nginx >/dev/null 2>&1 || missing="$$missing nginx"; \
	node -e 'globalThis.WebSocket || process.allowedNodeEnvironmentFlags.has("--experimental-websocket") || require("ws")' \
		>/dev/null 2>&1 || missing="$$missing nodejs node-ws"; \
	command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$$missing postgresql"; \
	if test "$$(uname)" = Linux; then \
		command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing="$$missing chromium"; \
		ls /usr/share/fonts/*/*/NotoSansCJK* >/dev/null 2>&1 || missing="$$missing fonts-noto-cjk"; \
		ls /usr/share/fonts/*/*/NotoSansHebrew* >/dev/null 2>&1 || missing="$$missing fonts-noto-core"; \
	fi; \
	test -n "$$missing" || exit 0; \
	if test "$$(id -u)" != 0 || ! command -v apt-get >/dev/null; then \
		echo "The tests need:$$missing (the names are Debian's). Install them, or run make test as root on Debian." >&2; \
		exit 1; \
	fi; \
	echo "Installing$$missing"; \
	apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $$missing
