"""What a visitor is shown: one pure function decides, over ladder, live state, filters and overrides."""
