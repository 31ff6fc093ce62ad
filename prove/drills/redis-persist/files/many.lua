-- Strings that can't be compressed, by their numbers, every second one with an end: eval many.lua 0 FROM TO
for number = ARGV[1], ARGV[2] do
  local key, parts = 'persist:many:' .. number, {}
  for part = 1, 50 do parts[part] = redis.sha1hex(number .. '.' .. part) end
  redis.call('set', key, table.concat(parts))
  if number % 2 == 0 then redis.call('pexpire', key, 3600000 + number) end
end
return 'done'
