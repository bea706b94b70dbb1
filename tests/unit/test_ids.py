"""Ids: TypeID over UUIDv7, time-ordered, refused when malformed."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from justpaid.ids import Prefix, decode_id, encode_id, new_id

# Vectors of the TypeID specification.
_VECTORS = [
    ("00000000000000000000000000", UUID(int=0)),
    ("00000000000000000000000001", UUID(int=1)),
    ("0000000000000000000000000g", UUID(int=16)),
    ("7zzzzzzzzzzzzzzzzzzzzzzzzz", UUID(int=(1 << 128) - 1)),
    ("0123456789abcdefghjkmnpqrs", UUID("0110c853-1d09-52d8-d73e-1194e95b5f19")),
    ("01h455vb4pex5vsknk084sn02q", UUID("01890a5d-ac96-774b-bcce-b302099a8057")),
]


@pytest.mark.parametrize(("suffix", "value"), _VECTORS)
def test_the_published_vectors(suffix: str, value: UUID) -> None:
    """Other TypeID libraries read our ids."""
    assert encode_id(Prefix.RUN, value) == f"run_{suffix}"
    assert decode_id(Prefix.RUN, f"run_{suffix}") == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "run_",
        "run",
        "wf_01h455vb4pex5vsknk084sn02q",
        "run_81h455vb4pex5vsknk084sn02q",
        "run_01h455vb4pex5vsknk084sn02",
        "run_01H455VB4PEX5VSKNK084SN02Q",
        "run_01h455vb4pex5vsknk084sn02u",
    ],
)
def test_malformed_ids_are_none(text: str) -> None:
    """A foreign, shortened or mistyped id is simply unknown."""
    assert decode_id(Prefix.RUN, text) is None


@given(st.uuids())
def test_an_id_survives_the_wire(value: UUID) -> None:
    """What is sent out comes back as the same id."""
    assert decode_id(Prefix.WORKFLOW, encode_id(Prefix.WORKFLOW, value)) == value


def test_ids_follow_the_time() -> None:
    """Keyset paging by id is paging by time."""
    made = [new_id() for _ in range(2000)]
    milliseconds = [value.int >> 80 for value in made]
    assert milliseconds == sorted(milliseconds)
    assert all(value.version == 7 for value in made)
    assert len(set(made)) == len(made)
