"""Changes of items between two nights: stock, price and whether they may be shown, in force at once."""
