"""One module per step type, and the catalogue of them all."""
