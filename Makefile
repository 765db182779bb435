# The menu. `make run` and `make test` each work as the first command in a fresh clone.
SHELL := /bin/sh
.DEFAULT_GOAL := help
PY := .venv/bin/python
READY := .venv/.ready
BENCHMARKS = $(sort $(patsubst benchmarks/%.py,%,$(wildcard benchmarks/[a-z]*.py)) \
  $(patsubst benchmarks/%/__main__.py,%,$(wildcard benchmarks/*/__main__.py)))
SOAKS = $(sort $(patsubst benchmarks/soak/%.py,%,$(wildcard benchmarks/soak/[a-z]*.py)) \
  $(patsubst benchmarks/soak/%/__main__.py,%,$(wildcard benchmarks/soak/*/__main__.py)))
# The order is tests/workers.py's. A worker that dies ends the run: a new one would take up its tests, and die once more.
ON_EVERY_CORE = -n auto --dist loadfile --no-loadscope-reorder --max-worker-restart=0
export PYTHONPATH := $(CURDIR)
# What pytest made of test modules is kept, also where the environment says that Python should write no bytecode, as in
# containers: without, each worker rewrites 400 modules each time, for 6 s.
test test-fast: export PYTHONDONTWRITEBYTECODE :=

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | awk -F'\t' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: $(READY) ## the environment: Python packages and Spark's jars

$(READY): requirements.lock spark_jobs/lake/jar_sets.py
	@operate/check_machine.sh
	@echo "Setting up .venv (about 300 packages; half a minute with a warm cache)"
	@test -x $(PY) || python3.11 -m venv .venv
	@$(PY) -m pip install -q --disable-pip-version-check uv==0.13.8
	@# An earlier environment had pyspark-client, whose removal takes files of pyspark along. `--reinstall-package` would build
	@# pyspark anew each time, and keep 1.4 GB of it in uv's cache.
	@! ls -d .venv/lib/python3*/site-packages/pyspark_client-*.dist-info >/dev/null 2>&1 || .venv/bin/uv pip uninstall -q --python $(PY) pyspark pyspark-client
	@.venv/bin/uv pip sync -q --system-certs --compile-bytecode --require-hashes --python $(PY) requirements.lock
	@echo "Fetching Spark's jars for Delta"
	@$(PY) -m spark_jobs.lake.jar_sets delta 2>.venv/jars.log || { cat .venv/jars.log; exit 1; }
	@touch $@

run: $(READY) ## a sample shop trades for 45 days; its nights run through Airflow; a page says what came out
	@$(PY) -m operate.first_nights

night: export ARG_DAY := $(value DAY)
night: $(READY) ## one night by hand: the sample shop's next day, or your shop's yesterday [DAY=<landing day>, again too]
	@$(PY) -m operate.night --day="$$ARG_DAY"

next: $(READY) ## what to try on this home, with ids of its own, as `make run` ends with
	@$(PY) -m operate.next_steps

test: $(READY) ## every test, on every core [ARGS="-k … --durations=30"]
	@$(PY) -m pytest $(ON_EVERY_CORE) $(ARGS)

test-fast: $(READY) ## the inner loop: what needs no JVM, browser, server, npm or dbt [ARGS=…]
	@$(PY) -m pytest $(ON_EVERY_CORE) -m "not slow" $(ARGS)

serve: $(READY) ## the HTTP service on last night's snapshot (CONCIERGE_HTTP_PORT, default 8080)
	@$(PY) -m serving_app

# What is typed goes to the command as it is: by way of the environment, so that no `"`, `$` or backtick in a reason is make's or the
# shell's to read. `value` keeps make from expanding it, `unexport` from doing so once more when it hands on its own variables.
explain decide: export ARG_A := $(value A)
explain decide: export ARG_B := $(value B)
explain: export ARG_AS_OF := $(value AS_OF)
decide: export ARG_DECISION := $(value DECISION)
decide: export ARG_REASON := $(value REASON)
decide: export ARG_BY := $(value BY)
rollback backfill: export ARG_TO := $(value TO)
rollback: export ARG_REASON := $(value REASON)
history: export ARG_AT := $(value AT)
rebuild: export ARG_RUN := $(value RUN)
backfill: export ARG_SOURCE := $(value SOURCE)
backfill: export ARG_FROM := $(value FROM)
backfill leaderboard: export ARG_DATA := $(value DATA)
identity-model: export ARG_LABELS := $(value LABELS)
key: export ARG_NAME := $(value NAME)
key: export ARG_SCOPES := $(value SCOPES)
key: export ARG_KIND := $(value KIND)
key: export ARG_SOURCE := $(value SOURCE)
key: export ARG_RATE := $(value RATE)
key: export ARG_ORIGINS := $(value ORIGINS)
key: export ARG_EXPIRES := $(value EXPIRES)
key: export ARG_REVOKE := $(value REVOKE)
key: export ARG_ROTATE := $(value ROTATE)
key: export ARG_OVERLAP := $(value OVERLAP)
unexport SCOPES KIND RATE ORIGINS EXPIRES REVOKE ROTATE OVERLAP
unexport ARGS Q A B AS_OF DECISION REASON BY TO AT RUN SOURCE FROM DATA LABELS NAME FORMAT FEED DAY SAMPLES

