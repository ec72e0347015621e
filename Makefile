.PHONY: setup setup-dev browser-images console run fast test screenshots soak crawls kills cron fuzz browsers audit check format lock bench clean
.NOTPARALLEL:

setup:  ## installs what running Actors needs: Python environment, Docker engine, base images
	@scripts/setup.sh

setup-dev:  ## does the same, and installs what tests, benchmarks and checks need
	@scripts/setup.sh --dev

browser-images: setup  ## provides the base images with a browser, for example NAMES=apify/actor-node-playwright-chrome:22-1.56.1
	@.venv/bin/python -m scripts.browser_images $(NAMES)

console: .venv/.installed  ## builds the web console, if its sources have changed
	@.venv/bin/python -m scripts.build_console

run: setup  ## builds and runs the sample crawler, from start to finish
	@.venv/bin/python -m scripts.run_crawler

fast: .venv/.installed-dev  ## runs the tests without containers, on all cores
	@scripts/fast.sh

test: setup-dev check  ## runs all tests, including those with real containers
	@scripts/test.sh

# `make test` contains a short variant of soak, crawls and kills. The seed of a failure, in GREENROOM_SOAK_SEED or
# GREENROOM_KILLS_SEED, repeats it.
soak: setup-dev  ## starts 200 short runs that end in different ways, and kills the server twice
	@GREENROOM_TEST_REQUIRES_DOCKER=1 GREENROOM_SOAK_RUNS=200 GREENROOM_SOAK_CONCURRENCY=10 GREENROOM_SOAK_KILLS=2 \
		.venv/bin/python -m pytest -s -o faulthandler_timeout=0 tests/soak

crawls: setup-dev  ## crawls 5,000 pages with each SDK, and kills each crawler halfway
	@GREENROOM_TEST_REQUIRES_DOCKER=1 GREENROOM_CRAWL_PAGES=5000 GREENROOM_CRAWL_LOCK_SECS=0 \
		.venv/bin/python -m pytest -v --durations=0 -o faulthandler_timeout=0 tests/crawls

kills: setup-dev  ## kills the server 50 times while clients write
	@GREENROOM_TEST_REQUIRES_DOCKER=1 GREENROOM_KILLS=50 \
		.venv/bin/python -m pytest -s -o faulthandler_timeout=0 tests/kills

cron: setup-dev  ## compares the times of 200 cron expressions in 12 time zones over two years with another library
	@GREENROOM_CRON_TABLE=1 .venv/bin/python -m pytest -v -o timeout=0 -o faulthandler_timeout=0 tests/clients/test_cron.py

fuzz: setup-dev  ## sends hostile requests for ten minutes to all operations, with Hypothesis and Schemathesis
	@GREENROOM_TEST_REQUIRES_DOCKER=1 GREENROOM_FUZZ_SECS=600 .venv/bin/python -m pytest -v -o faulthandler_timeout=0 tests/fuzz

browsers: setup-dev  ## starts a browser in each of the base images with one, crawls with it, and runs the sample Actor with a browser
	@GREENROOM_TEST_REQUIRES_DOCKER=1 GREENROOM_BROWSER_IMAGES=1 .venv/bin/python -m pytest \
		tests/scripts/test_browser_images.py tests/crawls/test_proxied_crawls.py::test_playwright \
		tests/sample_actors/test_browser.py

check: .venv/.installed-dev  ## checks style, formatting and types, and the logic of the console
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	@.venv/bin/python -m scripts.check_console

format: .venv/.installed-dev
	.venv/bin/ruff check --fix
	.venv/bin/ruff format

screenshots: setup-dev  ## writes a picture of every page of the console into build/screenshots
	@.venv/bin/python -m scripts.screenshots $(PAGES)

audit:  ## lists known vulnerabilities of the locked packages, or reports the age of the lock files
	@scripts/audit.sh

lock:  ## updates requirements.lock to the newest versions that pyproject.toml allows
	@scripts/lock.sh

bench: setup-dev
	@.venv/bin/python -m benchmarks

clean:
	scripts/hard_disk_engine.sh stop
	[ ! -x .venv/bin/python ] || .venv/bin/python -m tests.own_engine
	rm -rf .venv .venv-client-2 .mypy_cache .pytest_cache .ruff_cache .hypothesis .schemathesis build *.egg-info tests/clients/node_modules benchmarks/storages/express/node_modules console/node_modules console/dist console/dist.unfinished
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.installed:
	@scripts/setup.sh

.venv/.installed-dev:
	@scripts/setup.sh --dev
