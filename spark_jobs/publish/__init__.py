"""Lets readers see a run: snapshot, list gate, deployment, rollback, restrictions."""
