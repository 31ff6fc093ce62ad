-- In front of the scripts that know of time. Argo CD looks at each application once a minute even when nothing happens,
-- so a limit is found to be over a minute late at most.
local function seconds(text)
  local year, month, day, hour, minute, second =
    string.match(text or "", "^(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)")
  if year == nil then return 0 end
  -- days since 1970, in years that begin in March; os.time would take the zone of the machine
  local y, m = tonumber(year), tonumber(month)
  if m < 3 then y, m = y - 1, m + 12 end
  local days = 365 * y + math.floor(y / 4) - math.floor(y / 100) + math.floor(y / 400)
    + math.floor((153 * (m - 3) + 2) / 5) + tonumber(day) - 1 - 719468
  return ((days * 24 + tonumber(hour)) * 60 + tonumber(minute)) * 60 + tonumber(second)
end
-- since the newest of these moments; they are texts as the API has them, or nil
local function elapsed(...)
  local newest = seconds(obj.metadata.creationTimestamp)
  for i = 1, select("#", ...) do newest = math.max(newest, seconds((select(i, ...)))) end
  return os.time() - newest
end
-- when who writes like that last changed anything of the object
local function written(operation)
  local last
  for _, entry in ipairs(obj.metadata.managedFields or {}) do
    if (operation == nil or entry.operation == operation) and (last == nil or seconds(entry.time) > seconds(last)) then
      last = entry.time
    end
  end
  return last
end
