-- For wrk: headers and body from the environment, one line of figures at the end (times in microseconds).
for line in os.getenv("BENCH_HEADERS"):gmatch("[^\n]+") do
  local name, value = line:match("^([^:]+): (.*)$")
  wrk.headers[name] = value
end

local body = os.getenv("BENCH_BODY")
if body then
  wrk.method = "POST"
  wrk.body = body
end

done = function(summary, latency, requests)
  io.write(string.format(
    "RESULT %f %f %f %d %d\n",
    summary.requests / (summary.duration / 1e6),
    latency:percentile(50),
    latency:percentile(95),
    summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  ))
end
