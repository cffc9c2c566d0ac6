"""What happens next: the state machine, its journal, and the loop that performs its effects."""
