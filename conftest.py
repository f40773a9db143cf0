"""Everything the suite adds to pytest."""

pytest_plugins = [
    "reports.plugin",
    "fixtures.options",
    "fixtures.given",
    "fixtures.transfer.given",
    "fixtures.cases",
    "fixtures.scheduling",
    "fixtures.sabotage.plugin",
    "audits.across",
    "reports.baseline",
]
