"""Reads a stretch of a run's log out of the journal."""

from uuid import UUID

from justpaid.db.pool import Connection
from justpaid.runs import repository
from justpaid.runs.log_lines import LogPage, TailPosition, first_unread_seq, make_page


async def read_log(
    connection: Connection, company_id: UUID, run_id: UUID, position: TailPosition, limit: int
) -> LogPage:
    """Return about `limit` lines from `position` on; raises NotFound.

    One snapshot for all of it: between two, a commit could be passed over.
    """
    from_seq = first_unread_seq(position)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        run = await repository.get_run(connection, company_id, run_id)
        steps = await repository.list_step_events(connection, company_id, run_id, from_seq)
        notes = await repository.list_log_lines(
            connection, company_id, run_id, max(from_seq, 1), limit + 1
        )
    return make_page(run, steps, notes, position, limit)
