"""Figures side by side: the drain's own waits and fixed polls of the same machine, for one drain and for hundreds."""
