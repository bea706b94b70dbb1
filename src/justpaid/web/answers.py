"""The success envelope as models, for the OpenAPI document; `envelope.py` writes the answers."""

from typing import Annotated, Any, Final, Generic, Literal, TypeVar

from pydantic import AliasGenerator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Data = TypeVar("Data")

# Whatever shows a secret, or a session, stays out of every cache.
NO_STORE: Final = {"Cache-Control": "no-store"}


class Body(BaseModel):
    """Base of request bodies: camelCase, no unknown field, no value in an error's text."""

    model_config = ConfigDict(
        alias_generator=AliasGenerator(alias=to_camel),
        extra="forbid",
        strict=True,
        hide_input_in_errors=True,
    )


class View(BaseModel):
    """Base of what answers show."""

    model_config = ConfigDict(alias_generator=to_camel)


class Success(BaseModel, Generic[Data]):
    """A success."""

    success: Literal[True] = True
    data: Data


class PageMeta(View):
    """Where a list goes on."""

    cursor: str | None = Field(description="Send it to get the next page.", examples=[None])
    has_more: bool = Field(examples=[False])


class Page(BaseModel, Generic[Data]):
    """One page of a list."""

    success: Literal[True] = True
    data: list[Data]
    meta: PageMeta


class Done(View):
    """The act is done."""

    done: Literal[True] = True


Text = Annotated[str, Field(min_length=1, max_length=255)]


def answers(model: Any, status: int = 200) -> dict[int | str, dict[str, Any]]:  # noqa: ANN401  a generic alias has no type of its own
    """Declare the model of a route's success."""
    return {status: {"model": model}}
