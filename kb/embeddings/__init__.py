"""From texts to vectors: one seam, two embedders, a cache; and how a site changes from one model to another."""
