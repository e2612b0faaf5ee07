# Attune Kit. `make demo` shows the whole path; `make test` checks it. Both do all of their own set-up.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: help demo test rigs check bench docs lock clean

help: ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(READY) ## film, seal, sync, receipt, erase, recover (SOURCE=any-video.mp4 films that file)
	@$(BIN)/python -m tests.scenarios.demo $(if $(SOURCE),--source "$(SOURCE)")

test: check tests/interop/node_modules/.ready ## style, types, arrows, and every fast test
	@[ "$$(id -u)" != 0 ] || scripts/system-packages systemd-analyze=systemd
	@PATH="$$PATH:$(CURDIR)/$(BIN)" PATH="$$(scripts/stock-age):$$PATH" $(BIN)/python -m pytest -m "not rig" -n 3 --dist worksteal $(ARGS)

rigs: $(READY) ## power cuts, kills, full disks: needs root (FULL=1 fails the store at every step)
	@scripts/system-packages ffmpeg=ffmpeg strace=strace mkfs.ext4=e2fsprogs pulseaudio=pulseaudio cpio=cpio \
	    qemu-system-aarch64=qemu-system-arm
	@scripts/system-packages dpkg-buildpackage=dpkg-dev dh=debhelper objdump=binutils /usr/bin/pip3=python3-pip \
	    mmdebstrap=mmdebstrap ip=iproute2 nginx=nginx-light NetworkManager=network-manager
	@scripts/system-packages radosgw=radosgw ceph-mon=ceph-mon ceph-osd=ceph-osd ceph=ceph-common \
	    pg_ctlcluster=postgresql
	@$(BIN)/python -m pytest -m rig $(ARGS)

check: $(READY) ## ruff, mypy, import arrows, documents against code
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m docs.generate --check

bench: $(READY) ## measured claims, each against a peer (ONLY=name for one)
	@scripts/system-packages ffmpeg=ffmpeg age=age nginx=nginx-light curl=curl rsync=rsync ip=iproute2
	@[ "$$(id -u)" != 0 ] || scripts/system-packages dpkg-buildpackage=dpkg-dev dh=debhelper \
	    /usr/bin/pip3=python3-pip mmdebstrap=mmdebstrap
	@scripts/system-packages radosgw=radosgw ceph-mon=ceph-mon ceph-osd=ceph-osd ceph=ceph-common \
	    pg_ctlcluster=postgresql
	@PATH="$$(scripts/stock-age):$$PATH" $(BIN)/python -m benchmarks $(if $(ONLY),--only "$(ONLY)")

docs: $(READY) ## write the tables and diagrams in docs/ anew from the code
	@$(BIN)/python -m docs.generate

lock: $(READY) ## resolve requirements anew (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    --extra dev pyproject.toml --output-file requirements/dev.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    --extra device pyproject.toml --constraint requirements/dev.txt --no-emit-package setuptools \
	    --output-file requirements/device.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    --extra server pyproject.toml --constraint requirements/dev.txt --no-emit-package setuptools \
	    --output-file requirements/server.txt

clean: ## remove everything that was made
	rm -rf $(VENV) .cache demo-output benchmarks/out tests/interop/node_modules *.egg-info .mypy_cache .ruff_cache .pytest_cache

$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "Python 3.11 or later is needed. Next step: make PYTHON=python3.12 …" >&2; exit 1; }
	@echo "Setting up $(VENV) (once, about a minute)"
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || scripts/system-packages ensurepip=python3-venv
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install -qq --require-hashes --requirement requirements/dev.txt
	@$(BIN)/python -m pip install -qq --no-deps --no-build-isolation --editable .
	@touch $@

tests/interop/node_modules/.ready: tests/interop/package-lock.json $(READY)
	@PATH="$$PATH:$(CURDIR)/$(BIN)"; command -v npm >/dev/null || \
	    $(BIN)/python -m pip install -qq --require-hashes --requirement requirements/node.txt
	@cd tests/interop && PATH="$$PATH:$(CURDIR)/$(BIN)" npm ci --silent --no-audit --no-fund
	@touch $@
