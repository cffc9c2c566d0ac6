"""From an answer's sentence to the place that it rests on, and a link that leads there."""
