"""Everything the suite adds to pytest."""

pytest_plugins = ["reports.plugin", "fixtures.options", "fixtures.given", "fixtures.cases", "fixtures.scheduling"]
