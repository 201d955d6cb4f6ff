# 两条命令就够:make demo(演示)、make test(自测)。 Everything below works on a fresh clone: the virtualenv is made on first use.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
READY := .venv/.ready
JOBS ?= 2
SHARED ?= ../shared

.PHONY: help demo test test-slow lint stories check lock wheel clean

help:
	@echo "make demo       演示:自带邮件服务器和样例来信,跑一遍给您看"
	@echo "make test       自测(不含慢的);缺 Dovecot、PostgreSQL 时跳过相关的并说明"
	@echo "make test-slow  慢的测试"
	@echo "make lint       ruff 与 mypy"
	@echo "make stories    从外面按 $(SHARED)/scenarios 的故事验收"
	@echo "make check      以上全部"
	@echo "make lock       按 pyproject.toml 重新锁定依赖(需要 uv)"
	@echo "make wheel      打包到 dist/"

# The locked distributions, then mailflow itself in place, without asking any registry again.
$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "需要 Python 3.11 或更新(Debian/Ubuntu:apt-get install python3 python3-venv);已装在别处就写 make PYTHON=/路径/python3.12"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "建不了虚拟环境;Debian/Ubuntu 上先执行 apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY)
	$(BIN)/mailflow demo

# With CI=true nothing is left out: slow tests run, and a missing Dovecot or PostgreSQL is a failure instead of a skip.
test: $(READY)
	$(BIN)/python -m pytest -n $(JOBS) $(if $(filter true,$(CI)),,-m "not slow")

test-slow: $(READY)
	$(BIN)/python -m pytest -m slow

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/mypy

# Plays what passed before; a story in the list that is gone, or that no longer passes, fails.
stories: $(READY)
	@test -d $(SHARED)/scenarios || { echo "没有 $(SHARED)/scenarios,不玩"; exit 0; }; \
	files=$$(sed -e 's/#.*//' -e '/^[[:space:]]*$$/d' -e 's|^|$(SHARED)/scenarios/|' tests/stories_passed.txt); \
	for f in $$files; do test -f $$f || { echo "tests/stories_passed.txt 里的 $$f 不见了"; exit 1; }; done; \
	$(BIN)/python $(SHARED)/scenarios/run.py --mailflow "$$PWD/$(BIN)/mailflow" -j $(JOBS) $$files

check: lint test test-slow stories

lock:
	tail -n +2 requirements.lock > .lock.new  # what is pinned stays pinned unless something asks for more
	uv pip compile pyproject.toml --extra postgresql --extra ocr --group dev --universal --python-version 3.11 --generate-hashes --no-annotate --no-header -o .lock.new
	@{ head -1 requirements.lock; cat .lock.new; } > requirements.lock.new && mv requirements.lock.new requirements.lock && rm .lock.new

wheel: $(READY)
	$(BIN)/python -m hatchling build -t wheel

clean:
	rm -rf .venv dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
