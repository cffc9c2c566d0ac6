"""Text into terms: words, without stop words, stemmed by language; and short messages written out."""

from kb.analysis.language import language_of
from kb.analysis.short_forms import AROUND_WORDS, written_out
from kb.analysis.stop_words import STOP_WORDS
from kb.analysis.terms import stem, term, terms
from kb.analysis.written import WORD, fold, words

__all__ = ["AROUND_WORDS", "STOP_WORDS", "WORD", "fold", "language_of", "stem", "term", "terms", "words", "written_out"]
