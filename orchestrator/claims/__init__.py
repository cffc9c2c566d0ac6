"""Does a sentence say what its evidence says? Plain rules over words, numbers, names, negations and conditions."""
