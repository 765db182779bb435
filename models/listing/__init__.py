"""From scores to recommendation lists: what may be shown, diversity, reasons, approximate retrieval."""
