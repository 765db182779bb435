#!/bin/sh
# What a machine must have before anything can be set up. Each missing thing gets a sentence and the command that installs it.
missing=0
say() { missing=1; printf '%s\n  Debian/Ubuntu: sudo apt-get install %s\n  macOS:         brew install %s\n' "$1" "$2" "$3" >&2; }

command -v python3.11 >/dev/null 2>&1 ||
  say "Python 3.11 is missing: Airflow, Spark and LightFM are pinned to versions that were tested on it." "python3.11 python3.11-venv python3.11-dev" "python@3.11"

if command -v java >/dev/null 2>&1; then
  # `java -version` says "17.0.15", or "1.8.0_392" for Java 8.
  version=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
  [ "${version:-0}" -ge 17 ] || say "Java ${version:-?} is too old: Spark 4.2 needs Java 17 or newer." "openjdk-17-jre-headless" "openjdk@17"
else
  say "Java is missing: Spark 4.2 needs Java 17 or newer." "openjdk-17-jre-headless" "openjdk@17"
fi

command -v cc >/dev/null 2>&1 || command -v gcc >/dev/null 2>&1 ||
  say "A C compiler is missing: LightFM is compiled while it is installed." "build-essential" "gcc"

exit $missing
