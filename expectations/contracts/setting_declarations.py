"""Every setting: an environment variable with the prefix CONCIERGE_, its default, what it is for and which
values it takes.
"""

from expectations.contracts.event_settings import EVENT_SETTINGS
from expectations.contracts.setting_values import (
    Setting,
    check_home,
    check_memory_size,
    check_named_secrets,
    check_one_of,
    check_optional,
    check_rate,
    check_redis_uri,
    check_secrets,
    check_source_names,
    check_spark_master,
    check_spark_remote,
    check_tracking_uri,
    check_whole_number,
)
from expectations.contracts.trigger_settings import TRIGGER_SETTINGS

# Of training: fewer days have test windows of a day or none at all, and nothing that cannot be tested is
# accepted.
FEWEST_TRAINING_DAYS = 12
LARGEST_SEED = 2**31 - 1  # LightGBM keeps seeds in 32 bits with a sign
PORT = check_whole_number(1, 65_535)
SEED = check_whole_number(0, LARGEST_SEED)
SEGMENT_ROWS = check_whole_number(1, 10**15)


SETTINGS = {
    setting.name: setting
    for setting in (
        Setting(
            "CONCIERGE_HOME",
            ".concierge",
            "where everything is kept; deleting it is a clean start",
            find_flaw=check_home,
        ),
        Setting(
            "CONCIERGE_SOURCES",
            "sample_shop",
            "sources of this home, separated by commas; one home is one shop",
            find_flaw=check_source_names,
        ),
        Setting(
            "CONCIERGE_LANDING_FROM",
            "",
            "folder of day files that `land` copies from, for sources that hand over a folder",
        ),
        Setting(
            "CONCIERGE_IDENTITY_KEY",
            "change-me",
            "secret that identifiers are hashed with; changing it renames all",
            True,
        ),
        Setting(
            "CONCIERGE_SPARK_MASTER",
            "local[*]",
            "where Spark runs: local[*], or spark://host:7077",
            find_flaw=check_spark_master,
        ),
        Setting(
            "CONCIERGE_SPARK_MEMORY",
            "3g",
            "memory of Spark's driver, and as much again of what a step works out beside it",
            find_flaw=check_memory_size,
        ),
        Setting(
            "CONCIERGE_SPARK_REMOTE",
            "",
            "Connect server that Spark steps use, as sc://host:port; empty: each night starts its own, at"
            " CONCIERGE_SPARK_MASTER",
            True,
            check_optional(check_spark_remote),
        ),
        Setting(
            "CONCIERGE_WAREHOUSE",
            "duckdb",
            "duckdb or snowflake",
            find_flaw=check_one_of("duckdb", "snowflake"),
        ),
        Setting("CONCIERGE_SNOWFLAKE_ACCOUNT", "", "Snowflake account identifier"),
        Setting("CONCIERGE_SNOWFLAKE_USER", "", "Snowflake user"),
        Setting("CONCIERGE_SNOWFLAKE_PASSWORD", "", "password, when no private key is given", True),
        Setting(
            "CONCIERGE_SNOWFLAKE_PRIVATE_KEY_PATH",
            "",
            "PEM file of the private key, for key-pair authentication",
        ),
        Setting("CONCIERGE_SNOWFLAKE_PRIVATE_KEY_PASSPHRASE", "", "passphrase of that file", True),
        Setting("CONCIERGE_SNOWFLAKE_ROLE", "", "role"),
        Setting("CONCIERGE_SNOWFLAKE_WAREHOUSE", "", "virtual warehouse"),
        Setting("CONCIERGE_SNOWFLAKE_DATABASE", "CONCIERGE", "database"),
        Setting("CONCIERGE_SNOWFLAKE_SCHEMA", "MAIN", "schema that analysts read"),
        Setting(
            "CONCIERGE_SNOWFLAKE_READER_ROLE",
            "",
            "role that the marts are granted to, contacts left out; empty: none",
        ),
        Setting(
            "CONCIERGE_SNOWFLAKE_CONTACTS_ROLE",
            "",
            "role of the marts with personal values (dim_customer_contacts, _ids, _values, _other_values);"
            " empty: none",
        ),
        Setting("CONCIERGE_SNOWFLAKE_HOST", "", "host, for a local stand-in"),
        Setting("CONCIERGE_SNOWFLAKE_PORT", "443", "port, for a local stand-in", find_flaw=PORT),
        Setting(
            "CONCIERGE_SNOWFLAKE_PROTOCOL",
            "https",
            "https, or http for a local stand-in",
            find_flaw=check_one_of("https", "http"),
        ),
        Setting(
            "CONCIERGE_MLFLOW_URI",
            "",
            "MLflow tracking URI; empty: SQLite under CONCIERGE_HOME/mlflow",
            find_flaw=check_optional(check_tracking_uri),
        ),
        Setting("CONCIERGE_SEED", "20260105", "seed of everything that is drawn", find_flaw=SEED),
        Setting(
            "CONCIERGE_TRAINING_DAYS",
            "",
            "newest days of behaviour models learn from, at least 12; empty: all there are",
            find_flaw=check_optional(check_whole_number(FEWEST_TRAINING_DAYS, 36_500)),
        ),
        Setting(
            "CONCIERGE_REFUSED_PERCENT",
            "",
            "most records of a file, in percent, that may be refused before ingest fails; 100: any; empty:"
            " each feed's own (50)",
            find_flaw=check_optional(check_whole_number(0, 100)),
        ),
        Setting(
            "CONCIERGE_SEGMENT_ROWS_READ",
            "10000000000",
            "most rows that a segment's definition may read by its estimate; a dearer one is left out",
            find_flaw=SEGMENT_ROWS,
        ),
        Setting(
            "CONCIERGE_SEGMENT_ROWS_MADE",
            "5000000000",
            "most rows that it may make: sorted, grouped and paired ones, which take memory",
            find_flaw=SEGMENT_ROWS,
        ),
        Setting(
            "CONCIERGE_SEGMENT_APPROVAL_PERCENT",
            "5",
            "customers, in percent, who may come or go by a published definition that nobody else has"
            " approved; 100: any",
            find_flaw=check_whole_number(0, 100),
        ),
        Setting(
            "CONCIERGE_SHOP_CUSTOMERS",
            "2000",
            "size of the sample shop",
            find_flaw=check_whole_number(20, 1_000_000),
        ),
        Setting("CONCIERGE_SHOP_SEED", "7", "seed of the sample shop", find_flaw=SEED),
        Setting(
            "CONCIERGE_TASK_RETRIES",
            "2",
            "how often Airflow tries a failed task again",
            find_flaw=check_whole_number(0, 10),
        ),
        Setting("CONCIERGE_HTTP_HOST", "127.0.0.1", "address the service listens on"),
        Setting("CONCIERGE_HTTP_PORT", "8080", "port the service listens on", find_flaw=PORT),
        Setting(
            "CONCIERGE_HTTP_WORKERS",
            "2",
            "worker processes of the service",
            find_flaw=check_whole_number(1, 256),
        ),
        Setting(
            "CONCIERGE_LIVE",
            "",
            "where live states are stored: redis://host:6379/0; empty: LMDB in CONCIERGE_HOME/serving/live",
            True,
            check_optional(check_redis_uri),
        ),
        *EVENT_SETTINGS,
        Setting(
            "CONCIERGE_ADMIN_TOKEN",
            "",
            "bearer token that may do everything, beside the keys of `make key`; without it and them, only"
            " this machine itself may ask",
            True,
        ),
        Setting(
            "CONCIERGE_USER_TOKEN_SECRETS",
            "",
            "secrets that sign user tokens, separated by commas, newest first, each of 32 characters or more;"
            " empty: no token is accepted, and none is wanted",
            True,
            find_flaw=check_optional(check_secrets(32)),
        ),
        Setting(
            "CONCIERGE_WEBHOOK_SECRETS",
            "",
            "secrets that sign webhooks' deliveries, as name:secret, separated by commas, each of at least 16"
            " characters; a name may have several",
            True,
            find_flaw=check_optional(check_named_secrets(16)),
        ),
        *TRIGGER_SETTINGS,
        Setting(
            "CONCIERGE_KEY_RATE",
            "1000/second",
            "how often a key without a rate of its own may ask",
            find_flaw=check_rate,
        ),
        Setting(
            "CONCIERGE_DRAIN_SECONDS",
            "1",
            "how long the service goes on answering after SIGTERM while /readyz is 503; longer than whoever"
            " routes traffic to it takes to look",
            find_flaw=check_whole_number(0, 600),
        ),
        Setting(
            "CONCIERGE_DEMO",
            "off",
            "on: the service has a demo shop at /demo/, for looking at; never for a real shop's home",
            find_flaw=check_one_of("on", "off"),
        ),
        Setting(
            "CONCIERGE_ACCESS_LOG",
            "stderr",
            "where the service writes a line for each request: stderr, or off",
            find_flaw=check_one_of("stderr", "off"),
        ),
        Setting(
            "CONCIERGE_UNLOGGED_LISTS",
            "serve",
            "lists that cannot be logged, as on a full disk: serve them and count them, or withhold them",
            find_flaw=check_one_of("serve", "withhold"),
        ),
        Setting(
            "CONCIERGE_IMPRESSION_SYNC",
            "interval",
            "when a list's record is synced: interval, all of 5 ms together (a power cut may lose these, a"
            " kill none), or each, before its answer",
            find_flaw=check_one_of("interval", "each"),
        ),
        Setting(
            "CONCIERGE_DECISION_LOG_DAYS",
            "90",
            "days that a finished decision log waits for a night to take it before it is deleted; empty: for"
            " ever",
            find_flaw=check_optional(check_whole_number(1, 36_500)),
        ),
    )
}
