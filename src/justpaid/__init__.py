"""JustPaid Workflows: durable finance workflows behind scoped API keys and a dashboard."""

from importlib.metadata import version

__version__ = version("justpaid-workflows")
