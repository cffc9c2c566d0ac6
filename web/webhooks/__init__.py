"""The gateway for what other systems tell us: verify on the raw bytes, store once, answer 202."""