backfill: $(READY) ## one run over many days, a home a shop: SOURCE=online_retail DATA=<folder> FROM=<day> TO=<day>
	@$(PY) -m operate.backfill --source="$$ARG_SOURCE" --data="$$ARG_DATA" --from="$$ARG_FROM" --to="$$ARG_TO"

identity-model: $(READY) ## learn again which records are alike, and say what would change: LABELS=<csv>; APPLY=1 puts it in place
	@$(PY) -m spark_jobs.linkage.reestimate $${ARG_LABELS:+--labels="$$ARG_LABELS"} $(if $(APPLY),--apply)

sql: export ARG_Q := $(value Q)
sql: export ARG_FORMAT := $(value FORMAT)
sql: $(READY) ## a read-only SQL shell on last night's warehouse; Q="select …" asks once [FORMAT=csv|json|table]
	@$(PY) -m operate.sql --format="$${ARG_FORMAT:-table}" -- "$$ARG_Q"

quarantine: export ARG_SOURCE := $(value SOURCE)
quarantine: export ARG_FEED := $(value FEED)
quarantine: export ARG_REASON := $(value REASON)
quarantine: export ARG_DAY := $(value DAY)
quarantine: export ARG_SAMPLES := $(value SAMPLES)
quarantine: $(READY) ## what was refused and why, as a table; with a choice, masked records: [SOURCE=… FEED=… REASON=… DAY=… SAMPLES=3]
	@$(PY) -m operate.quarantine --source="$$ARG_SOURCE" --feed="$$ARG_FEED" --reason="$$ARG_REASON" --day="$$ARG_DAY" \
	  --samples="$$ARG_SAMPLES"

events: $(READY) ## are the declarations of events compatible with the registered ones? REGISTER=1 registers new versions
	@$(PY) -m operate.events $(if $(REGISTER),--register)

segments: export ARG_ARGS := $(value ARGS)
segments: $(READY) ## ask about segments: ARGS="check [FILE…]|list|explain SEGMENT CUSTOMER|preview FILE|diff FILE|sizes|overlap|versions SEGMENT|rollback SEGMENT --to N"
	@$(PY) -m operate.segments --typed="$$ARG_ARGS"

webhooks: export ARG_ARGS := $(value ARGS)
webhooks: $(READY) ## what endpoints are notified of, and what was given up: ARGS="list [ENDPOINT]|replay ENDPOINT [ID…] [--since MOMENT]|drop ENDPOINT|secret"
	@$(PY) -m operate.webhooks --typed="$$ARG_ARGS"

explain: $(READY) ## why two identifiers are one customer's, or not: A=user_id:… B=email:… [AS_OF=<day>]
	@$(PY) -m operate.identity explain --a="$$ARG_A" --b="$$ARG_B" --as-of="$$ARG_AS_OF"

decide: $(READY) ## split, refuse, join or withdraw, from the next night on: DECISION=split A=… B=… REASON="…" [BY=…]
	@$(PY) -m operate.identity decide --decision="$$ARG_DECISION" --a="$$ARG_A" --b="$$ARG_B" \
	  --reason="$$ARG_REASON" --by="$$ARG_BY"

key: $(READY) ## an API key, printed once: SCOPES=read,events NAME=… [KIND=browser ORIGINS=…] [SOURCE= RATE= EXPIRES=]; REVOKE=<id>; ROTATE=<id>
	@$(PY) -m operate.keys --name="$$ARG_NAME" --scopes="$$ARG_SCOPES" --kind="$$ARG_KIND" --source="$$ARG_SOURCE" --rate="$$ARG_RATE" \
	  --origins="$$ARG_ORIGINS" --expires="$$ARG_EXPIRES" --revoke="$$ARG_REVOKE" --rotate="$$ARG_ROTATE" --overlap="$$ARG_OVERLAP"

keys: $(READY) ## the API keys: id, name, scopes, rate, end
	@$(PY) -m operate.keys --list

rollback: $(READY) ## lists and model back to an earlier night: TO=<run or day>, empty for the one before [REASON="…"]
	@$(PY) -m spark_jobs.publish.rollback --to="$$ARG_TO" --reason="$$ARG_REASON"

