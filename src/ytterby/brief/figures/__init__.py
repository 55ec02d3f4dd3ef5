"""The figures of the brief, one module a figure, all drawn on one sheet in pixels (`canvas`) in few colours."""
