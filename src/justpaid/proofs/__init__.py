"""`justpaid prove`: the guarantees, tried on the machine of whoever wants to rely on them."""
