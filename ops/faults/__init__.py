"""Model faults: whole turns against fake model servers that others wrote, with every fault that they offer."""
