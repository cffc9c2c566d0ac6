"""The ground floor: settings, tables, queue, bus. It imports nothing of ours and holds no business rule."""
