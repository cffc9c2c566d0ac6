"""Encryption at rest: what is said is sealed on its way into the database and opened on its way out, if keys are given.

`keys` are the keys, `seal` the sealing itself, `places` what is sealed and what each text is bound to, `words` how
sealed words are found again. The columns' types are in `core/models/sealed.py`; statements written by hand seal and
open by their place.
"""
