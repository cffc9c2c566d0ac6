"""The kinds of public sets that can be played; apart, so that a command line knows them at once."""

from enum import StrEnum


class Kind(StrEnum):
    """What a set is of."""

    RETRIEVAL = "retrieval"  # a folder: corpus.jsonl, queries.jsonl, qrels.tsv
    OUT_OF_SCOPE = "out-of-scope"  # JSON lines with `text`: nothing that the shop could answer
    ATTACKS = "attacks"  # JSON lines with `text`, `label` (malicious, benign) and `channel`
    SUPPORT = "support"  # JSON lines with `text`: real messages, of which no guard may object to one
    TOXIC = "toxic"  # JSON lines with `text` and `label` (hateful, non-hateful)
    STRINGS = "strings"  # a JSON list of strings that break programs
    PERSONAL = "personal"  # texts with `spans`: cards, bank accounts and the like, of which nothing may be kept
