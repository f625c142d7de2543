-- The load's requests, and its summary as one line of JSON. Arguments after `--`: plain | browser.

-- What a desktop browser sends on a click: 15 fields with Host, about 900 bytes in all.
local browser = {
  "Connection: keep-alive",
  "Cache-Control: max-age=0",
  'sec-ch-ua: "Chromium";v="130", "Google Chrome";v="130", "Not?A_Brand";v="99"',
  "sec-ch-ua-mobile: ?0",
  'sec-ch-ua-platform: "Linux"',
  "Upgrade-Insecure-Requests: 1",
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
  "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
  "Sec-Fetch-Site: same-origin",
  "Sec-Fetch-Mode: navigate",
  "Referer: https://shop.example.com/catalogue/outdoor/tents?sort=price&page=3",
  "Accept-Encoding: gzip, deflate, br, zstd",
  "Accept-Language: en-GB,en;q=0.9,de;q=0.8,fr;q=0.7",
  "Cookie: session=7f3b9c2e51d84a06b8f1e0d92c6a4b75; consent=necessary.statistics; theme=dark; "
    .. "_first=GA1.2.1843920177.1718000000; cart=eyJpdGVtcyI6W3siaWQiOjQyLCJuIjoxfV19; "
    .. "region=eu-central; currency=EUR; seen=tents.stoves.lamps.ropes; experiment=b-17",
}

-- The request is built once, in a fixed order: wrk then sends it without calling Lua again.
function init(arguments)
  if arguments[1] == "browser" then
    wrk.format = function()
      return "GET " .. wrk.path .. " HTTP/1.1\r\nHost: " .. wrk.headers["Host"] .. "\r\n"
        .. table.concat(browser, "\r\n") .. "\r\n\r\n"
    end
  end
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '\nsummary {"requests":%d,"micros":%d,"bytes":%.0f,'
      .. '"errors":{"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d},'
      .. '"latency":{"p50":%d,"p90":%d,"p99":%d,"max":%d}}\n',
    summary.requests, summary.duration, summary.bytes,
    e.connect, e.read, e.write, e.status, e.timeout,
    latency:percentile(50), latency:percentile(90), latency:percentile(99), latency.max))
end
