"""How the failures that several step types share are told."""

from collections.abc import Sequence

from justpaid.engine.contract import Failed
from justpaid.engine.model import ErrorCode
from justpaid.errors import Problem
from justpaid.expressions.errors import ExpressionError


def bad_template(error: ExpressionError) -> Failed:
    """Tell which expression failed, where in it, and why."""
    return Failed(
        ErrorCode.TEMPLATE,
        str(error),
        details={
            "expression": error.expression,
            "position": error.position,
            "field": error.where or None,
        },
    )


def bad_config(problems: Sequence[Problem]) -> Failed:
    """Tell every field whose resolved value the step type cannot take."""
    told = "; ".join(f"{problem.field}: {problem.message}" for problem in problems)
    return Failed(
        ErrorCode.TEMPLATE,
        told,
        details={
            "fields": [{"field": problem.field, "message": problem.message} for problem in problems]
        },
    )
