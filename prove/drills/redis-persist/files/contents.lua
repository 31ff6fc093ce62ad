-- What the other two wrote, a line for each key: name, type, end in milliseconds, checksum of what is in it. eval contents.lua 0
local function sorted(words)
  table.sort(words)
  return words
end

local function pairs_of(fields)
  local words = {}
  for index = 1, #fields, 2 do words[#words + 1] = fields[index] .. '=' .. fields[index + 1] end
  return sorted(words)
end

local contents = {
  string = function(key) return redis.call('get', key) end,
  list = function(key) return table.concat(redis.call('lrange', key, 0, -1), ' ') end,
  -- Sets and hashes have no order.
  set = function(key) return table.concat(sorted(redis.call('smembers', key)), ' ') end,
  hash = function(key) return table.concat(pairs_of(redis.call('hgetall', key)), ' ') end,
  zset = function(key) return table.concat(redis.call('zrange', key, 0, -1, 'withscores'), ' ') end,
  stream = function(key)
    return cjson.encode(redis.call('xrange', key, '-', '+')) .. cjson.encode(redis.call('xinfo', 'groups', key))
  end,
}

local cursor, lines = '0', {}
repeat
  local found = redis.call('scan', cursor, 'match', 'persist:*', 'count', 1000)
  cursor = found[1]
  for _, key in ipairs(found[2]) do
    local kind = redis.call('type', key).ok
    local sum = redis.sha1hex(contents[kind](key))
    lines[#lines + 1] = key .. ' ' .. kind .. ' ' .. redis.call('pexpiretime', key) .. ' ' .. sum
  end
until cursor == '0'
return lines
