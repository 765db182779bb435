"""What every step gets: context, launcher, manifest, locks, logs and border checks."""
