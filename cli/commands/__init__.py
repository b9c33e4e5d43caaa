"""One module a command: each reads its options, asks gateways, and leaves every decision to a pure function."""
