"""The steps of the machines: read the state, ask a gateway, decide in a pure function, answer."""
