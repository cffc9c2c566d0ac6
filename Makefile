# Every target explains itself: `make` prints this list.
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo demo-wordpress plugin pot test lint eval eval-suite eval-retrieval eval-answerability eval-guards eval-regressions simulate fuzz bench bench-retrieval chaos walks race faults lock clean

help:  ## print this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 17

setup:  ## install what Handrail needs into .venv, from locked and hashed requirements
	@sh ops/setup.sh

setup-dev:  ## … and what its tests need
	@sh ops/setup.sh dev

demo: setup  ## start everything with a demo shop, and say where to click (HANDRAIL_PORT, HANDRAIL_HOME)
	@exec $(BIN)/handrail demo

demo-wordpress: setup-dev  ## … behind a real WordPress with the plugin, and say where to click (needs PHP)
	@exec $(BIN)/handrail demo-wordpress

plugin: setup-dev  ## the WordPress plugin as wp-widget/build/handrail.zip, to be uploaded under Plugins → Add
	@$(BIN)/python -m ops.plugin

pot:  ## write the plugin's list of phrases anew (needs PHP)
	@php .venv/share/wordpress/wp-cli/wp-cli.phar --allow-root i18n make-pot wp-widget wp-widget/languages/handrail.pot --exclude=build --skip-block-json --slug=handrail --quiet

test: setup-dev  ## lint, types, imports, and every test
	@$(BIN)/python -m pytest -n 2 --dist loadgroup

lint: setup-dev  ## the quick checks alone
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

eval: setup-dev  ## ask the demo questions and print what was cited, answered and refused
	@$(BIN)/handrail eval

eval-suite: setup-dev  ## play the demo suite: answers, orders, tickets, people, languages, attacks (docs/evals.md)
	@$(BIN)/handrail eval --set demo

eval-retrieval: setup-dev  ## nDCG@10 and recall@10, per leg; SETS="folder …" for others than the demo's own
	@if [ -z "$(SETS)" ]; then $(BIN)/handrail eval-retrieval; else \
	  for folder in $(SETS); do $(BIN)/handrail eval-retrieval "$$folder" || exit 1; done; fi

eval-answerability: setup-dev  ## does the search know when the demo shop's documents hold no answer?
	@$(BIN)/handrail eval-answerability

eval-guards: setup-dev  ## personal data, claims that no page bears out, a hijacked model; FILES="file …" for other texts of the first
	@$(BIN)/handrail eval-guards $(FILES) && $(BIN)/handrail eval-claims && $(BIN)/handrail eval-content && $(BIN)/handrail eval-injection

eval-regressions: setup-dev  ## plant faults: does the nightly judge hear of each, and of nothing else? (CASES=60 of all; ONLY=chunker, prompt, document, ranking)
	@$(BIN)/handrail eval-regressions --cases $(or $(CASES),0) $(if $(ONLY),--only $(ONLY))

simulate: setup-dev  ## let played visitors talk to a whole Handrail, and judge what they leave behind
	@$(BIN)/handrail simulate

bench: setup-dev  ## time from a message to its first sentence and to its end, beside a floor in the same run
	@$(BIN)/handrail bench

bench-retrieval: setup-dev  ## speed and recall of searching, beside rank_bm25, pgvector and plain SQL in the same run (about 10 minutes)
	@$(BIN)/handrail bench retrieval

chaos: setup-dev  ## kill worker, API, scheduler, Valkey and PostgreSQL at every write of a turn (about 20 minutes)
	@$(BIN)/handrail chaos

walks: setup-dev  ## 20,000 random walks through the state machine
	@HANDRAIL_WALKS=20000 $(BIN)/python -m pytest -q tests/orchestrator/test_walks.py

race: setup-dev  ## visitor, bot and two of the staff at once, 1,000 times, and every round judged (about 10 minutes)
	@$(BIN)/handrail race

faults: setup-dev  ## take turns against every fault of two fake model servers, and write docs/model-faults.md
	@$(BIN)/python -m ops.faults

fuzz: setup-dev  ## every door against its contract, and 522 naughty strings through every text field (about 40 minutes)
	@$(BIN)/python -m ops.fuzz

lock:  ## write the locks anew (needs uv)
	@for extras in "--extra dev --extra build:requirements-dev.lock" "--extra build:requirements.lock"; do \
	  uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	    --no-emit-index-url $${extras%%:*} pyproject.toml -o $${extras##*:}; done

clean:  ## remove the environment and the demo's data
	rm -rf .venv .handrail .mypy_cache .ruff_cache .pytest_cache .hypothesis
