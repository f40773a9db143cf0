"""Everything the suite adds to pytest."""

pytest_plugins = ["reports.plugin", "fixtures.options", "fixtures.cases", "fixtures.given", "fixtures.scheduling"]
