"""What a visitor is shown: the fallback ladder, composed with filters and overrides."""
