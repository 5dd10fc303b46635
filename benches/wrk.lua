-- The ceiling: the same request over and over, its answer not looked at.
wrk.method = "POST"
wrk.body = '{"TransactionId":"00000000-0000-4000-8000-000000000001"}'
wrk.headers["content-type"] = "application/json; charset=utf-8"
wrk.headers["netgiro_appkey"] = "881E674F-7891-4C20-AFD8-56FE2624C4B5"
wrk.headers["netgiro_nonce"] = "638412345678901234"
wrk.headers["netgiro_signature"] = string.rep("0", 64)

function done(summary, latency, requests)
  io.write(string.format('{"per_second": %f, "median_us": %f}\n',
    summary.requests / summary.duration * 1e6, latency:percentile(50)))
end
