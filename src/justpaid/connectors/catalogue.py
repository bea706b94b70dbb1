"""Every provider and every action; adding one is one line here."""

from collections.abc import Mapping
from typing import Final

from justpaid.connectors.http import HTTP
from justpaid.connectors.model import ActionSpec, Provider

PROVIDERS: Final[Mapping[str, Provider]] = {provider.name: provider for provider in (HTTP,)}
ACTIONS: Final[Mapping[str, ActionSpec]] = {
    action.name: action for provider in PROVIDERS.values() for action in provider.actions
}
