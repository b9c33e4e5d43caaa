"""The proof: every call of every scenario meets every fault, and pure functions judge what came of it."""
