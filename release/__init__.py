"""Makes what a release consists of, in `dist/`; never deployed, and in no wheel."""
