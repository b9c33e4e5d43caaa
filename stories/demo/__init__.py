"""`make demo`, `make demo-stuck`: the deployed drainer at work on the embedded AWS, for people to watch.

`stage` brings the embedded AWS up and deploys, `watch` gathers what happens, `scene` is what is known of it,
`screen`, `lines` and `summary` draw it, and each act is a story: `drain`, `stuck`.
"""
