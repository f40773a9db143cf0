"""Everything the suite adds to pytest."""

pytest_plugins = ["fixtures.options", "fixtures.cases", "fixtures.scheduling", "reports.plugin"]
