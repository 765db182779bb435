"""From Kafka into the lake while the day goes on: events land and are ingested into lakes of open days."""