history: $(READY) ## what was in production on a day: model, tables, rules: AT=<day or moment>; empty: every deployment
	@$(PY) -m spark_jobs.publish.history --at="$$ARG_AT"

restore: $(READY) ## what is in production made again from the log of deployments: published.json, warehouse link, champion
	@$(PY) -m spark_jobs.publish.restore

rebuild: $(READY) ## a model and its lists made again of what they were made of, and compared byte by byte: RUN=<version or run>
	@$(PY) -m spark_jobs.rebuild.rebuild_model --run="$$ARG_RUN"

airflow: $(READY) ## the real scheduler and its pages (AIRFLOW__API__PORT, default 8081), `nightly` on its cron
	@$(PY) -m operate.scheduler

kafka: $(READY) ## one Kafka broker with the declared topics (CONCIERGE_KAFKA_SERVERS, default 127.0.0.1:9092); Ctrl-C ends it
	@$(PY) -m operate.kafka

topics: $(READY) ## the topics of operate/topics.yml made in a Kafka of your own (`make kafka` has made its own)
	@$(PY) -m operate.topics

stream: $(READY) ## events from Kafka into the lake while the day goes on, until Ctrl-C; ARGS=--once takes what is there now, --memberships decides segments too
	@$(PY) -m spark_jobs.stream.job $(ARGS)

live: $(READY) ## broker, stream, service and simulated shoppers at once, on one screen, until Ctrl-C [SHOPPERS=50 SECONDS=…]
	@$(PY) -m operate.live $(if $(SHOPPERS),--shoppers=$(SHOPPERS)) $(if $(SECONDS),--seconds=$(SECONDS))

demo: $(READY) ## a storefront (/demo/) and the operator's console (/console/) on last night's home, until Ctrl-C [SHOPPERS=50]
	@$(PY) -m operate.demo $(if $(SHOPPERS),--shoppers=$(SHOPPERS))

mlflow: $(READY) ## MLflow's pages on http://127.0.0.1:5000 (MLFLOW_PORT changes it)
	@$(PY) -m operate.mlflow_pages

dbt: $(READY) ## dbt on last night's lake, in a warehouse of your own: ARGS="build -s +dim_customers"; empty: build all
	@$(PY) -m operate.dbt $(ARGS)

docs: $(READY) ## dbt's documentation as one static page
	@$(PY) -m operate.dbt_docs

insights: $(READY) ## twenty questions about customers, answered by last night's warehouse, as one page of tables and pictures
	@$(PY) -m operate.insights

architecture: $(READY) ## docs/architecture.md drawn anew from the imports of the code
	@$(PY) -m operate.draw_architecture

lint: $(READY) ## ruff, sqlfluff, yamllint, import contracts, declarations of events
	@.venv/bin/ruff check . && .venv/bin/ruff format --check .
	@.venv/bin/sqlfluff lint -q dbt_project/models dbt_project/tests dbt_project/analyses
	@.venv/bin/yamllint -s .
	@.venv/bin/lint-imports
	@$(PY) -m operate.events

bench: export ARG_NAME := $(value NAME)
bench: $(READY) ## what benchmarks/README.md lists: NAME=<benchmark>
	@case " $(BENCHMARKS) " in *" $${ARG_NAME:-none} "*) ;; *) \
	  echo "NAME= takes one of: $(BENCHMARKS). benchmarks/README.md says what each measures." >&2; exit 2 ;; esac
	@$(PY) -m "benchmarks.$$ARG_NAME" $(ARGS)

soak: export ARG_NAME := $(value NAME)
soak: $(READY) ## long runs that look for what stops a night: NAME=<soak>, listed in benchmarks/README.md [ARGS=…]
	@case " $(SOAKS) " in *" $${ARG_NAME:-none} "*) ;; *) \
	  echo "NAME= takes one of: $(SOAKS). benchmarks/README.md says what each looks for." >&2; exit 2 ;; esac
	@$(PY) -m "benchmarks.soak.$$ARG_NAME" $(ARGS)

leaderboard: $(READY) ## every recommender beside the published rows: DATA=online_retail|gowalla|beauty|retailrocket|<folder> [ARGS=…]
	@$(PY) -m benchmarks.leaderboard "$$ARG_DATA" $(ARGS)

lock: ## rewrite requirements.lock from requirements.txt
	@.venv/bin/uv pip compile -q --system-certs --generate-hashes --python-version 3.11 --no-emit-index-url --no-emit-find-links \
	  --custom-compile-command "make lock" requirements.txt -o requirements.lock

clean: ## delete the default home (.concierge) and everything in it
	rm -rf .concierge

.PHONY: help setup run night next test test-fast serve backfill rollback history restore rebuild identity-model sql quarantine explain decide key keys airflow kafka topics stream live demo mlflow dbt docs insights segments webhooks architecture lint bench soak \
  leaderboard lock clean
