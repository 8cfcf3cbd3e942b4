"""HTTP/2 by h2load, which runs wherever the load client runs."""

import re
import shlex

from .machine import program


def ask_http2(client, door, scenario, seconds):
    """Latencies are those of every stream; h2load itself prints only their mean and extremes."""
    fields = " ".join(f"-H {shlex.quote(one)}" for one in door.get("fields", ()))
    command = (f"rm -f h2load.log; {program('h2load')} -t1 -c{scenario.connections} -m{scenario.streams} -D{max(seconds, 1):.0f} --log-file=h2load.log "
               f'{fields} "{door["url"]}" && cut -f2,3 h2load.log | sort -k2n | awk -F"\\t" \'{{ if ($1 == 200) t[n++] = $2 }} '
               "END { print \"times\", n, t[int(n*.5)], t[int(n*.99)], t[int(n*.999)] }'; rm -f h2load.log")
    answer = client.ask(mode="command", command=command)
    if "error" in answer:
        return answer
    text = answer["output"]
    codes = re.search(r"^status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", text, re.M)
    rate = re.search(r"^finished in [\d.]+m?s, ([\d.]+) req/s", text, re.M)
    times = re.search(r"^times (\d+) (\d+) (\d+) (\d+)$", text, re.M)
    if not (codes and rate and times) or any(int(codes[i]) for i in (2, 3, 4)) or int(codes[1]) == 0:
        return {"error": f"the measurement is void: {text[-600:]}"}
    return {"rps": float(rate[1]), "requests": int(codes[1]), "p50_us": float(times[2]), "p99_us": float(times[3]), "p999_us": float(times[4])}
