.PHONY: setup setup-dev run fast test soak crawls kills check format lock bench clean
.NOTPARALLEL:

setup:  ## what running Actors needs: Python environment, Docker engine, base images
	@scripts/setup.sh

setup-dev:  ## the same, and what tests, benchmarks and checks need
	@scripts/setup.sh --dev

run: setup  ## builds and runs the sample crawler, from start to finish
	@.venv/bin/python -m scripts.run_crawler

fast: .venv/.installed-dev  ## the tests without containers, on all cores
	@scripts/fast.sh

test: setup-dev check  ## all tests, those with real containers included
	@scripts/test.sh

soak: setup-dev  ## 200 short runs of mixed endings, the server killed twice (`make test` has a short one); GREENROOM_SOAK_SEED repeats one
	@GREENROOM_TEST_REQUIRES_DOCKER=1 GREENROOM_SOAK_RUNS=200 GREENROOM_SOAK_CONCURRENCY=10 GREENROOM_SOAK_KILLS=2 \
		.venv/bin/python -m pytest -s -o faulthandler_timeout=0 tests/soak

crawls: setup-dev  ## crawls of 5,000 pages with both SDKs, a crawler of each killed half way (`make test` has short ones)
	@GREENROOM_TEST_REQUIRES_DOCKER=1 GREENROOM_CRAWL_PAGES=5000 GREENROOM_CRAWL_LOCK_SECS=0 \
		.venv/bin/python -m pytest -v --durations=0 -o faulthandler_timeout=0 tests/crawls

kills: setup-dev  ## 50 kills of the server while clients write (`make test` has 5); GREENROOM_KILLS_SEED repeats one
	@GREENROOM_TEST_REQUIRES_DOCKER=1 GREENROOM_KILLS=50 \
		.venv/bin/python -m pytest -s -o faulthandler_timeout=0 tests/kills

check: .venv/.installed-dev  ## linter, formatting, types
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy

format: .venv/.installed-dev
	.venv/bin/ruff check --fix
	.venv/bin/ruff format

lock:  ## pins what pyproject.toml asks for, in its newest versions
	@scripts/lock.sh

bench: setup-dev
	@.venv/bin/python -m benchmarks

clean:
	scripts/hard_disk_engine.sh stop
	[ ! -x .venv/bin/python ] || .venv/bin/python -m tests.own_engine
	rm -rf .venv .venv-client-2 .mypy_cache .pytest_cache .ruff_cache build *.egg-info tests/clients/node_modules benchmarks/storages/express/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.installed-dev:
	@scripts/setup.sh --dev
