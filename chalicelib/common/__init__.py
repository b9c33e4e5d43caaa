"""What every stage shares: the model, durations, errors, the ledger's keys, words and telemetry."""
