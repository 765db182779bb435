"""What the service reads and logs: snapshots, restrictions, impressions; and their memory twins."""
