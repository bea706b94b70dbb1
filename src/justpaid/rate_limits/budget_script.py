"""One budget kept in Redis or Valkey: the script that counts it, and how to call it.

Guarantee: the same rule as `window`, as one atomic step of the server and by the server's own
clock, so that it is exact over any number of processes whatever their clocks say. What the server
forgot (a restart, an eviction) is noticed, and told again by those who counted it.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple
from uuid import UUID

from justpaid.rate_limits.window import BUCKETS
from justpaid.scopes import Category

NO_MARK: Final = b""

# One hash for a budget: field "0" to "60" holds the count of a second modulo 61; n the newest
# second, t the total, g a mark that tells one making of the hash from the next, u the second until
# which it is known to be closed under the limit l. A clock set back makes all of it count as now.
SCRIPT: Final = """
local key, limit, spends, known = KEYS[1], tonumber(ARGV[1]), ARGV[2] == '1', ARGV[3]
local now = tonumber(redis.call('TIME')[1])
local state = redis.call('HMGET', key, 'g', 'n', 't', 'u', 'l')
local mark, newest, total = state[1], tonumber(state[2]), tonumber(state[3])
if known ~= '' and known ~= mark then
  return {-1}
end
local opens = tonumber(state[4] or 0)
if state[5] ~= ARGV[1] then
  opens = 0
end
if not mark then
  mark, newest, total = ARGV[4], now, 0
elseif now - newest >= @ or now < newest then
  redis.call('DEL', key)
  if now < newest then
    redis.call('HSET', key, now % @, total)
  else
    total = 0
  end
  newest, opens = now, 0
elseif now > newest then
  local slots = {}
  for second = newest + 1, now do
    slots[#slots + 1] = second % @
  end
  for _, count in ipairs(redis.call('HMGET', key, unpack(slots))) do
    total = total - tonumber(count or 0)
  end
  redis.call('HDEL', key, unpack(slots))
  newest = now
end
for index = 5, #ARGV, 2 do
  local age = math.min(tonumber(ARGV[index]), @ - 1)
  redis.call('HINCRBY', key, (now - age) % @, ARGV[index + 1])
  total = total + tonumber(ARGV[index + 1])
  opens = 0
end
local accepted = 0
if total < limit then
  accepted = 1
  if spends then
    redis.call('HINCRBY', key, now % @, 1)
    total, opens = total + 1, 0
  end
end
if total >= limit and opens <= now then
  local slots = {}
  for second = now - @ + 1, now do
    slots[#slots + 1] = second % @
  end
  local excess = total - limit + 1
  for index, count in ipairs(redis.call('HMGET', key, unpack(slots))) do
    excess = excess - tonumber(count or 0)
    if excess <= 0 then
      opens = now + index
      break
    end
  end
end
if total > 0 or state[1] then
  redis.call('HSET', key, 'g', mark, 'n', newest, 't', total, 'u', opens, 'l', ARGV[1])
  redis.call('EXPIRE', key, @ + 15)
end
return {accepted, total, now, opens, mark}
""".replace("@", str(BUCKETS))


class Reply(NamedTuple):
    """What the script says: moments are epoch seconds of the server's clock."""

    accepted: bool
    total: int
    second: int
    opens_at: int
    mark: bytes


def budget_key(subject_id: UUID, category: Category) -> str:
    """Name a budget in the store."""
    return f"justpaid:budget:{category.value}:{subject_id.hex}"


def script_arguments(
    key: str, limit: int, *, spends: bool, known: bytes, fresh: bytes, owed: Mapping[int, int]
) -> tuple[str | bytes | int, ...]:
    """Write the arguments of one call: the count of keys, the key, the rest.

    `known` is the mark that the caller counted under, `fresh` one for a budget to be made; `owed`
    holds by age in seconds what was accepted without the store.
    """
    told = [part for pair in owed.items() for part in pair]
    return (1, key, limit, int(spends), known, fresh, *told)


def read_reply(answer: list[int | bytes]) -> Reply | None:
    """Read the script's answer; None when the store has forgotten what it was told."""
    if len(answer) == 1:
        return None
    accepted, total, second, opens_at, mark = answer
    return Reply(
        accepted == 1,
        int(total),
        int(second),
        int(opens_at),
        mark if isinstance(mark, bytes) else NO_MARK,
    )
