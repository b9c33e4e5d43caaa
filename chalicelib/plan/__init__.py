"""The plan: whether there is anything to drain, by when, and which calls begin it. Pure."""
