"""The soak `notifications`: an endpoint that fails, hangs and recovers, and a notifier that is killed."""
