"""A drain before it happens: a cluster is read, loaded into the embedded AWS, and drained there by what is deployed."""
