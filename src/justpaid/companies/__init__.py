"""Companies: the tenant everything else belongs to."""
