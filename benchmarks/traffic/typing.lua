-- Sends what Python wrote: a file for each person who types, a request a line as "PATH JSON", by turns.
-- wrk -s typing.lua -t 1 -c N URL -- FOLDER FILES

local thread

function setup(the_thread)
  thread = the_thread
end

function init(arguments)
  people, turn, ran_out = {}, 0, false
  for number = 0, arguments[2] - 1 do
    table.insert(people, assert(io.open(arguments[1] .. "/" .. number)))
  end
  head = " HTTP/1.1\r\nHost: " .. wrk.headers["Host"] .. "\r\nContent-Type: application/json\r\nContent-Length: "
end

function request()
  turn = turn % #people + 1
  local line = people[turn]:read("*l")
  if not line then
    ran_out = true
    people[turn]:seek("set")
    line = people[turn]:read("*l")
  end
  local space = line:find(" ", 1, true)
  return "POST " .. line:sub(1, space - 1) .. head .. #line - space .. "\r\n\r\n" .. line:sub(space + 1)
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "microseconds": %d, "p50": %f, "p99": %f, "ran_out": %d, ' ..
    '"not_200": %d, "connect": %d, "read": %d, "write": %d, "timeout": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    thread:get("ran_out") and 1 or 0,
    errors.status, errors.connect, errors.read, errors.write, errors.timeout))
end
