"""How the agent thinks: one seam, and the models behind it."""
