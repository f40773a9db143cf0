"""The suite's own tests; the layout mirrors what is tested."""
